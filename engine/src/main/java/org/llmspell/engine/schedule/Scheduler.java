package org.llmspell.engine.schedule;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The one thread that computes: lets each model's {@link Batcher} and {@link Embedder} do a pass in turn, and sleeps while none has work.
 * Thread-safe.
 */
public final class Scheduler implements AutoCloseable {
    private final List<Steps> models = new CopyOnWriteArrayList<>();
    private final AtomicBoolean signalled = new AtomicBoolean();
    private final Thread thread;
    private volatile boolean closed;

    public Scheduler() {
        thread = Thread.ofPlatform().name("llmspell-scheduler").daemon().unstarted(this::loop);
        thread.start();
    }

    /** Takes up the work of a {@link Batcher} or {@link Embedder}. */
    public void add(Steps model) {
        models.add(model);
    }

    public void remove(Steps model) {
        models.remove(model);
    }

    /** Says that there may be work. */
    void wake() {
        signalled.set(true);
        LockSupport.unpark(thread);
    }

    private void loop() {
        while (!closed) {
            boolean worked = false;
            for (Steps model : models) {
                worked |= model.step();
            }
            while (!worked && !closed && !signalled.getAndSet(false)) {
                LockSupport.park(this);
            }
        }
    }

    /** Ends the thread after the pass in progress, and waits for it unless called on it. */
    @Override
    public void close() {
        closed = true;
        wake();
        boolean interrupted = false;
        while (thread.isAlive() && Thread.currentThread() != thread) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
