package org.llmspell.lua.globals;

import java.util.concurrent.LinkedBlockingDeque;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;

/**
 * A download on a thread of its own, whose progress the script's thread picks up: Lua can be called from that thread
 * alone. Progress that nobody picked up gives way to newer.
 */
final class Download implements AutoCloseable {
    /** Progress, the result, or the failure that ended it. */
    record Event(
            @Nullable PullProgress progress,
            @Nullable PullResult result,
            @Nullable RuntimeException failure) {}

    private final LinkedBlockingDeque<Event> events = new LinkedBlockingDeque<>();
    private final Thread thread;
    private boolean ended;

    Download(Function<Consumer<PullProgress>, PullResult> pull) {
        thread = Thread.ofVirtual().name("llmspell-pull").start(() -> run(pull));
    }

    private void run(Function<Consumer<PullProgress>, PullResult> pull) {
        try {
            PullResult result = pull.apply(progress -> report(new Event(progress, null, null)));
            report(new Event(null, result, null));
        } catch (RuntimeException e) {
            report(new Event(null, null, e));
        } catch (Error e) {
            report(new Event(null, null, new IllegalStateException(e)));
        }
    }

    private synchronized void report(Event event) {
        if (!ended) {
            ended = event.progress() == null;
            events.clear();
            events.add(event);
        }
    }

    /** Waits for news: progress, or the result, after which there is none. */
    Event next() throws InterruptedException {
        Event event = events.take();
        if (event.failure() != null) {
            throw event.failure();
        }
        return event;
    }

    /** Stops it. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
