package org.llmspell.cli.console;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A buffer in front of standard output whose failures {@link java.io.PrintStream} does not swallow: a reader that has gone
 * is a {@link BrokenPipeException}, a full disk an {@link UncheckedIOException}.
 */
final class StandardOutput extends OutputStream {
    private final OutputStream file;
    private final byte[] buffer = new byte[1 << 13];
    private int used;

    StandardOutput(OutputStream file) {
        this.file = file;
    }

    @Override
    public synchronized void write(int b) {
        if (used == buffer.length) {
            drain();
        }
        buffer[used++] = (byte) b;
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        if (length > buffer.length - used) {
            drain();
        }
        if (length > buffer.length) {
            attempt(() -> file.write(bytes, offset, length));
        } else {
            System.arraycopy(bytes, offset, buffer, used, length);
            used += length;
        }
    }

    @Override
    public synchronized void flush() {
        drain();
        attempt(file::flush);
    }

    private void drain() {
        // Emptied first: what failed once is not written again by the flush at the end.
        int length = used;
        used = 0;
        attempt(() -> file.write(buffer, 0, length));
    }

    private interface Write {
        void run() throws IOException;
    }

    private static void attempt(Write write) {
        try {
            write.run();
        } catch (IOException e) {
            if (isPipe(e)) {
                throw new BrokenPipeException(e);
            }
            throw new UncheckedIOException("Cannot write standard output: " + e.getMessage(), e);
        }
    }

    /** The text is the C library's, in the user's language, so ask Linux too what the descriptor is. */
    private static boolean isPipe(IOException e) {
        if (String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("broken pipe")) {
            return true;
        }
        try {
            String link = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return link.startsWith("pipe:") || link.startsWith("socket:");
        } catch (IOException | UnsupportedOperationException notLinux) {
            return false;
        }
    }
}
