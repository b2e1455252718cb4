package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.kernels.KernelProvider;

/** Models are loaded on threads of their own, which these tests hold where they ask how much memory there is. */
class BackgroundLoadingTest extends EngineTestBase {
    private final Hold holdA = new Hold("a.gguf");
    private final Hold holdB = new Hold("b.gguf");
    private Engine engine;
    private Path a;
    private Path b;

    /** Stops the first load of a file until it is told what memory there is. */
    private static final class Hold {
        private final String thread;
        private final CountDownLatch allowed = new CountDownLatch(1);
        private volatile boolean wanted;
        private volatile long memory;
        private volatile Thread loader;

        Hold(String file) {
            thread = "llmspell-load-" + file;
        }

        /** The memory that the current thread is to be told of. */
        long pass() {
            Thread current = Thread.currentThread();
            if (wanted && loader == null && current.getName().equals(thread)) {
                loader = current;
                try {
                    allowed.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return current == loader ? memory : 1L << 30;
        }

        void arrived() throws InterruptedException {
            await(() -> loader != null);
        }

        void release(long bytes) {
            memory = bytes;
            allowed.countDown();
        }

        void ended() throws InterruptedException {
            arrived();
            loader.join();
        }
    }

    /** Somebody who opens a model on a thread of their own. */
    private final class Asking {
        private final CompletableFuture<ModelLease> answer = new CompletableFuture<>();
        private final Thread thread;

        Asking(Path file, Duration keepAlive) {
            thread = Thread.ofPlatform().start(() -> {
                try {
                    answer.complete(engine.open(file, keepAlive));
                } catch (Throwable e) {
                    answer.completeExceptionally(e);
                }
            });
        }

        Asking waits() throws InterruptedException {
            await(() -> thread.getState() == Thread.State.WAITING);
            return this;
        }

        Throwable failure() throws InterruptedException {
            try {
                answer.get().close();
                return new AssertionError("no failure");
            } catch (ExecutionException e) {
                return e.getCause();
            }
        }
    }

    @BeforeEach
    void start() {
        a = new TinyModel(1).write(folder.resolve("a.gguf"));
        b = new TinyModel(2).write(folder.resolve("b.gguf"));
        LongSupplier available = () -> Math.min(holdA.pass(), holdB.pass());
        engine = new Engine(OPTIONS, KernelProvider.best(), available, true);
        holdA.wanted = true;
    }

    @AfterEach
    void stop() {
        holdA.release(1L << 30);
        holdB.release(1L << 30);
        engine.close();
    }

    @Test
    void differentModelsAreLoadedSideBySide() throws Exception {
        holdB.wanted = true;
        Asking first = new Asking(a, null);
        Asking second = new Asking(b, null);
        holdA.arrived();
        holdB.arrived();
        holdB.release(1L << 30);
        try (ModelLease other = second.answer.get()) {
            assertThat(engine.resident()).containsExactly(b.toRealPath());
            assertThat(other.loadTime()).isPositive();
        }
        holdA.release(1L << 30);
        first.answer.get().close();
        assertThat(engine.resident()).containsExactly(a.toRealPath(), b.toRealPath());
    }

    @Test
    void aResidentModelRepliesWhileAnotherIsLoaded() throws Exception {
        engine.open(b, null).close();
        Asking first = new Asking(a, null);
        holdA.arrived();
        try (ModelLease resident = engine.open(b, null)) {
            assertThat(resident.loadTime()).isZero();
            assertThat(reply(resident, prompt(3, 10), endless(20))).isNotEmpty();
        }
        assertThat(first.answer).isNotDone();
        holdA.release(1L << 30);
        first.answer.get().close();
    }

    @Test
    void allWhoAskMeanwhileShareOneLoad() throws Exception {
        List<Asking> all = List.of(new Asking(a, null), new Asking(a, null), new Asking(a, Duration.ZERO));
        holdA.arrived();
        for (Asking asking : all) {
            asking.waits();
        }
        holdA.release(1L << 30);
        ModelLease first = all.getFirst().answer.get();
        for (Asking asking : all) {
            // Another load would have been another tokenizer.
            assertThat(asking.answer.get().tokenizer()).isSameAs(first.tokenizer());
            assertThat(asking.answer.get().loadTime()).isPositive();
        }
        assertThat(engine.residentModels().getFirst().users()).isEqualTo(3);
        for (Asking asking : all) {
            asking.answer.get().close();
        }
    }

    @Test
    void whoIsInterruptedLeavesAtOnceAndTheOthersGetTheirModel() throws Exception {
        Asking impatient = new Asking(a, null);
        Asking patient = new Asking(a, null);
        holdA.arrived();
        impatient.waits().thread.interrupt();
        assertThat(impatient.failure()).isInstanceOf(InterruptedException.class);
        patient.waits();
        holdA.release(1L << 30);
        try (ModelLease lease = patient.answer.get()) {
            assertThat(engine.residentModels().getFirst().users()).isEqualTo(1);
            assertThat(reply(lease, prompt(3, 10), endless(5))).isNotEmpty();
        }
    }

    @Test
    void aModelThatNobodyWaitsForAnyMoreIsKeptAsIfItHadBeenUsed() throws Exception {
        Asking gone = new Asking(a, FOR_EVER);
        holdA.arrived();
        gone.waits().thread.interrupt();
        assertThat(gone.failure()).isInstanceOf(InterruptedException.class);
        holdA.release(1L << 30);
        holdA.ended();
        assertThat(engine.residentModels())
                .singleElement()
                .satisfies(model -> assertThat(model.users()).isZero());
        try (ModelLease lease = engine.open(a, null)) {
            assertThat(lease.loadTime()).isZero();
        }
    }

    @Test
    void aModelThatNobodyWaitsForAnyMoreIsDroppedIfItIsNotToBeKept() throws Exception {
        Asking gone = new Asking(a, Duration.ZERO);
        holdA.arrived();
        gone.waits().thread.interrupt();
        assertThat(gone.failure()).isInstanceOf(InterruptedException.class);
        holdA.release(1L << 30);
        holdA.ended();
        assertThat(engine.resident()).isEmpty();
        assertThat(mapped(a)).isFalse();
    }

    @Test
    void aLoadThatFailsFailsForAllAndIsTriedAgain() throws Exception {
        Asking first = new Asking(a, null);
        Asking second = new Asking(a, null);
        holdA.arrived();
        first.waits();
        second.waits();
        holdA.release(0);
        for (Asking asking : List.of(first, second)) {
            assertThat(asking.failure())
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.OUT_OF_MEMORY))
                    .hasMessageStartingWith("Failed to allocate tensor: the model's activations need ");
        }
        assertThat(first.failure())
                .isNotSameAs(second.failure())
                .hasMessage(second.failure().getMessage());
        assertThat(engine.resident()).isEmpty();
        assertThat(mapped(a)).isFalse();
        engine.open(a, null).close();
        assertThat(engine.resident()).containsExactly(a.toRealPath());
    }

