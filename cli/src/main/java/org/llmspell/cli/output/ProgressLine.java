package org.llmspell.cli.output;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.Consumer;
import org.llmspell.cli.console.Screen;
import org.llmspell.local.PullProgress;

/**
 * Shows how far a transfer is: on a terminal one line that changes, elsewhere a plain line at each new phase and each
 * tenth. Thread-safe.
 */
public final class ProgressLine implements Consumer<PullProgress>, AutoCloseable {
    private static final int BAR = 24;
    private static final int STEP = 10;

    private final PrintStream err;
    private final boolean terminal;
    private String shown = "";

    public ProgressLine(PrintStream err, Screen screen) {
        this.err = err;
        this.terminal = screen.errorTerminal();
    }

    @Override
    public synchronized void accept(PullProgress progress) {
        double percent = Math.clamp(progress.percentComplete(), 0, 100);
        String status = Readable.line(progress.status());
        if (terminal) {
            String line = terminalLine(status, percent, progress);
            if (!line.equals(shown)) {
                // Back to the first column, over what was there, and clear to the end of the line.
                err.print("\r" + line + "\u001b[K");
                err.flush();
                shown = line;
            }
        } else {
            String line = progress.bytesTotal() > 0
                    ? status + " " + (int) percent / STEP * STEP + "% of " + Readable.size(progress.bytesTotal())
                    : status;
            if (!line.equals(shown)) {
                err.println(line);
                shown = line;
            }
        }
    }

    private static String terminalLine(String status, double percent, PullProgress progress) {
        if (progress.bytesTotal() <= 0) {
            return progress.bytesDownloaded() > 0 ? status + " " + Readable.size(progress.bytesDownloaded()) : status;
        }
        int full = (int) (percent / 100 * BAR);
        return String.format(
                Locale.ROOT,
                "%s [%s%s] %3.0f%%  %s of %s",
                status,
                "#".repeat(full),
                ".".repeat(BAR - full),
                percent,
                Readable.size(progress.bytesDownloaded()),
                Readable.size(progress.bytesTotal()));
    }

    /** Leaves the line, so that what follows begins a new one. */
    @Override
    public synchronized void close() {
        if (terminal && !shown.isEmpty()) {
            err.println();
        }
    }
}
