package org.llmspell.engine.schedule;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The one thread that computes: lets each model's {@link Batcher} do a pass in turn, and sleeps while none has work.
 * Thread-safe.
 */
public final class Scheduler implements AutoCloseable {
    private final List<Batcher> batchers = new CopyOnWriteArrayList<>();
    private final AtomicBoolean signalled = new AtomicBoolean();
    private final Thread thread;
    private volatile boolean closed;

    public Scheduler() {
        thread = Thread.ofPlatform().name("llmspell-scheduler").daemon().unstarted(this::loop);
        thread.start();
    }

    public void add(Batcher batcher) {
        batchers.add(batcher);
    }

    public void remove(Batcher batcher) {
        batchers.remove(batcher);
    }

    /** Says that there may be work. */
    void wake() {
        signalled.set(true);
        LockSupport.unpark(thread);
    }

    private void loop() {
        while (!closed) {
            boolean worked = false;
            for (Batcher batcher : batchers) {
                worked |= batcher.step();
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
