package org.llmspell.local.download;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.download.TransferException.Cause;

/**
 * Writes one answer's body to its place in a part file as it arrives, marking units as they become whole, and ends the answer
 * if it is longer than it may be.
 */
final class RangeSink implements HttpResponse.BodySubscriber<Long> {
    private final PartFile part;
    private final long start;
    private final long end;
    private final LongConsumer arrived;
    private final CompletableFuture<Long> finished = new CompletableFuture<>();
    private long position;
    private volatile Flow.@Nullable Subscription subscription;

    /**
     * Begins.
     *
     * @param start where the body's first byte belongs
     * @param end where the body must end
     * @param arrived told how many bytes were written, each time
     */
    RangeSink(PartFile part, long start, long end, LongConsumer arrived) {
        this.part = part;
        this.start = start;
        this.end = end;
        this.arrived = arrived;
        this.position = start;
    }

    @Override
    public CompletionStage<Long> getBody() {
        return finished;
    }

    @Override
    public void onSubscribe(Flow.Subscription newSubscription) {
        subscription = newSubscription;
        newSubscription.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        try {
            for (ByteBuffer buffer : buffers) {
                int bytes = buffer.remaining();
                if (position + bytes > end) {
                    fail(new TransferException(Cause.DISHONEST, "the server sends more than the file's size"));
                    return;
                }
                part.write(buffer, position);
                position += bytes;
                arrived.accept(bytes);
            }
            part.written(start, position);
            Flow.Subscription current = subscription;
            if (current != null) {
                current.request(1);
            }
        } catch (IOException e) {
            fail(new TransferException(Cause.DISK, "cannot write " + reason(e), null, e));
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    @Override
    public void onError(Throwable failure) {
        finished.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        if (position == end) {
            finished.complete(end - start);
        } else {
            finished.completeExceptionally(
                    new IOException("the connection ended " + (end - position) + " bytes early"));
        }
    }

    /** Ends the answer, from any thread. */
    void fail(Throwable failure) {
        // In this order: the client answers the cancelling with an error of its own, which must come second.
        finished.completeExceptionally(failure);
        Flow.Subscription current = subscription;
        if (current != null) {
            current.cancel();
        }
    }

    private static String reason(IOException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("No space left") ? "(the disk is full)" : "(" + message + ")";
    }
}
