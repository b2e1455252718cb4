package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.kernels.KernelProvider;

/** Several models share what memory there is. */
class SharedMemoryTest extends EngineTestBase {
    private static final EngineOptions MANY = new EngineOptions(2, FOR_EVER, 20, null);
    /** Of a tiny model: 2 layers · 2 heads · 8 elements · 4 bytes · 32 tokens for keys, as much for values. */
    private static final long PAGE = 8192;

    private Engine engine;

    @AfterEach
    void stop() {
        engine.close();
    }

    private void start(LongSupplier usable) {
        // A tenth of what is available stays out of reach.
        engine = new Engine(MANY, KernelProvider.best(), () -> usable.getAsLong() * 10 / 9 + 1, true);
    }

    /** A machine with memory for so many pages of caches, besides what the models' other parts take. */
    private void startWithPages(int pages) {
        AtomicReference<Engine> started = new AtomicReference<>();
        start(() -> {
            long taken = started.get().residentModels().stream()
                    .mapToLong(ResidentModel::pagesAllocated)
                    .sum();
            boolean loading = Thread.currentThread().getName().startsWith("llmspell-load");
            return loading ? 1L << 30 : (pages - taken) * PAGE;
        });
        started.set(engine);
    }

    private Path file(int seed) {
        return new TinyModel(seed).contextLength(100_000).write(folder.resolve("wide" + seed + ".gguf"));
    }

