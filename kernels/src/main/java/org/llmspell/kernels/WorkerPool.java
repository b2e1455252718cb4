package org.llmspell.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A fixed set of threads, one per core, that share out the chunks of one task at a time.
 *
 * <p>The caller works too, as worker 0. The others wait for work by spinning for some microseconds and then parking, so that
 * the hundreds of runs that make up one token follow each other without a system call, and an idle pool costs nothing. A
 * run allocates nothing and never waits for a worker that has not woken up: whoever is awake takes the chunks.
 *
 * <p>Thread-safe: calls from several threads take turns. A task must not use the pool that runs it. Interrupting the caller
 * does not cut a run short; its interrupt status is kept.
 */
public final class WorkerPool implements AutoCloseable {
    /** One piece of work; {@code chunk} counts from 0, {@code worker} says which thread runs it, from 0 (the caller). */
    public interface Task {
        void run(int chunk, int worker);
    }

    /**
     * How long to wait without parking: the gap between two runs, even where a token is chosen between them, is shorter, and waking
     * a parked thread takes longer than most runs; a gap between requests is longer.
     */
    private static final long SPIN_NANOS = Runtime.getRuntime().availableProcessors() > 1 ? 200_000 : 0;

    /** Pauses between two looks at the clock. */
    private static final int SPINS = 64;

    /** Longs from one worker's counter to the next one's, so that they share no cache line. */
    private static final int SPREAD = 16;

    private final ReentrantLock turn = new ReentrantLock();
    private final Worker[] workers;

    /**
     * For each worker the run's number in the upper half, the unclaimed chunks of its share in the lower. A chunk is claimed by one
     * compare-and-set on both, so a worker that was delayed since an earlier run cannot claim anything with what it read then.
     */
    private final AtomicLongArray shares;

    /** The run's number, published last of all. */
    private final AtomicInteger run = new AtomicInteger();

    private final AtomicInteger unfinished = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    // Written by the caller before it publishes a run, read by workers after they have seen it.
    private Task task = (chunk, worker) -> {};
    private int chunks;
    private @Nullable Thread caller;

    private volatile boolean callerParked;
    private volatile boolean closed;

