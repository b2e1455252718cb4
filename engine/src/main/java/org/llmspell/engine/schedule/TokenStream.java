package org.llmspell.engine.schedule;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.Generation;

/**
 * The hand-over from the scheduler to the reader of a generation: a bounded queue that never blocks the scheduler, which
 * holds a sequence back while its reader is behind. Thread-safe.
 */
final class TokenStream implements Generation {
    /** Chunks that wait for a reader who is behind, some 10 kB of text; a token adds at most one. */
    static final int CAPACITY = 256;

    /** Chunks down to which a reader who was behind has to read: enough that its sequence is not held again at once. */
    static final int CAUGHT_UP = CAPACITY / 2;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
    private final Runnable wakeScheduler;
    private final long requestedAt;
    private final int promptTokens;
    private int cachedTokens;
    private int generatedTokens;
    private int draftedTokens;
    private int acceptedTokens;
    private long firstTokenAt;
    private @Nullable Summary summary;
    private @Nullable EngineException failure;
    private volatile boolean closed;
    private volatile boolean behind;
    private boolean ended;

    /**
     * @param requestedAt {@link System#nanoTime} of the request
     * @param wakeScheduler called when the reader has made room, or has gone
     */
    TokenStream(long requestedAt, int promptTokens, Runnable wakeScheduler) {
        this.requestedAt = requestedAt;
        this.promptTokens = promptTokens;
        this.wakeScheduler = wakeScheduler;
    }

    // The reader's side.

    @Override
    public @Nullable Chunk next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                if (closed) {
                    return null;
                }
                Chunk chunk = chunks.poll();
                if (chunk != null) {
                    if (behind && chunks.size() <= CAUGHT_UP) {
                        behind = false;
                        wakeScheduler.run();
                    }
                    return chunk;
                }
                if (failure != null) {
                    throw new EngineException(
                            failure.problem(), String.valueOf(failure.getMessage()), failure.advice());
                }
                if (summary != null) {
                    ended = true;
                    return null;
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int generatedTokens() {
        lock.lock();
        try {
            return generatedTokens;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Summary summary() {
        lock.lock();
        try {
            if (summary == null || !(ended || closed)) {
                throw new IllegalStateException("the generation has not been read to its end");
            }
            return summary;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            chunks.clear();
            if (summary == null) {
                summary = summarize(FinishReason.CANCELLED);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        wakeScheduler.run();
    }

    // The scheduler's side.

    boolean closed() {
        return closed;
    }

    /** Whether the reader has left so much unread that nothing more should be made for it now. */
    boolean behind() {
        return behind;
    }

    void foundCached(int tokens) {
        lock.lock();
        try {
            cachedTokens = tokens;
        } finally {
            lock.unlock();
        }
    }

    void countToken() {
        lock.lock();
        try {
            if (generatedTokens++ == 0) {
                firstTokenAt = System.nanoTime();
            }
        } finally {
            lock.unlock();
        }
    }

    void countDrafts(int drafted, int accepted) {
        lock.lock();
        try {
            draftedTokens += drafted;
            acceptedTokens += accepted;
        } finally {
            lock.unlock();
        }
    }

    void put(Chunk chunk) {
        lock.lock();
        try {
            if (!closed) {
                chunks.add(chunk);
                if (chunks.size() >= CAPACITY) {
                    behind = true;
                }
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    void finish(FinishReason reason) {
        lock.lock();
        try {
            if (summary == null) {
                summary = summarize(reason);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void fail(EngineException problem) {
        lock.lock();
        try {
            if (failure == null && summary == null) {
                failure = problem;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private Summary summarize(FinishReason reason) {
        long now = System.nanoTime();
        return new Summary(
                reason,
                promptTokens,
                cachedTokens,
                generatedTokens,
                draftedTokens,
                acceptedTokens,
                Duration.ofNanos((generatedTokens == 0 ? now : firstTokenAt) - requestedAt),
                Duration.ofNanos(now - requestedAt));
    }
}
