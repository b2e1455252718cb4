package org.llmspell.local.download;

import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** The body of an answer whose headers were wrong already: not read, the failure being all that is left of it. */
record Failing(Throwable failure) implements HttpResponse.BodySubscriber<Long> {
    @Override
    public CompletionStage<Long> getBody() {
        return CompletableFuture.failedFuture(failure);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        subscription.cancel();
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {}

    @Override
    public void onError(Throwable ignored) {}

    @Override
    public void onComplete() {}
}
