package org.llmspell.langchain4j;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Work on a virtual thread of its own, as a future that ends the work when it is cancelled. */
final class Asynchronous {
    private Asynchronous() {}

    /** @param end ends {@code work}, whose thread it is given, from another one; called at most once */
    static <T> CompletableFuture<T> run(Supplier<T> work, Consumer<Thread> end) {
        CompletableFuture<T> future = new CompletableFuture<>();
        Thread worker = Thread.ofVirtual().name("llmspell-reply").unstarted(() -> {
            try {
                future.complete(work.get());
            } catch (RuntimeException | Error e) {
                future.completeExceptionally(e);
            }
        });
        var _ = future.whenComplete((value, error) -> {
            if (future.isCancelled()) {
                end.accept(worker);
            }
        });
        worker.start();
        return future;
    }
}
