package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.schedule.Batcher;
import org.llmspell.engine.speed.PassRunner;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;

/** What is timed is the real computation: it gives the logits that the model's own passes give. */
class PassRunnerTest {
    private static final int CONTEXT = 640;
    /** Of logits up to some units: a product over many tokens sums in another order than one over few. */
    private static final double ROUNDING = 1e-3;

    @TempDir
    Path folder;

    private BareModel model;
    private PassRunner runner;
    private final AtomicBoolean abandoned = new AtomicBoolean();
    private final int[] tokens = new int[CONTEXT];

    @BeforeEach
    void load() throws IOException {
        Path file = folder.resolve("model.gguf");
        ModelShape shape = ModelShape.builder().context(64).build();
        SyntheticModel.llama(shape, WeightMix.uniform(BlockFormat.F32))
                .withVocabulary(SyntheticVocabulary.sentencePiece(shape.vocabulary()))
                .write(file);
        model = new BareModel(file, KernelProvider.best(), 2);
        int[] limits = model.model.cacheLayout().groups().stream()
                .mapToInt(group -> group.need(CONTEXT, Batcher.ROWS))
                .toArray();
        PagePool pages = new PagePool(model.model.cacheLayout(), Batcher.ROWS, limits, true);
        runner = new PassRunner(model.model, KernelProvider.best(), model.workers, pages, CONTEXT, abandoned::get);
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = 3 + i * i % 1009 * 31 % 381;
        }
    }

    @AfterEach
    void close() {
        runner.close();
        model.close();
    }

    private int[] slice(int from, int to) {
        return Arrays.copyOfRange(tokens, from, to);
    }

    @Test
    void aPromptOfSeveralPassesAndTokensOneByOneGiveTheModelsLogits() {
        float[][] expected = model.logits(tokens, 64);

        runner.begin(new int[0]);
        runner.compute(slice(0, 600));
        assertThat(BareModel.largestDifference(runner.logits(), expected[599])).isLessThan(ROUNDING);
        for (int i = 600; i < 610; i++) {
            runner.compute(slice(i, i + 1));
            assertThat(BareModel.largestDifference(runner.logits(), expected[i]))
                    .isLessThan(ROUNDING);
        }
        assertThat(runner.length()).isEqualTo(610);
    }

    @Test
    void aPastThatWasThereBeforeIsFoundAndGoesOnTheSame() {
        float[][] expected = model.logits(tokens, 64);
        runner.begin(slice(0, 512));
        assertThat(runner.found()).isZero();
        runner.compute(slice(10, 100)); // something else after it

        runner.begin(slice(0, 512));
        assertThat(runner.found()).isEqualTo(512);
        runner.compute(slice(512, 515));

        assertThat(BareModel.largestDifference(runner.logits(), expected[514])).isLessThan(ROUNDING);
    }

    @Test
    void manySequencesOneAfterTheOtherNeedNoMoreRoomThanOne() {
        for (int i = 0; i < 20; i++) {
            runner.begin(slice(0, 64));
            runner.compute(slice(64 + i, CONTEXT));
        }
        assertThat(runner.length()).isEqualTo(CONTEXT - 19);
    }

    @Test
    void aCheckedGuessGivesTheLogitsOfAllItsPlacesAndWhatIsNotKeptIsForgotten() {
        float[][] expected = model.logits(tokens, 64);
        runner.begin(slice(0, 100));
        int[] guessed = slice(100, 108);
        guessed[3] = 1 + guessed[3] % 300; // from here on not what follows

        runner.check(guessed, 3);
        for (int place = 0; place < 3; place++) {
            assertThat(BareModel.largestDifference(runner.logits(place), expected[100 + place]))
                    .isLessThan(ROUNDING);
        }
        assertThat(runner.length()).isEqualTo(103);
        runner.check(slice(103, 105), 2);
        assertThat(BareModel.largestDifference(runner.logits(1), expected[104])).isLessThan(ROUNDING);
        assertThat(runner.length()).isEqualTo(105);
    }

    @Test
    void nothingIsKeptThatIsNotThere() {
        runner.begin(new int[0]);
        for (int kept : new int[] {0, 4}) {
            assertThatThrownBy(() -> runner.check(slice(0, 3), kept)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> runner.check(slice(0, Batcher.DRAFTS + 2), 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(runner.length()).isZero();
    }

    @Test
    void itStopsWhenNobodyWaits() {
        runner.begin(new int[0]);
        abandoned.set(true);
        assertThatThrownBy(() -> runner.compute(slice(0, 10))).isInstanceOf(CancellationException.class);

        abandoned.set(false);
        runner.compute(slice(0, 10));
        assertThat(runner.length()).isEqualTo(10);
    }
}
