package org.llmspell.cli.command;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * A script's standard output. A script may catch the error of a write and try again for ever, so the first failure stops
 * it. One thread at a time.
 */
final class ScriptOutput extends OutputStream {
    private final PrintStream out;
    private Runnable stop = () -> {};
    private @Nullable RuntimeException failure;

    ScriptOutput(PrintStream out) {
        this.out = out;
    }

    /** Names what to do when the first write fails. */
    void onFailure(Runnable action) {
        stop = action;
    }

    /** Throws what the first failed write threw, if one did. */
    void rethrow() {
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void write(int b) throws IOException {
        attempt(() -> out.write(b));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        attempt(() -> out.write(bytes, offset, length));
    }

    @Override
    public void flush() throws IOException {
        attempt(out::flush);
    }

    private void attempt(Runnable write) throws IOException {
        if (failure == null) {
            try {
                write.run();
                return;
            } catch (RuntimeException e) {
                failure = e;
                stop.run();
            }
        }
        throw new IOException(Models.firstLine(failure), failure);
    }
}
