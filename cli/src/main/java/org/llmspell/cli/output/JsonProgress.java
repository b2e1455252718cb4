package org.llmspell.cli.output;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.PullProgress;
import org.llmspell.local.json.Fields;
import org.llmspell.local.json.JsonText;

/**
 * Tells a program how far a transfer is: a JSON object on a line of its own at each new phase, each whole percent, and every
 * second. Thread-safe.
 */
public final class JsonProgress implements Progress {
    private static final Duration EVERY = Duration.ofSeconds(1);

    private final PrintStream out;
    private final InstantSource clock;
    private @Nullable PullProgress shown;
    private Instant shownAt = Instant.MIN;

    public JsonProgress(PrintStream out, InstantSource clock) {
        this.out = out;
        this.clock = clock;
    }

    @Override
    public synchronized void accept(PullProgress progress) {
        Instant now = clock.instant();
        if (isNews(progress) || Duration.between(shownAt, now).compareTo(EVERY) >= 0) {
            if (!Objects.equals(progress, shown)) {
                out.println(JsonText.compact(Fields.of(progress)));
                out.flush();
            }
            shown = progress;
            shownAt = now;
        }
    }

    private boolean isNews(PullProgress progress) {
        return shown == null
                || !shown.status().equals(progress.status())
                || (int) shown.percentComplete() != (int) progress.percentComplete();
    }

    @Override
    public void close() {}
}
