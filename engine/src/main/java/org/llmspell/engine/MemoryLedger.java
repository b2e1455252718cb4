package org.llmspell.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the models of one engine have been promised of the machine's memory, and the weights that they read. What has been
 * allocated already is missing from what the operating system calls available, so only the rest of each promise counts here.
 * Weights lie in mapped files, whose pages the system calls available: they refuse nobody anything, but say when there are more
 * models than the memory can hold. Thread-safe.
 */
final class MemoryLedger {
    /** Left for everything else. */
    private static final double RESERVE = 0.1;

    private final LongSupplier available;
    private final Set<Promise> promises = ConcurrentHashMap.newKeySet();
    private final Set<Weights> weights = ConcurrentHashMap.newKeySet();

    /** @param available bytes that could be allocated now; asked often, from any thread */
    MemoryLedger(LongSupplier available) {
        this.available = available;
    }

    /** Bytes that somebody may allocate; closing it gives the promise back. */
    final class Promise implements AutoCloseable {
        private volatile long bytes;
        private volatile LongSupplier taken = () -> 0;

        private Promise(long bytes) {
            this.bytes = bytes;
        }

        /**
         * Says what has been allocated of it.
         *
         * @param bytes asked often, from any thread; must not wait
         */
        void takenAs(LongSupplier bytes) {
            taken = bytes;
        }

        /** All that is promised, in bytes, allocated or not. */
        long bytes() {
            return bytes;
        }

        /** Promises more; false, and nothing changed, if there is not so much. */
        boolean raise(long more) {
            long usable = usable();
            synchronized (MemoryLedger.this) {
                if (!fits(more, usable)) {
                    return false;
                }
                bytes = bytes + more;
                return true;
            }
        }

        /** Promises at most {@code most} bytes from here on. */
        void lower(long most) {
            synchronized (MemoryLedger.this) {
                bytes = Math.min(bytes, most);
            }
        }

        private long outstanding() {
            return Math.max(0, bytes - taken.getAsLong());
        }

        @Override
        public void close() {
            promises.remove(this);
        }
    }

    /** The weights of a model that is or will be in memory, until closed. */
    final class Weights implements AutoCloseable {
        private final long bytes;

        private Weights(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public void close() {
            weights.remove(this);
        }
    }

    /** Promises memory; null if there is not so much. */
    @Nullable
    Promise promise(long bytes) {
        // Asked first: what is allocated meanwhile is then counted nowhere, instead of twice.
        long usable = usable();
        synchronized (this) {
            if (!fits(bytes, usable)) {
                return null;
            }
            Promise promise = new Promise(bytes);
            promises.add(promise);
            return promise;
        }
    }

    private boolean fits(long bytes, long usable) {
        return bytes <= 0 || bytes <= usable - outstanding();
    }

    /** Enters the weights of a model. */
    Weights weights(long bytes) {
        Weights entered = new Weights(bytes);
        weights.add(entered);
        return entered;
    }

    /** Bytes that can still be promised; negative if more is promised than there is by now. */
    long free() {
        return usable() - outstanding();
    }

    /** What is free beside the weights of all models; negative if not all of them can stay in memory. */
    long spare() {
        return free() - weights.stream().mapToLong(entry -> entry.bytes).sum();
    }

    private long usable() {
        return (long) (available.getAsLong() * (1 - RESERVE));
    }

    private long outstanding() {
        return promises.stream().mapToLong(Promise::outstanding).sum();
    }
}
