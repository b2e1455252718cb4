package org.llmspell.lua;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;
import org.llmspell.lua.vm.LuaVm;

/**
 * Runs Lua 5.4 scripts with the globals {@code Agent}, {@code LocalLLM}, {@code JSON}, {@code Config}, {@code Logging},
 * {@code ARGS} and {@code arg}. Scripts that one runtime runs share their globals.
 *
 * <p>Thread-safe: runs wait for one another, each on a platform thread of its own, and {@link #interrupt} may come from
 * anywhere, such as a signal handler.
 */
public final class LuaRuntime implements AutoCloseable {
    /** Lua allows some 200 nested C calls; its matcher and parser are the hungriest. */
    private static final long STACK_BYTES = 16L << 20;

    private final Session session;
    private final ReentrantLock turn = new ReentrantLock();
    private boolean closed;

    private LuaRuntime(Builder builder) {
        session = new Session(builder);
    }

    /**
     * Begins a runtime for scripts that use {@code models}, which the caller closes after it.
     */
    public static Builder builder(LocalModels models, Config config) {
        return new Builder(models, config);
    }

    /**
     * Begins, on a thread of its own, what the first runtime of a process would wait for: the library and the ways into it
     * take some 50 ms of a fresh JVM's time. Worth calling first thing in a program that is going to run a script.
     */
    public static void prepare() {
        Thread.ofPlatform().daemon().name("llmspell-lua-prepare").start(LuaVm::prepare);
    }

    /**
     * Runs the script in the file {@code script}.
     *
     * @return its exit status: 0, or what it gave to {@code os.exit}
     * @throws ScriptException if it did not run to its end
     */
    public int run(Path script) {
        byte[] source = ScriptSource.read(script);
        return run(source, "@" + script, script.toString());
    }

    /**
     * Runs {@code code}, which error messages call {@code (command line)}.
     *
     * @return its exit status
     * @throws ScriptException if it did not run to its end
     */
    public int exec(String code) {
        return exec(code, "(command line)");
    }

    /**
     * Runs {@code code}, which error messages call {@code name}, such as {@code (standard input)}.
     *
     * @return its exit status
     * @throws ScriptException if it did not run to its end
     */
    public int exec(String code, String name) {
        return run(ScriptSource.text(code.getBytes(StandardCharsets.UTF_8)), "=" + name, name);
    }

    private int run(byte[] source, String chunkName, String script) {
        return inTurn(() -> {
            if (closed) {
                throw new IllegalStateException("The runtime is closed");
            }
            return session.run(source, chunkName, script);
        });
    }

    /**
     * Stops the script that runs, if one does: at its next instruction, and at once if it waits for input, a reply or a
     * download. Its run ends with a {@link ScriptException} of kind {@code INTERRUPTED}. What a finalizer ({@code __gc}) or
     * a pattern match is at is finished first.
     *
     * @return whether a script was running
     */
    public boolean interrupt() {
        return session.interrupt();
    }

    /** Ends what the scripts left open; waits for one that still runs. */
    @Override
    public void close() {
        inTurn(() -> {
            if (!closed) {
                closed = true;
                session.close();
            }
            return 0;
        });
    }

    /** Does {@code work} on a thread of its own. An interrupt of the calling thread interrupts the script. */
    private int inTurn(Callable<Integer> work) {
        turn.lock();
        try {
            FutureTask<Integer> task = new FutureTask<>(work);
            Thread.ofPlatform().name("llmspell-lua").stackSize(STACK_BYTES).start(task);
            boolean interrupted = false;
            try {
                while (true) {
                    try {
                        return task.get();
                    } catch (InterruptedException e) {
                        interrupted = true;
                        interrupt();
                    }
                }
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof RuntimeException failure) {
                throw failure;
            } else if (cause instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(cause);
        } finally {
            turn.unlock();
        }
    }

    /** What a runtime is made of. */
    public static final class Builder {
        final LocalModels models;
        final Config config;
        List<String> arguments = List.of();
        InputStream in = System.in;
        OutputStream out = System.out;
        OutputStream err = System.err;
        boolean interactive;

        @Nullable
        Sandbox sandbox;

        private Builder(LocalModels models, Config config) {
            this.models = models;
            this.config = config;
        }

        /** The script's arguments, its own name not among them. */
        public Builder arguments(List<String> arguments) {
            this.arguments = List.copyOf(arguments);
            return this;
        }

        /** Standard input; {@link System#in} unless set. Not closed. */
        public Builder input(InputStream in) {
            this.in = in;
            return this;
        }

        /**
         * Standard output; {@link System#out} unless set. Written to without a buffer of the runtime's own, so that what
         * others write to the same stream stays in order; should have a buffer itself. Not closed.
         */
        public Builder output(OutputStream out) {
            this.out = out;
            return this;
        }

        /** Standard error; {@link System#err} unless set. Not closed. */
        public Builder error(OutputStream err) {
            this.err = err;
            return this;
        }

        /** Whether output goes to a terminal: it is then flushed after every write. */
        public Builder interactive(boolean interactive) {
            this.interactive = interactive;
            return this;
        }

        /** Limits what scripts may do; null for no limits, as for a user's own script. */
        public Builder sandbox(@Nullable Sandbox sandbox) {
            this.sandbox = sandbox;
            return this;
        }

        /**
         * The runtime, to be closed.
         *
         * @throws org.llmspell.lua.vm.LuaUnavailableException if this machine cannot run Lua; the message says what to set
         */
        public LuaRuntime build() {
            return new LuaRuntime(this);
        }
    }
}
