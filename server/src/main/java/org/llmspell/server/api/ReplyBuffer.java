package org.llmspell.server.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatChunk;

/**
 * What has been made of a reply and not been taken, so that a reply is made at its own speed and taken at its reader's. One thread
 * puts, another takes.
 *
 * <p>Its memory is bounded. A reader who is far behind gets larger pieces: what waits for it is joined, so that a whole
 * reply takes little more than its characters. Log-probabilities take more; where they come to too much it is {@link #full}.
 */
final class ReplyBuffer {
    /** An estimate of the memory of what waits: two million characters, or two thousand tokens with twenty alternatives each. */
    static final long MOST_BYTES = 4 << 20;

    /** Pieces that wait as they are; beyond that a new one joins the last. */
    static final int SEPARATE = 256;

    /** What pieces are joined up to: a piece is sent whole, and a slow reader has to take it before it counts as stalled. */
    private static final long JOINED_BYTES = 8 << 10;

    private static final int BYTES_OF_AN_OBJECT = 96;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<ChatChunk> pieces = new ArrayDeque<>();
    private long bytes;
    private boolean ended;
    private @Nullable Throwable failure;
    private boolean abandoned;

    // Who makes the reply.

    /** Whether the reader should take some before more is made. */
    boolean full() {
        lock.lock();
        try {
            return bytes >= MOST_BYTES && !abandoned;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the reader has taken half of what a full buffer holds, or wants nothing more. */
    void awaitRoom() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (bytes > MOST_BYTES / 2 && !abandoned) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Adds a piece, if anybody wants it; never waits. */
    void put(ChatChunk piece) {
        lock.lock();
        try {
            if (abandoned) {
                return;
            }
            ChatChunk last = pieces.peekLast();
            if (last != null && pieces.size() >= SEPARATE && joinable(last, piece)) {
                pieces.removeLast();
                bytes -= bytes(last);
                add(join(last, piece));
            } else {
                add(piece);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void add(ChatChunk piece) {
        pieces.add(piece);
        bytes += bytes(piece);
    }

    /** Says that there is no more of it. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Says what the reply failed with, a {@link RuntimeException} or an {@link Error}, before {@link #end}. */
    void fail(Throwable reason) {
        lock.lock();
        try {
            failure = reason;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the reader wants nothing more. */
    boolean abandoned() {
        lock.lock();
        try {
            return abandoned;
        } finally {
            lock.unlock();
        }
    }

    // Who reads it.

    /**
     * Waits for the next piece; null at the end. What the reply failed with is thrown when all before it has been taken.
     */
    @Nullable
    ChatChunk take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (pieces.isEmpty() && !ended) {
                changed.await();
            }
            ChatChunk piece = pieces.poll();
            if (piece != null) {
                bytes -= bytes(piece);
                changed.signalAll();
                return piece;
            }
            return switch (failure) {
                case RuntimeException exception -> throw exception;
                case Error error -> throw error;
                case null, default -> null;
            };
        } finally {
            lock.unlock();
        }
    }

    /** Says that nothing more is wanted, and drops what is there. */
    void abandon() {
        lock.lock();
        try {
            abandoned = true;
            pieces.clear();
            bytes = 0;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static boolean joinable(ChatChunk last, ChatChunk next) {
        boolean answers = last.thinking().isEmpty() && next.thinking().isEmpty();
        boolean thoughts = last.text().isEmpty() && next.text().isEmpty();
        return (answers || thoughts)
                && last.toolCalls().isEmpty()
                && next.toolCalls().isEmpty()
                && bytes(last) + bytes(next) <= JOINED_BYTES;
    }

    private static ChatChunk join(ChatChunk last, ChatChunk next) {
        List<ChatChunk.TokenLogprob> logprobs = new ArrayList<>(last.logprobs());
        logprobs.addAll(next.logprobs());
        return new ChatChunk(
                last.text() + next.text(), last.thinking() + next.thinking(), List.of(), List.copyOf(logprobs));
    }

    private static long bytes(ChatChunk piece) {
        long objects = 1L + piece.toolCalls().size();
        for (ChatChunk.TokenLogprob token : piece.logprobs()) {
            objects += 1 + token.alternatives().size();
        }
        return objects * BYTES_OF_AN_OBJECT
                + (long) Character.BYTES
                        * (piece.text().length() + piece.thinking().length());
    }
}
