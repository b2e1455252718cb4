package org.llmspell.server.api;

import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;

/**
 * Makes one reply on a thread of its own, so that it depends on nobody's reading. When the reply is whole its place is free and its
 * model let go of, whatever of it has been read by then; while its reader has left too much unread, its place is free as well. One
 * thread reads.
 */
final class ReplyMaker implements AutoCloseable {
    private final ChatStream stream;
    private final RunningReplies.Reply reply;
    private final Admission.Place place;
    private final Metrics metrics;
    private final String backend;
    private final ReplyBuffer buffer = new ReplyBuffer();
    private final Thread thread;
    private boolean read;

    /**
     * Begins.
     *
     * @param stream the reply, closed by this class
     * @param reply ends when the reply is whole
     * @param place of the reply, given up when the reply is whole
     * @param backend who makes it, for the figures
     */
    ReplyMaker(ChatStream stream, RunningReplies.Reply reply, Admission.Place place, Metrics metrics, String backend) {
        this.stream = stream;
        this.reply = reply;
        this.place = place;
        this.metrics = metrics;
        this.backend = backend;
        this.thread = Thread.ofVirtual().name("llmspell-reply").unstarted(this::run);
        thread.start();
    }

    private void run() {
        boolean cancelled = true;
        try (reply;
                place;
                stream) {
            make();
            if (!buffer.abandoned()) {
                cancelled = false;
                count(stream.result());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // its reader has gone
        } catch (LocalModelException e) {
            cancelled = buffer.abandoned() || e.kind() == LocalModelException.Kind.CANCELLED;
            buffer.fail(e);
        } catch (RuntimeException | Error e) {
            cancelled = buffer.abandoned();
            buffer.fail(e);
        } finally {
            if (cancelled) {
                metrics.cancelled();
            }
            buffer.end();
        }
    }

    private void make() throws InterruptedException {
        for (ChatChunk piece = stream.next(); piece != null && !buffer.abandoned(); piece = stream.next()) {
            reply.progressed();
            if (buffer.full()) {
                place.close();
                buffer.awaitRoom();
                place.comeBack();
            }
            buffer.put(piece);
        }
    }

    private void count(ChatResult result) {
        metrics.generated(
                backend,
                result.promptTokens(),
                result.cachedTokens(),
                result.generatedTokens(),
                result.timeToFirstToken());
    }

    /**
     * Waits for the next piece; null at the end.
     *
     * @throws LocalModelException if the reply failed
     */
    @Nullable
    ChatChunk next() throws InterruptedException {
        ChatChunk piece = buffer.take();
        read = piece == null;
        return piece;
    }

    /** What the reply cost, once {@link #next} has returned null. */
    ChatResult result() {
        return stream.result();
    }

    /** Ends the reply if it has not been read to its end; returns when nothing is done for it any more. */
    @Override
    public void close() {
        if (!read) {
            buffer.abandon();
            stream.close();
            thread.interrupt();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
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
