package org.llmspell.server.api;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.llmspell.server.http.HttpFailure;

/** Lets so many replies be made at once, so many more wait in their order, and turns the rest away. Thread-safe. */
public final class Admission {
    private final Semaphore places;
    private final int parallel;
    private final int queue;
    private final AtomicInteger present = new AtomicInteger();

    public Admission(int parallel, int queue) {
        this.places = new Semaphore(parallel, true);
        this.parallel = parallel;
        this.queue = queue;
    }

    /** A place; closing it gives it to the next. Used by one thread at a time. */
    public final class Place implements AutoCloseable {
        private boolean left;

        private Place() {}

        /** Waits for a place again after {@link #close}; what has begun is not turned away, however many wait. */
        void comeBack() throws InterruptedException {
            present.incrementAndGet();
            acquire();
            left = false;
        }

        @Override
        public void close() {
            if (!left) {
                left = true;
                places.release();
                present.decrementAndGet();
            }
        }
    }

    /**
     * Waits for a place.
     *
     * @throws HttpFailure 503 if too many wait already
     */
    public Place enter() throws InterruptedException {
        if (present.incrementAndGet() > (long) parallel + queue) {
            present.decrementAndGet();
            throw HttpFailure.busy();
        }
        acquire();
        return new Place();
    }

    private void acquire() throws InterruptedException {
        boolean entered = false;
        try {
            places.acquire();
            entered = true;
        } finally {
            if (!entered) {
                present.decrementAndGet();
            }
        }
    }

    /** Replies being made. */
    public int running() {
        return parallel - places.availablePermits();
    }

    /** Requests that wait. */
    public int waiting() {
        return Math.max(0, present.get() - running());
    }
}
