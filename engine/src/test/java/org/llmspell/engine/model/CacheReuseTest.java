package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.LayerGroup;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.fixtures.Architecture;
import org.llmspell.fixtures.DecoderArchitecture;
import org.llmspell.fixtures.DecoderPart;
import org.llmspell.fixtures.DeltaNetArchitecture;
import org.llmspell.fixtures.Lfm2Architecture;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;

/** What a bounded cache gives back and what a prompt finds again make no difference to the logits. */
class CacheReuseTest {
    /** Of the largest logit: a product over many tokens sums in another order than one over few. */
    private static final double ROUNDING = 1e-5;

    private static final int WINDOW = 40;
    private static final int LENGTH = 400;

    @TempDir
    Path folder;

    static Stream<Architecture> models() {
        DecoderArchitecture gemma3 = DecoderArchitecture.of("gemma3", DecoderPart.HEAD_NORMS, DecoderPart.POST_NORMS)
                .with("attention.sliding_window", WINDOW)
                .with("attention.sliding_window_pattern", 3);
        return Stream.of(
                gemma3,
                DecoderArchitecture.of("llama").with("attention.sliding_window", WINDOW),
                new Lfm2Architecture(List.of(1), 3, 0),
                new DeltaNetArchitecture("qwen35", 2, 4, 2, 16, 0));
    }

    private BareModel model(Architecture architecture) throws IOException {
        Path file = folder.resolve("model.gguf");
        ModelShape shape = ModelShape.builder().layers(4).context(1024).build();
        SyntheticModel.of(architecture, shape, WeightMix.uniform(BlockFormat.F32))
                .withVocabulary(SyntheticVocabulary.sentencePiece(shape.vocabulary()))
                .write(file);
        return new BareModel(file, KernelProvider.best(), 2);
    }

    private static int[] tokens(BareModel model, int step) {
        int[] tokens = new int[LENGTH];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = 3 + i * i % 1009 * step % (model.memory.logits.columns() - 3);
        }
        return tokens;
    }

    /** Logits of the last {@code tokens.length - known} tokens, through a sequence that may have found the others. */
    private static float[][] compute(BareModel model, SequenceCache cache, int[] tokens, int chunk) {
        float[][] all = new float[tokens.length][];
        while (cache.length() < tokens.length) {
            int from = cache.length();
            int count = Math.min(chunk, tokens.length - from);
            int place = model.add(cache, tokens, from, count);
            model.forward();
            for (int i = 0; i < count; i++) {
                all[from + i] = model.logits(place + i);
            }
        }
        return all;
    }

    /** The same cache with nothing that ever slides out of it, nor is found again. */
    private static PagePool unbounded(BareModel model) {
        KvLayout layout = model.model.cacheLayout();
        KvLayout everything = new KvLayout(
                layout.layers().stream()
                        .map(layer -> layer.withWindow(KvLayout.UNBOUNDED))
                        .toList(),
                layout.precision());
        int[] limits = new int[everything.groups().size()];
        Arrays.fill(limits, 64);
        return new PagePool(everything, BareModel.ROWS, limits, false);
    }

    @ParameterizedTest
    @MethodSource("models")
    void aPromptThatGoesOnFromAnotherGetsTheLogitsOfAFreshOne(Architecture architecture) throws IOException {
        try (BareModel model = model(architecture);
                PagePool unbounded = unbounded(model);
                PagePool shared = shared(model)) {
            int[] tokens = tokens(model, 31);
            int[] forked = tokens.clone();
            System.arraycopy(tokens(model, 17), 0, forked, 300, 100);
            try (SequenceCache cache = admit(shared, tokens)) {
                float[][] reference;
                try (SequenceCache fresh = admit(unbounded, tokens)) {
                    reference = compute(model, fresh, tokens, 64);
                }
                check(compute(model, cache, tokens, 23), reference, 0);
            }
            try (SequenceCache cache = admit(shared, forked);
                    SequenceCache fresh = admit(unbounded, forked)) {
                assertThat(cache.cachedTokens()).isBetween(200, 300);
                check(compute(model, cache, forked, 64), compute(model, fresh, forked, 64), cache.cachedTokens());
            }
            for (int g = 0; g < shared.allocated().length; g++) {
                LayerGroup group = shared.layout().groups().get(g);
                boolean all = group.kind() == LayerGroup.Kind.EVERYTHING;
                assertThat(shared.allocated()[g]).isLessThanOrEqualTo(all ? 64 : 12);
            }
            assertThat(shared.inUse() + shared.reserved()).isZero();
        }
    }

    private static PagePool shared(BareModel model) {
        int[] limits = model.model.cacheLayout().groups().stream()
                .mapToInt(group -> group.kind() == LayerGroup.Kind.EVERYTHING ? 64 : 12)
                .toArray();
        return new PagePool(model.model.cacheLayout(), BareModel.ROWS, limits, true);
    }

    private static SequenceCache admit(PagePool pool, int[] prompt) {
        return Objects.requireNonNull(pool.admit(0, prompt, prompt.length));
    }

    private static void check(float[][] logits, float[][] reference, int from) {
        double largest = 0;
        for (float logit : reference[0]) {
            largest = Math.max(largest, Math.abs(logit));
        }
        for (int i = from; i < reference.length; i++) {
            assertThat(BareModel.largestDifference(logits[i], reference[i]))
                    .as("position %d", i)
                    .isLessThan(ROUNDING * largest);
        }
    }
}
