package org.llmspell.cli.output;

import java.io.PrintStream;
import org.llmspell.cli.console.Screen;

/**
 * Tells a person on standard error what is being done now: on a terminal in one line that changes and is gone at the end,
 * elsewhere in a line each. Used by one thread.
 */
public final class StatusLine implements AutoCloseable {
    private final PrintStream err;
    private final boolean terminal;
    private boolean shown;

    public StatusLine(PrintStream err, Screen screen) {
        this.err = err;
        this.terminal = screen.errorTerminal();
    }

    /** Shows {@code text} in place of what was there. */
    public void show(String text) {
        if (terminal) {
            err.print("\r" + Readable.line(text) + "\u001b[K");
            err.flush();
            shown = true;
        } else {
            err.println(Readable.line(text));
        }
    }

    /** Shows {@code text} where the line changes; elsewhere it is not worth a line. */
    public void detail(String text) {
        if (terminal) {
            show(text);
        }
    }

    /** Takes the line away. */
    @Override
    public void close() {
        if (shown) {
            err.print("\r\u001b[K");
            err.flush();
        }
    }
}