    /**
     * Starts {@code threads − 1} daemon threads.
     *
     * @param threads at least 1, the caller included
     */
    public WorkerPool(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("a pool needs at least 1 thread, not " + threads);
        }
        workers = new Worker[threads - 1];
        shares = new AtomicLongArray(threads * SPREAD);
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(this, i + 1);
        }
        for (Worker worker : workers) {
            worker.start();
        }
    }

    /** How many threads work, the caller included. */
    public int threads() {
        return workers.length + 1;
    }

    /**
     * Runs {@code task} for every chunk below {@code chunks}, on the caller and the workers; returns when all are done. What the
     * chunks wrote is visible to the caller. If a chunk throws, chunks not yet begun are left out and the first exception is
     * thrown here, once no chunk is running any more.
     *
     * @throws IllegalStateException if the pool is closed or a task of this pool calls it
     */
    public void run(int chunks, Task task) {
        if (chunks < 0) {
            throw new IllegalArgumentException("there cannot be " + chunks + " chunks");
        }
        enter();
        try {
            if (chunks > 0) {
                publish(chunks, task);
                work(run.get(), 0);
                awaitOthers();
                Throwable thrown = failure.getAndSet(null);
                if (thrown != null) {
                    rethrow(thrown);
                }
            }
        } finally {
            turn.unlock();
        }
    }

    private void enter() {
        if (insideTask()) {
            throw new IllegalStateException("a task cannot use the worker pool that runs it");
        }
        turn.lock();
        if (closed) {
            turn.unlock();
            throw new IllegalStateException("the worker pool is closed");
        }
    }

    private boolean insideTask() {
        return turn.isHeldByCurrentThread() || (Thread.currentThread() instanceof Worker worker && worker.pool == this);
    }

    private void publish(int chunks, Task task) {
        this.task = task;
        this.chunks = chunks;
        this.caller = Thread.currentThread();
        unfinished.set(chunks);
        int number = run.get() + 1;
        for (int worker = 0; worker < threads(); worker++) {
            shares.set(worker * SPREAD, (long) number << 32 | (end(worker) - end(worker - 1)));
        }
        run.set(number);
        for (int i = 0; i < workers.length && i < chunks - 1; i++) {
            if (workers[i].parked) {
                LockSupport.unpark(workers[i]);
            }
        }
    }

    /** The chunk after the last of a worker's share. Shares are of equal size, but for one chunk, and lie one after the other. */
    private int end(int worker) {
        return (int) ((worker + 1L) * chunks / threads());
    }

    /**
     * Takes chunks of run {@code number} until none is left: first those of its own share, one after the other, so that it goes on
     * through memory without a jump, then those of the others'.
     */
    private void work(int number, int worker) {
        for (int i = 0; i < threads(); i++) {
            takeShare(number, worker, (worker + i) % threads());
        }
    }

    private void takeShare(int number, int worker, int owner) {
        while (true) {
            long seen = shares.get(owner * SPREAD);
            int unclaimed = (int) seen;
            if (unclaimed == 0 || (int) (seen >>> 32) != number) {
                return;
            }
            // These two are of this run, or else the compare-and-set fails: they change only while nothing is
            // unclaimed.
            Task current = task;
            int chunk = end(owner) - unclaimed;
            if (shares.compareAndSet(owner * SPREAD, seen, seen - 1)) {
                runChunk(current, chunk, worker);
            }
        }
    }

    private void runChunk(Task current, int chunk, int worker) {
        Thread waiting = caller;
        try {
            if (failure.get() == null) {
                current.run(chunk, worker);
            }
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
        }
        if (unfinished.decrementAndGet() == 0 && callerParked) {
            LockSupport.unpark(waiting);
        }
    }

    private void awaitOthers() {
        long deadline = System.nanoTime() + SPIN_NANOS;
        do {
            for (int spins = 0; spins < SPINS; spins++) {
                if (unfinished.get() == 0) {
                    return;
                }
                Thread.onSpinWait();
            }
        } while (System.nanoTime() - deadline < 0);
        boolean interrupted = false;
        callerParked = true;
        while (unfinished.get() != 0) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        callerParked = false;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void rethrow(Throwable thrown) {
        switch (thrown) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(thrown);
        }
    }

    /**
     * Ends the threads, after the run in progress if there is one, and waits for them. Closing twice is harmless.
     *
     * @throws IllegalStateException if a task of this pool calls it
     */
    @Override
    public void close() {
        if (insideTask()) {
            throw new IllegalStateException("a task cannot close the worker pool that runs it");
        }
        turn.lock();
        try {
            closed = true;
        } finally {
            turn.unlock();
        }
        boolean interrupted = false;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for runs and works on them until the pool is closed. */
    private static final class Worker extends Thread {
        private final WorkerPool pool;
        private final int number;
        private volatile boolean parked;

        Worker(WorkerPool pool, int number) {
            super("llmspell-worker-" + number);
            this.pool = pool;
            this.number = number;
            setDaemon(true);
        }

        @Override
        public void run() {
            int done = 0;
            while (!pool.closed) {
                done = awaitRun(done);
                pool.work(done, number);
            }
        }

        /** The number of a run that is not {@code done}, or {@code done} if the pool is closed. */
        private int awaitRun(int done) {
            long deadline = System.nanoTime() + SPIN_NANOS;
            do {
                for (int spins = 0; spins < SPINS; spins++) {
                    int seen = pool.run.get();
                    if (seen != done) {
                        return seen;
                    }
                    Thread.onSpinWait();
                }
            } while (System.nanoTime() - deadline < 0);
            parked = true;
            int seen = pool.run.get();
            while (seen == done && !pool.closed) {
                LockSupport.park(pool);
                // A task may have interrupted its thread; an interrupted thread would not park again.
                Thread.interrupted();
                seen = pool.run.get();
            }
            parked = false;
            return seen;
        }
    }
}
