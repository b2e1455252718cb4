package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.kernels.KernelProvider;

class ResidencyTest extends EngineTestBase {
    private Path a;
    private Path b;
    private Path c;

    @BeforeEach
    void write() throws IOException {
        a = new TinyModel(1).write(folder.resolve("a.gguf")).toRealPath();
        b = new TinyModel(2).write(folder.resolve("b.gguf")).toRealPath();
        c = new TinyModel(3).write(folder.resolve("c.gguf")).toRealPath();
    }

    @Test
    void aModelIsLoadedOnceAndSharedUnderAnyPathToIt() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link.gguf"), a);
        try (Engine engine = engine(OPTIONS);
                ModelLease first = engine.open(a, null);
                ModelLease second = engine.open(link, null)) {
            assertThat(first.loadTime()).isPositive();
            assertThat(second.loadTime()).isZero();
            assertThat(second.tokenizer()).isSameAs(first.tokenizer());
            assertThat(engine.resident()).containsExactly(a);
            assertThat(first.trainedContextLength()).isEqualTo(256);
        }
    }

    @Test
    void keepAliveZeroUnloadsWithTheLastLease() throws InterruptedException {
        try (Engine engine = engine(OPTIONS)) {
            ModelLease first = engine.open(a, Duration.ZERO);
            ModelLease second = engine.open(a, Duration.ZERO);
            first.close();
            assertThat(engine.resident()).containsExactly(a);
            second.close();
            assertThat(engine.resident()).isEmpty();
        }
    }

    @Test
    void aModelStaysForItsKeepAliveTimeAndNotLonger() throws InterruptedException {
        try (Engine engine = engine(OPTIONS)) {
            engine.open(a, FOR_EVER).close();
            engine.open(b, Duration.ofMillis(1)).close();
            await(() -> engine.resident().size() == 1);
            assertThat(engine.resident()).containsExactly(a);
        }
    }

    @Test
    void theLeastRecentlyUsedModelMakesRoomUnlessItIsInUse() throws InterruptedException {
        try (Engine engine = engine(OPTIONS)) {
            engine.open(a, null).close();
            engine.open(b, null).close();
            engine.open(a, null).close();
            engine.open(c, null).close();
            assertThat(engine.resident()).containsExactly(a, c);
            try (ModelLease first = engine.open(a, null);
                    ModelLease second = engine.open(b, null)) {
                assertThat(engine.resident()).containsExactly(a, b);
                try (ModelLease third = engine.open(c, null)) {
                    assertThat(engine.resident()).as("all are in use").containsExactly(a, b, c);
                    assertThat(third.loadTime()).isPositive();
                }
                assertThat(engine.resident()).containsExactly(a, b);
                assertThat(first.loadTime()).isZero();
                assertThat(second.loadTime()).isPositive();
            }
        }
    }

    @Test
    void aReplacedFileIsLoadedAnewAndItsOldUsersGoOn() throws Exception {
        try (Engine engine = engine(OPTIONS)) {
            ModelLease old = engine.open(a, null);
            String before = reply(old, prompt(3, 10), endless(20));
            Path replacement = new TinyModel(77).write(folder.resolve("new.gguf"));
            Files.setLastModifiedTime(replacement, FileTime.fromMillis(1_700_000_000_000L));
            Files.move(replacement, a, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            try (ModelLease fresh = engine.open(a, null)) {
                assertThat(fresh.loadTime()).isPositive();
                assertThat(reply(fresh, prompt(3, 10), endless(20))).isNotEqualTo(before);
                assertThat(reply(old, prompt(3, 10), endless(20))).isEqualTo(before);
            }
            old.close();
            assertThat(engine.resident()).containsExactly(a);
        }
    }

    @Test
    void aClosedLeaseAndAClosedEngineSaySo() throws InterruptedException {
        Engine engine = engine(OPTIONS);
        ModelLease lease = engine.open(a, null);
        lease.close();
        assertThatThrownBy(lease::tokenizer).isInstanceOf(IllegalStateException.class);
        engine.close();
        assertThat(engine.resident()).isEmpty();
        assertThatThrownBy(() -> engine.open(a, null)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void modelsThatNobodyUsesAreUnloadedForOthersThatNeedTheirMemory() throws InterruptedException {
        AtomicReference<Engine> engine = new AtomicReference<>();
        // As much as one model takes: while another is there, there is next to nothing.
        LongSupplier available = () -> engine.get().resident().isEmpty() ? 1L << 30 : 100_000;
        engine.set(new Engine(OPTIONS, KernelProvider.best(), available, true));
        try (Engine one = engine.get()) {
            one.open(a, FOR_EVER).close();
            try (ModelLease used = one.open(b, FOR_EVER)) {
                assertThat(one.resident()).containsExactly(b);
                assertThatThrownBy(() -> one.open(c, FOR_EVER))
                        .isInstanceOfSatisfying(
                                EngineException.class,
                                e -> assertThat(e.problem()).isEqualTo(Problem.OUT_OF_MEMORY));
                assertThat(one.resident()).as("in use").containsExactly(b);
                assertThat(used.trainedContextLength()).isEqualTo(256);
            }
        }
    }

    @Test
    void aLongContextHasTheMemoryOfModelsThatNobodyUses() throws InterruptedException {
        Path wide = new TinyModel(1).contextLength(100_000).write(folder.resolve("wide.gguf"));
        AtomicReference<Engine> engine = new AtomicReference<>();
        LongSupplier available = () -> engine.get().resident().size() > 1 ? 4L << 20 : 1L << 30;
        engine.set(new Engine(OPTIONS, KernelProvider.best(), available, true));
        try (Engine one = engine.get();
                ModelLease model = one.open(wide, FOR_EVER)) {
            one.open(a, FOR_EVER).close();
            try (Generation generation = model.generate(prompt(1, 10), endless(5), 100_000)) {
                assertThat(read(generation)).isNotEmpty();
            }
            assertThat(one.resident()).hasSize(1);
        }
    }

    @Test
    void withoutMemoryForTheActivationsLoadingFails() {
        try (Engine engine = new Engine(OPTIONS, KernelProvider.best(), () -> 100_000, true)) {
            assertThatThrownBy(() -> engine.open(a, null))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.OUT_OF_MEMORY))
                    .hasMessageStartingWith("Failed to allocate tensor: ");
            assertThat(engine.resident()).isEmpty();
        }
    }

    @Test
    void withoutMemoryForTheContextTheErrorSaysWhatWouldFit() throws InterruptedException {
        Path wide = new TinyModel(1).contextLength(100_000).write(folder.resolve("wide.gguf"));
        // A token takes 2 layers · 2 heads · 8 elements · 4 bytes for keys, as much for values: a page of 32 takes 8
        // KiB.
        long available = 4L << 20;
        try (Engine engine = new Engine(OPTIONS, KernelProvider.best(), () -> available, true);
                ModelLease model = engine.open(wide, null)) {
            long fits = (long) (available * 0.9) / 8192 * 32;
            assertThatThrownBy(() -> model.generate(prompt(1, 10), endless(5), 100_000))
                    .isInstanceOfSatisfying(EngineException.class, e -> {
                        assertThat(e.problem()).isEqualTo(Problem.OUT_OF_MEMORY);
                        assertThat(e.advice().getFirst()).contains(String.valueOf(fits));
                    })
                    .hasMessageStartingWith("Failed to allocate tensor: ")
                    .hasMessageContaining("100000");
            try (Generation generation = model.generate(prompt(1, 10), endless(5), (int) fits)) {
                assertThat(read(generation)).isNotEmpty();
            }
        }
    }
}
