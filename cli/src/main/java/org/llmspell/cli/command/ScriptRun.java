package org.llmspell.cli.command;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.llmspell.lua.LuaRuntime;
import org.llmspell.lua.Sandbox;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Runs Lua as {@code run} and {@code exec} were told to: with arguments, in a sandbox or not, stopped by Ctrl-C and by a
 * reader of its output that leaves.
 */
final class ScriptRun {
    private static final String SANDBOX = "--sandbox";
    private static final String INSTRUCTIONS = "--max-instructions";
    private static final String MEMORY = "--max-memory";
    private static final String SEPARATOR = "--";

    private final Session session;
    private final List<String> arguments;
    private final @Nullable Sandbox sandbox;

    /** @param line of a command whose first parameter is the code and whose others are the code's arguments */
    ScriptRun(ParseResult line, Session session) {
        this.session = session;
        this.arguments = arguments(line);
        this.sandbox = sandbox(line);
    }

    /** Adds the options that both commands have; what follows the first parameter is not looked at. */
    static CommandSpec options(CommandSpec spec) {
        spec.parser().stopAtPositional(true);
        return spec.addOption(Parameters.flag(
                        SANDBOX, "Take away files, processes, the environment and native modules, and set limits"))
                .addOption(OptionSpec.builder(INSTRUCTIONS)
                        .paramLabel("N")
                        .type(Long.class)
                        .description("Instructions of Lua that a sandbox allows (default: 1000000000)")
                        .build())
                .addOption(OptionSpec.builder(MEMORY)
                        .paramLabel("MIB")
                        .type(Integer.class)
                        .description("MiB of Lua's own memory that a sandbox allows (default: 256)")
                        .build());
    }

    private static List<String> arguments(ParseResult line) {
        List<String> written = Arrays.asList(line.matchedPositionalValue(1, new String[0]));
        int separator = written.indexOf(SEPARATOR);
        if (written.subList(0, separator < 0 ? written.size() : separator).contains(SANDBOX)) {
            // It would go to the script, which would run without one.
            throw usage(line, SANDBOX + " must stand before the script; after -- it goes to the script");
        }
        return separator == 0 ? written.subList(1, written.size()) : written;
    }

    private static @Nullable Sandbox sandbox(ParseResult line) {
        @Nullable Long instructions = line.matchedOptionValue(INSTRUCTIONS, null);
        @Nullable Integer memory = line.matchedOptionValue(MEMORY, null);
        if (!line.hasMatchedOption(SANDBOX)) {
            if (instructions != null || memory != null) {
                throw usage(line, (instructions != null ? INSTRUCTIONS : MEMORY) + " needs " + SANDBOX);
            }
            return null;
        }
        try {
            return new Sandbox(
                    instructions == null ? Sandbox.DEFAULT.instructions() : instructions,
                    memory == null ? Sandbox.DEFAULT.memoryBytes() : (long) memory << 20);
        } catch (IllegalArgumentException e) {
            throw usage(line, Models.firstLine(e));
        }
    }

    private static ParameterException usage(ParseResult line, String message) {
        return new ParameterException(line.commandSpec().commandLine(), message);
    }

    /** Runs the script in a file; the result is its exit status. */
    int file(Path script) {
        return run(runtime -> runtime.run(script));
    }

    /** Runs code that error messages call {@code name}; the result is its exit status. */
    int code(String code, String name) {
        return run(runtime -> runtime.exec(code, name));
    }

    private int run(ToIntFunction<LuaRuntime> script) {
        // Programs that a script starts, and Lua's own libraries, know standard error by its number.
        session.surroundings().shareError().run();
        ScriptOutput out = new ScriptOutput(session.surroundings().out());
        try (LuaRuntime runtime = LuaRuntime.builder(session.models(), session.config())
                .arguments(arguments)
                .input(session.surroundings().in())
                .output(out)
                .error(session.err())
                .interactive(session.surroundings().screen().outputTerminal())
                .sandbox(sandbox)
                .build()) {
            out.onFailure(runtime::interrupt);
            session.cancellation().onCancel(runtime::interrupt);
            int status = script.applyAsInt(runtime);
            out.rethrow();
            return status;
        } catch (RuntimeException e) {
            // A script that was stopped because its reader has gone ends with another error than that.
            out.rethrow();
            throw e;
        } finally {
            session.cancellation().onCancel(null);
        }
    }
}
