package org.llmspell.cli.output;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.console.Screen;
import org.llmspell.local.PullProgress;

/**
 * Shows a person how far a transfer is: on a terminal one line that changes, elsewhere a plain line at each new phase and
 * every few seconds. Thread-safe.
 */
public final class ProgressLine implements Progress {
    private static final int LONGEST_BAR = 24;
    private static final int SHORTEST_BAR = 8;
    /** Where the width is not known, for standard output goes elsewhere. */
    private static final int COLUMNS = 80;

    private static final Duration REDRAW = Duration.ofMillis(100);
    private static final Duration LINE = Duration.ofSeconds(5);

    private final PrintStream err;
    private final boolean terminal;
    private final int columns;
    private final InstantSource clock;
    // An Ollama server reports several layers in turn: each is news only once.
    private final Set<String> phases = new HashSet<>();
    private TransferRate rate = new TransferRate();
    private String phase = "";
    private String shown = "";
    private @Nullable Instant shownAt;

    public ProgressLine(PrintStream err, Screen screen, InstantSource clock) {
        this.err = err;
        this.terminal = screen.errorTerminal();
        this.columns = Math.min(screen.columns(), COLUMNS);
        this.clock = clock;
    }

    @Override
    public synchronized void accept(PullProgress progress) {
        String status = Readable.line(progress.status());
        Instant now = clock.instant();
        if (!status.equals(phase)) {
            phase = status;
            rate = new TransferRate();
        }
        rate.moved(now, progress.bytesDownloaded());
        boolean finished = progress.percentComplete() >= 100;
        if (phases.add(status) || finished || isDue(now)) {
            show(status, progress, now);
        }
    }

    private boolean isDue(Instant now) {
        return shownAt == null || Duration.between(shownAt, now).compareTo(terminal ? REDRAW : LINE) >= 0;
    }

    private void show(String status, PullProgress progress, Instant now) {
        String line = terminal ? bar(status, progress) : plain(status, progress);
        if (line.equals(shown)) {
            return;
        }
        if (terminal) {
            // Back to the first column, over what was there, and clear to the end of the line.
            err.print("\r" + line + "\u001b[K");
            err.flush();
        } else {
            err.println(line);
        }
        shown = line;
        shownAt = now;
    }

    private static double percent(PullProgress progress) {
        return Math.clamp(progress.percentComplete(), 0, 100);
    }

    private String plain(String status, PullProgress progress) {
        return progress.bytesTotal() <= 0
                ? amount(status, progress)
                : String.format(Locale.ROOT, "%s %d%%, %s", status, (int) percent(progress), figures(progress, ", "));
    }

    private String bar(String status, PullProgress progress) {
        if (progress.bytesTotal() <= 0) {
            return amount(status, progress);
        }
        String figures =
                String.format(Locale.ROOT, "%3.0f%%  %s", Math.floor(percent(progress)), figures(progress, "  "));
        // One column less than there are: in the last one some terminals begin a new line.
        int room = columns - 1 - status.length() - figures.length() - " [] ".length();
        int bar = Math.min(LONGEST_BAR, room);
        if (bar < SHORTEST_BAR) {
            return Readable.shortened(status + " " + figures, Math.max(1, columns - 1));
        }
        int full = (int) (percent(progress) / 100 * bar);
        return status + " [" + "#".repeat(full) + ".".repeat(bar - full) + "] " + figures;
    }

    private static String amount(String status, PullProgress progress) {
        return progress.bytesDownloaded() > 0 ? status + " " + Readable.size(progress.bytesDownloaded()) : status;
    }

    private String figures(PullProgress progress, String gap) {
        String moved = Readable.size(progress.bytesDownloaded()) + " of " + Readable.size(progress.bytesTotal());
        String speed = rate.text(progress.bytesTotal() - progress.bytesDownloaded());
        return speed.isEmpty() ? moved : moved + gap + speed;
    }

    /** Leaves the line, so that what follows begins a new one. */
    @Override
    public synchronized void close() {
        if (terminal && !shown.isEmpty()) {
            err.println();
        }
    }
}
