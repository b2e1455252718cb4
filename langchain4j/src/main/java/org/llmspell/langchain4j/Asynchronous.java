package org.llmspell.langchain4j;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Work on a virtual thread of its own, as a future that ends the work when it is cancelled. */
final class Asynchronous {
    private Asynchronous() {}

    /** @param end ends {@code work} from another thread; called at most once */
    static <T> CompletableFuture<T> run(Supplier<T> work, Runnable end) {
        CompletableFuture<T> future = new CompletableFuture<>();
        var _ = future.whenComplete((value, error) -> {
            if (future.isCancelled()) {
                end.run();
            }
        });
        Thread.ofVirtual().name("llmspell-reply").start(() -> {
            try {
                future.complete(work.get());
            } catch (RuntimeException | Error e) {
                future.completeExceptionally(e);
            }
        });
        return future;
    }
}
