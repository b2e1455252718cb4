package org.llmspell.lua;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.config.Config;
import org.llmspell.lua.globals.Access;
import org.llmspell.lua.globals.Agents;
import org.llmspell.lua.globals.Console;
import org.llmspell.lua.globals.ModelFunctions;
import org.llmspell.lua.globals.Waiting;
import org.llmspell.lua.vm.JavaFunction;
import org.llmspell.lua.vm.LuaFault;
import org.llmspell.lua.vm.LuaStack;
import org.llmspell.lua.vm.LuaVm;
import org.llmspell.lua.vm.StopReason;

/** A Lua state with this program's globals, and what is known of the script that runs in it. One thread at a time. */
final class Session implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("llmspell.script");

    /** In this order, each building on those before. */
    private static final List<String> PRELUDE = List.of("base", "console", "flow", "json", "agents", "models");

    /** Keeps a loop that creates agents from filling the Java heap, which the sandbox does not count. */
    private static final int MOST_AGENTS = 1000;

    /** The stack index of the function that describes errors. */
    private static final int HANDLER = 1;

    private static final int UPPER_READ = Integer.MAX_VALUE - 8;

    private final Waiting waiting = new Waiting();
    private final Config config;
    private final List<String> arguments;
    private final @Nullable Sandbox sandbox;
    private final Console console;
    private final Agents agents;
    private final ModelFunctions models;
    private final LuaVm vm;

    private boolean running;
    private int exitStatus;
    private @Nullable Throwable lastProblem;
    private String lastMessage = "";

    Session(LuaRuntime.Builder builder) {
        config = builder.config;
        arguments = builder.arguments;
        sandbox = builder.sandbox;
        long memory = sandbox == null ? Long.MAX_VALUE : sandbox.memoryBytes();
        Access access = new Access(sandbox == null, sandbox == null ? Integer.MAX_VALUE : MOST_AGENTS);
        console = new Console(
                builder.in, builder.out, builder.err, builder.interactive, waiting, Math.min(memory, UPPER_READ));
        agents = new Agents(builder.models, config.agent(), waiting, console, access);
        models = new ModelFunctions(builder.models, waiting, console, access);
        vm = new LuaVm(memory, this::describe);
        boolean ready = false;
        try {
            loadGlobals();
            ready = true;
        } finally {
            if (!ready) {
                vm.close();
            }
        }
        if (sandbox != null) {
            vm.limitInstructions(sandbox.instructions());
        }
    }

    private void loadGlobals() {
        LuaStack stack = vm.stack();
        Map<String, JavaFunction> functions = new HashMap<>(functions());
        functions.putAll(console.functions());
        functions.putAll(agents.functions());
        functions.putAll(models.functions());
        vm.push(functions);
        stack.pushCopy(Map.of());
        PRELUDE.forEach(this::loadPrelude);
        if (sandbox != null) {
            loadPrelude("sandbox");
        }
        stack.pushField(2, "array");
        stack.markLists();
        stack.pushField(2, "handler");
        stack.replaceAll();
    }

    /** Runs the file {@code name} with the tables at 1, the functions in Java, and 2, what the files share. */
    private void loadPrelude(String name) {
        LuaStack stack = vm.stack();
        if (vm.load(resource("globals/" + name + ".lua"), "=[llmspell]")) {
            stack.pushValue(1);
            stack.pushValue(2);
            if (vm.call(2, 0, 0) == LuaVm.Outcome.RETURNED) {
                return;
            }
        }
        throw new IllegalStateException(name + ".lua: " + stack.toText(-1));
    }

    private static byte[] resource(String name) {
        try (InputStream in = Session.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, JavaFunction> functions() {
        return Map.of(
                "exit",
                        stack -> {
                            exitStatus = (int) stack.toInteger(1);
                            vm.stop(StopReason.EXIT);
                            return 0;
                        },
                "stopping",
                        stack -> {
                            StopReason reason = vm.stopReason();
                            stack.pushCopy(reason == null ? null : reason.name());
                            return 1;
                        },
                "charge",
                        stack -> {
                            vm.charge();
                            return 0;
                        },
                "watch",
                        stack -> {
                            vm.watch(stack, 1);
                            return 0;
                        },
                "config",
                        stack -> {
                            if (!stack.isString(1)) {
                                throw new LuaFault(
                                        "Config.get takes a path such as \"providers.candle.options.device\", got "
                                                + stack.typeName(1));
                            }
                            stack.pushCopy(config.get(stack.toText(1)));
                            return 1;
                        },
                "log",
                        stack -> {
                            String level = stack.toText(1).toUpperCase(Locale.ROOT);
                            console.flush();
                            LOG.log(
                                    level.equals("WARN")
                                            ? System.Logger.Level.WARNING
                                            : System.Logger.Level.valueOf(level),
                                    stack.toText(2));
                            return 0;
                        });
    }

    int run(byte[] source, String chunkName, String script) {
        begin();
        LuaStack stack = vm.stack();
        try {
            stack.setGlobal("arg", ScriptArguments.plain(script, arguments));
            stack.setGlobal("ARGS", ScriptArguments.named(script, arguments));
            if (!vm.load(source, chunkName)) {
                throw new ScriptException(ScriptException.Kind.SYNTAX, stack.toShown(-1), null, null);
            }
            stack.pushAll(arguments);
            LuaVm.Outcome outcome = vm.call(arguments.size(), 0, HANDLER);
            if (vm.stopReason() == StopReason.EXIT) {
                return exitStatus;
            }
            if (outcome != LuaVm.Outcome.RETURNED) {
                throw failure(outcome);
            }
            return 0;
        } finally {
            end();
            stack.setTop(HANDLER);
            if (vm.stopReason() != null) {
                agents.stopAll(); // a stopped script had no chance to
                models.close();
            }
            console.flush();
        }
    }

    private synchronized void begin() {
        waiting.reset();
        vm.resume();
        lastProblem = null;
        exitStatus = 0;
        running = true;
    }

    private synchronized void end() {
        running = false;
    }

    boolean interrupt() {
        synchronized (this) {
            if (!running) {
                return false;
            }
            vm.stop(StopReason.INTERRUPT);
        }
        waiting.interrupt();
        return true;
    }

    /** What is on top of the stack, after a call that failed. */
    private ScriptException failure(LuaVm.Outcome outcome) {
        LuaStack stack = vm.stack();
        String text = "";
        String place = "";
        String traceback = null;
        if (stack.isTable(-1)) {
            stack.pushElement(-1, 1);
            stack.pushElement(-2, 2);
            stack.pushElement(-3, 3);
            text = stack.toShown(-3);
            place = stack.toShown(-2);
            traceback = stack.toShown(-1)
                    .lines()
                    .filter(line -> !line.startsWith("\t[llmspell]:"))
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.joining("\n"));
        } else if (stack.isString(-1)) {
            text = stack.toShown(-1);
        }
        StopReason reason = vm.stopReason();
        if (reason == StopReason.INTERRUPT) {
            return new ScriptException(ScriptException.Kind.INTERRUPTED, place + "interrupted", traceback, null);
        }
        if (reason == StopReason.INSTRUCTION_LIMIT && sandbox != null) {
            return new ScriptException(
                    ScriptException.Kind.INSTRUCTION_LIMIT,
                    place + "stopped after " + sandbox.instructions() + " instructions, the limit of the sandbox",
                    traceback,
                    null);
        }
        if (outcome == LuaVm.Outcome.OUT_OF_MEMORY) {
            return new ScriptException(
                    ScriptException.Kind.OUT_OF_MEMORY,
                    sandbox == null
                            ? "not enough memory"
                            : "not enough memory: the limit of the sandbox is " + (sandbox.memoryBytes() >> 20)
                                    + " MiB",
                    traceback,
                    null);
        }
        Throwable cause = lastProblem != null && text.endsWith(lastMessage) ? lastProblem : null;
        return new ScriptException(
                ScriptException.Kind.RUNTIME, sandbox == null ? text : Removed.explain(text), traceback, cause);
    }

    /** What a script reads of a failure in Java. */
    private String describe(Throwable problem) {
        String message = switch (problem) {
            case LuaFault fault -> String.valueOf(fault.getMessage());
            case LocalModelException failure -> failure.render();
            case InterruptedException stopped -> "interrupted";
            case OutOfMemoryError full -> "not enough memory";
            default -> {
                LOG.log(System.Logger.Level.DEBUG, "A function failed", problem);
                yield "internal error: " + problem;
            }
        };
        lastProblem = problem;
        lastMessage = message;
        return message;
    }

    @Override
    public void close() {
        agents.stopAll();
        models.close();
        vm.close();
        console.close();
    }
}
