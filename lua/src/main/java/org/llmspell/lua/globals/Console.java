package org.llmspell.lua.globals;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.lua.vm.JavaFunction;
import org.llmspell.lua.vm.LuaFault;
import org.llmspell.lua.vm.LuaStack;

/**
 * The standard streams of a script, which are Java's, so that what a script prints and what Java prints come out in the
 * order in which they were written. Output is not buffered here beyond what the given stream does, and is flushed before
 * anything that waits, before standard error is written to and at the end.
 */
public final class Console implements AutoCloseable {
    private static final int OUT = 1;

    private final ScriptInput in;
    private final OutputStream out;
    private final OutputStream err;
    private boolean flushAlways;

    /**
     * @param flushAlways after every write, as on a terminal
     * @param longestRead the most bytes of one read
     */
    public Console(
            InputStream in,
            OutputStream out,
            OutputStream err,
            boolean flushAlways,
            Waiting waiting,
            long longestRead) {
        this.in = new ScriptInput(in, waiting, longestRead);
        this.out = out;
        this.err = err;
        this.flushAlways = flushAlways;
    }

    /** The functions that {@code console.lua} builds on. */
    public Map<String, JavaFunction> functions() {
        return Map.of(
                "write",
                this::write,
                "flush",
                stack -> {
                    flush();
                    return 0;
                },
                "buffered",
                stack -> {
                    flushAlways = !stack.toBoolean(1);
                    return 0;
                },
                "read",
                this::read);
    }

    /** {@code write(1 or 2, bytes)}. */
    private int write(LuaStack stack) throws IOException {
        boolean toOut = stack.toInteger(1) == OUT;
        byte[] bytes = stack.toBytes(2);
        try {
            if (toOut) {
                out.write(bytes);
                if (flushAlways) {
                    out.flush();
                }
            } else {
                out.flush();
                err.write(bytes);
                err.flush();
            }
        } catch (IOException e) {
            throw new LuaFault("cannot write to standard " + (toOut ? "output" : "error") + ": " + e.getMessage());
        }
        return 0;
    }

    /** {@code read("l" | "L" | "a" | "n" | "c", count)}: the bytes read, or nil. */
    private int read(LuaStack stack) throws Exception {
        flush();
        byte[] bytes;
        try {
            bytes = switch (stack.toText(1)) {
                case "l" -> in.line(false);
                case "L" -> in.line(true);
                case "a" -> in.all();
                case "n" -> in.numeral().getBytes(java.nio.charset.StandardCharsets.US_ASCII);
                default -> in.bytes(stack.toInteger(2));
            };
        } catch (IOException e) {
            throw new LuaFault("cannot read standard input: " + e.getMessage());
        }
        return push(stack, bytes);
    }

    private static int push(LuaStack stack, byte @Nullable [] bytes) {
        if (bytes == null) {
            stack.pushNil();
        } else {
            stack.push(bytes);
        }
        return 1;
    }

    /** Writes out what is buffered; an error shows at the next write. */
    public void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            flushAlways = true;
        }
    }

    @Override
    public void close() {
        flush();
        in.close();
    }
}
