package org.llmspell.local.net;

import java.time.Duration;

/** Runs an action if nothing has been heard for too long. Thread-safe; its thread is virtual and ends with it. */
public final class SilenceWatch implements AutoCloseable {
    private final long limitNanos;
    private final Thread thread;
    private volatile Runnable action;
    private volatile long heardAt = System.nanoTime();
    private volatile boolean expired;

    public SilenceWatch(Duration limit, Runnable action) {
        this.limitNanos = limit.toNanos();
        this.action = action;
        this.thread = Thread.ofVirtual().name("silence-watch").start(this::watch);
    }

    /** Something was heard: the time starts anew. */
    public void heard() {
        heardAt = System.nanoTime();
    }

    /** What to do from now on instead; done at once if the time is over already. */
    public void onExpiry(Runnable newAction) {
        action = newAction;
        if (expired) {
            newAction.run();
        }
    }

    /** Whether the action was run. */
    public boolean expired() {
        return expired;
    }

    @Override
    public void close() {
        thread.interrupt();
    }

    private void watch() {
        try {
            for (long left = limitNanos; left > 0; left = limitNanos - (System.nanoTime() - heardAt)) {
                Thread.sleep(Duration.ofNanos(left));
            }
            expired = true;
            action.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
