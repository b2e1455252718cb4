package org.llmspell.kernels;

/** A fixed set of threads, one per core, that share out the chunks of one task at a time. */
public final class WorkerPool implements AutoCloseable {
    /** One piece of work; {@code chunk} counts from 0, {@code worker} says which thread runs it, from 0 (the caller). */
    public interface Task {
        void run(int chunk, int worker);
    }

    public WorkerPool(int threads) {}

    public int threads() {
        throw new UnsupportedOperationException();
    }

    /** Runs {@code task} for every chunk below {@code chunks}, on the caller and the workers; returns when all are done. */
    public void run(int chunks, Task task) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
