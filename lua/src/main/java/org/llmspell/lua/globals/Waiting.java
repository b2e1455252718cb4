package org.llmspell.lua.globals;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The place where a script's thread waits in Java, and from which another thread can fetch it. One thread waits at a time;
 * {@link #interrupt} may come from any.
 */
public final class Waiting {
    private @Nullable Thread waiter;
    private @Nullable Runnable cancel;
    private boolean interrupted;

    /**
     * Does {@code work}, which may wait. If interrupted, {@code cancel} is called, from the interrupting thread, and the
     * waiting thread is interrupted as well.
     *
     * @throws InterruptedException if interrupted before or meanwhile, however the work itself ended
     */
    public <T extends @Nullable Object> T during(Runnable cancel, Callable<T> work) throws Exception {
        synchronized (this) {
            check();
            this.waiter = Thread.currentThread();
            this.cancel = cancel;
        }
        T result;
        try {
            result = work.call();
        } catch (Exception e) {
            leave();
            check();
            throw e;
        }
        leave();
        check();
        return result;
    }

    private synchronized void leave() {
        waiter = null;
        cancel = null;
        if (interrupted) {
            Thread.interrupted(); // it has served its purpose; the flag must not hit what comes next
        }
    }

    private synchronized void check() throws InterruptedException {
        if (interrupted) {
            throw new InterruptedException("interrupted");
        }
    }

    /** Ends the wait that is on, and every one to come until {@link #reset}. */
    public void interrupt() {
        Runnable action;
        synchronized (this) {
            interrupted = true;
            action = cancel;
            if (waiter != null) {
                waiter.interrupt();
            }
        }
        if (action != null) {
            action.run();
        }
    }

    /** Allows waiting again. */
    public synchronized void reset() {
        interrupted = false;
    }
}
