package org.llmspell.cli.console;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;

/**
 * The process's own streams: UTF-8 whatever the locale says, standard output buffered and aware of a reader that leaves,
 * standard error taken back from the descriptor that the launcher lent it to.
 *
 * <p>The launcher starts Java with standard error closed off, since nothing else keeps Java from warning about the
 * incubating Vector API, and names the real one's descriptor in the property {@value #LENT}.
 */
public final class StandardStreams {
    private static final String LENT = "llmspell.stderr";

    private final PrintStream out;
    private final Lazy lazy;
    private final PrintStream err;
    private final Map<String, String> environment;
    private final Screen screen;

    public StandardStreams() {
        lazy = new Lazy(Integer.getInteger(LENT, 2));
        err = new PrintStream(lazy, true, StandardCharsets.UTF_8);
        environment = System.getenv();
        screen = Screen.detect(lazy.lent, environment);
        out = new PrintStream(
                new StandardOutput(new FileOutputStream(FileDescriptor.out)),
                screen.outputTerminal(),
                StandardCharsets.UTF_8);
    }

    public Surroundings surroundings() {
        return new Surroundings(
                System.in,
                out,
                err,
                environment,
                Path.of(System.getProperty("user.home")),
                InstantSource.system(),
                screen,
                lazy::restore);
    }

    /** Writes out what is buffered; a reader that has gone is no error here. */
    public void flush() {
        try {
            out.flush();
        } catch (BrokenPipeException e) {
            // whoever would have read it does not want it
        }
        err.flush();
    }

    /** Standard error, whose descriptor is set right at the first byte: most runs of the command write none. */
    private static final class Lazy extends OutputStream {
        private final FileOutputStream file = new FileOutputStream(FileDescriptor.err);
        private final int lent;
        private boolean restored;

        Lazy(int lent) {
            this.lent = lent;
        }

        synchronized void restore() {
            if (!restored) {
                restored = true;
                if (lent != 2) {
                    Posix.redirect(lent, 2);
                }
            }
        }

        @Override
        public void write(int b) throws IOException {
            restore();
            file.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            restore();
            file.write(bytes, offset, length);
        }
    }
}