    @Test
    void closingTheEngineEndsAllWaitingAndLeavesNothing() throws Exception {
        Asking waiting = new Asking(a, null);
        holdA.arrived();
        waiting.waits();
        assertThat(mapped(a)).isTrue();
        Thread closing = Thread.ofPlatform().start(engine::close);
        assertThat(waiting.failure()).isInstanceOf(IllegalStateException.class).hasMessage("the engine is closed");
        assertThat(closing.isAlive()).as("the file is still being read").isTrue();
        holdA.release(1L << 30);
        closing.join();
        assertThat(holdA.loader.isAlive()).isFalse();
        assertThat(engine.resident()).isEmpty();
        assertThat(mapped(a)).isFalse();
        assertThatThrownBy(() -> engine.open(a, null)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aFileThatIsReplacedWhileItIsLoadedServesThoseWhoAskedBefore() throws Exception {
        Asking before = new Asking(a, null);
        holdA.arrived();
        before.waits();
        Path replacement = new TinyModel(77).write(folder.resolve("new.gguf"));
        Files.setLastModifiedTime(replacement, FileTime.fromMillis(1_700_000_000_000L));
        Files.move(replacement, a, StandardCopyOption.REPLACE_EXISTING);
        try (ModelLease fresh = engine.open(a, null)) {
            assertThat(before.answer).isNotDone();
            holdA.release(1L << 30);
            String replies = reply(fresh, prompt(3, 10), endless(20));
            try (ModelLease old = before.answer.get()) {
                assertThat(reply(old, prompt(3, 10), endless(20))).isNotEqualTo(replies);
                assertThat(engine.residentModels()).hasSize(1);
            }
            try (ModelLease again = engine.open(a, null)) {
                assertThat(again.tokenizer()).isSameAs(fresh.tokenizer());
            }
        }
    }

    /** Whether the file is mapped into this process, as Linux tells. */
    private static boolean mapped(Path file) throws IOException {
        Path maps = Path.of("/proc/self/maps");
        assumeTrue(Files.exists(maps));
        String path = file.toRealPath().toString();
        return Files.readAllLines(maps).stream().anyMatch(line -> line.endsWith(path));
    }
}
