package org.llmspell.cli.console;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a run of the command early: Ctrl-C interrupts the thread that works and whatever else that run has named. Made by
 * the thread that works; {@link #cancel} may come from any other.
 */
public final class Cancellation {
    private final Thread worker = Thread.currentThread();
    private final CountDownLatch done = new CountDownLatch(1);
    private @Nullable Runnable action;
    private boolean cancelled;
    /** Long enough to delete a partial file and unmap a model, short enough to seem at once. */
    private Duration patience = Duration.ofSeconds(2);

    /** Names what else to stop, in place of what was named before; null for nothing. At once if it is too late. */
    public synchronized void onCancel(@Nullable Runnable stop) {
        action = stop;
        if (cancelled && stop != null) {
            stop.run();
        }
    }

    /** Stops the run; does nothing once it is {@link #finished}. */
    public synchronized void cancel() {
        if (done.getCount() > 0 && !cancelled) {
            cancelled = true;
            if (action != null) {
                action.run();
            }
            worker.interrupt();
        }
    }

    /** Says how long the run may take to end after it was cancelled, where others depend on what it does. */
    public synchronized void allow(Duration time) {
        patience = time;
    }

    private synchronized Duration patience() {
        return patience;
    }

    public synchronized boolean isCancelled() {
        return cancelled;
    }

    /** Says that the run has ended and cleaned up after itself. */
    public void finished() {
        done.countDown();
    }

    /** Waits for {@link #finished}, at most as long as it is allowed to take. */
    public void await() {
        try {
            if (!done.await(patience().toMillis(), TimeUnit.MILLISECONDS)) {
                System.getLogger(Cancellation.class.getName())
                        .log(System.Logger.Level.DEBUG, "stopped without waiting for the work to clean up");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