    /** A model whose file has 4 MiB and a little. */
    private Path heavy(int seed) throws Exception {
        return new TinyModel(seed)
                .ballast(4096)
                .write(folder.resolve("heavy" + seed + ".gguf"))
                .toRealPath();
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> assertNoMemory(ThrowingCallable work) {
        return assertThatThrownBy(work)
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.OUT_OF_MEMORY));
    }

    @Test
    void weightsThatDoNotAllFitUnloadTheLeastRecentlyUsedModels() throws Exception {
        start(() -> 10L << 20);
        Path a = heavy(1);
        Path b = heavy(2);
        Path c = heavy(3);
        engine.open(a, null).close();
        engine.open(b, null).close();
        assertThat(engine.resident()).containsExactly(a, b);
        engine.open(a, null).close();
        engine.open(c, null).close();
        assertThat(engine.resident()).as("12 MiB of 10").containsExactly(a, c);
        try (ModelLease first = engine.open(a, null);
                ModelLease second = engine.open(c, null);
                ModelLease third = engine.open(b, null)) {
            assertThat(engine.resident()).as("all in use").containsExactly(a, b, c);
            assertThat(List.of(first.loadTime(), second.loadTime()))
                    .allSatisfy(time -> assertThat(time).isZero());
            assertThat(reply(third, prompt(1, 10), endless(5))).isNotEmpty();
        }
    }

    @Test
    void aModelLargerThanTheMemoryRunsAndStays() throws Exception {
        start(() -> 3L << 20);
        Path large = heavy(1);
        try (ModelLease model = engine.open(large, null)) {
            assertThat(reply(model, prompt(1, 10), endless(5))).isNotEmpty();
        }
        try (ModelLease model = engine.open(large, null)) {
            assertThat(model.loadTime()).isZero();
            assertThat(reply(model, prompt(1, 10), endless(5))).isNotEmpty();
        }
        assertThat(engine.resident()).containsExactly(large);
    }

    @Test
    void whatIsPromisedToModelsInUseAddsUpAndComesBack() throws Exception {
        startWithPages(2500);
        // 32,000 tokens are 1,000 pages.
        try (ModelLease a = engine.open(file(1), null);
                ModelLease b = engine.open(file(2), null);
                ModelLease c = engine.open(file(3), null)) {
            Generation first = a.generate(prompt(1, 10), endless(-1), 32_000);
            Generation second = b.generate(prompt(1, 10), endless(-1), 32_000);
            // What they have allocated meanwhile may be counted a page too late.
            assertNoMemory(() -> c.generate(prompt(1, 10), endless(-1), 32_000))
                    .hasMessageStartingWith("Failed to allocate tensor: a context of 32000 tokens needs 7.8 MiB and ")
                    .hasMessageMatching(".*; a context of (159[0-9]{2}|160[0-9]{2}) tokens would fit");
            assertNoMemory(() -> c.passes(32_000)).hasMessageContaining("a sequence of 32000 tokens needs ");
            assertThat(engine.resident()).hasSize(3);

            try (Generation fitting = c.generate(prompt(1, 10), endless(5), 15_000)) {
                assertThat(read(fitting)).isNotEmpty();
            }
            first.close();
            AtomicReference<Generation> third = new AtomicReference<>();
            await(() -> {
                try {
                    third.set(c.generate(prompt(1, 10), endless(-1), 32_000));
                    return true;
                } catch (EngineException e) {
                    return false; // the first has not quite ended
                }
            });
            assertNoMemory(() -> a.generate(prompt(1, 10), endless(-1), 32_000));
            second.close();
            third.get().close();
        }
    }

    @Test
    void aLongContextHasThePagesThatOtherModelsInUseKeepForLater() throws Exception {
        startWithPages(1005);
        try (ModelLease a = engine.open(file(1), null);
                ModelLease b = engine.open(file(2), null)) {
            reply(a, prompt(1, 400), endless(5));
            await(() -> engine.residentModels().stream().allMatch(model -> model.users() == 1));
            assertThat(engine.residentModels().getFirst())
                    .extracting(ResidentModel::pagesAllocated)
                    .isEqualTo(13);
            try (Generation generation = b.generate(prompt(1, 10), endless(5), 32_000)) {
                assertThat(read(generation)).isNotEmpty();
            }
            assertThat(engine.residentModels().getFirst())
                    .extracting(ResidentModel::pagesAllocated)
                    .isEqualTo(0);
            await(() -> engine.residentModels().stream().allMatch(model -> model.users() == 1));
            assertThat(reply(a, prompt(1, 400), endless(5))).isNotEmpty();
        }
    }

    @Test
    void aShareForSeveralConversationsIsGivenBackWhenAnotherModelNeedsIt() throws Exception {
        // A conversation of 4,096 tokens has 128 pages; what is promised beyond is half of the rest.
        startWithPages(1300);
        try (ModelLease a = engine.open(file(1), null);
                ModelLease b = engine.open(file(2), null);
                Generation running = a.generate(prompt(1, 10), endless(-1), 4096)) {
            assertThat(running.next()).isNotNull();
            try (Generation generation = b.generate(prompt(1, 10), endless(5), 32_000)) {
                assertThat(read(generation)).isNotEmpty();
            }
            assertThat(running.next()).isNotNull();
        }
    }

    /** An idle model and one in use, with next to nothing beside them. */
    private ModelLease inUseBesideAnIdleOne() throws Exception {
        AtomicReference<Engine> started = new AtomicReference<>();
        start(() -> started.get().resident().size() > 1 ? 550_000 : 1L << 30);
        started.set(engine);
        engine.open(file(1), null).close();
        ModelLease used = engine.open(file(2), null);
        assertThat(engine.resident()).hasSize(2);
        return used;
    }

    @Test
    void embeddingHasTheMemoryOfModelsThatNobodyUses() throws Exception {
        try (ModelLease model = inUseBesideAnIdleOne()) {
            assertThat(model.embed(List.of("a text"), new EmbeddingOptions(null, true, false)))
                    .hasSize(1);
            assertThat(engine.resident()).hasSize(1);
        }
    }

    @Test
    void passesHaveTheMemoryOfModelsThatNobodyUses() throws Exception {
        try (ModelLease model = inUseBesideAnIdleOne();
                ModelLease.Passes passes = model.passes(1000)) {
            passes.begin(prompt(1, 10));
            assertThat(engine.resident()).hasSize(1);
        }
    }

    @Test
    void scoringHasTheMemoryOfModelsThatNobodyUses() throws Exception {
        try (ModelLease model = inUseBesideAnIdleOne();
                ModelLease.Scoring scoring = model.scoring(1, 1000, 256)) {
            assertThat(scoring.logProbabilities(List.of(prompt(1, 10)), 1)).hasDimensions(1, 9);
            assertThat(engine.resident()).hasSize(1);
        }
    }

    @Test
    void embeddingIsRefusedWhereAllModelsAreInUse() throws Exception {
        try (ModelLease model = inUseBesideAnIdleOne();
                ModelLease other = engine.open(file(1), null)) {
            assertNoMemory(() -> model.embed(List.of("a text"), new EmbeddingOptions(null, true, false)))
                    .hasMessageContaining("to embed a text so long needs ");
            assertThat(engine.resident()).hasSize(2);
            assertThat(other.trainedContextLength()).isEqualTo(100_000);
        }
    }

    @Test
    void memoryForEmbeddingIsPromisedOnceAndKept() throws Exception {
        // Then there is room for pages of the cache, 264 KiB, but not once more for the activations, 392 KiB.
        AtomicBoolean first = new AtomicBoolean(true);
        start(() -> first.get() ? 1L << 30 : 300_000);
        try (ModelLease model = engine.open(file(1), null)) {
            EmbeddingOptions options = new EmbeddingOptions(null, true, false);
            List<Embedding> before = model.embed(List.of("a text"), options);
            first.set(false);
            assertThat(model.embed(List.of("a text"), options).getFirst().vector())
                    .isEqualTo(before.getFirst().vector());
        }
    }
}
