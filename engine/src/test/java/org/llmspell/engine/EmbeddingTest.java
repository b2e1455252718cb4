package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.fixtures.Architecture;
import org.llmspell.fixtures.DecoderArchitecture;
import org.llmspell.fixtures.DecoderPart;
import org.llmspell.fixtures.EncoderArchitecture;
import org.llmspell.fixtures.EncoderArchitecture.Kind;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.testing.LlamaCpp;

/** Tiny random models embed texts as llama.cpp does, each text on its own, at length 1. */
class EmbeddingTest {
    /**
     * Of the largest element, which is about 2. Sums in another order cost 1e-5; llama.cpp looks GELU and SiLU up by arguments
     * rounded to half precision, 5e-4 each, and there are several layers of them.
     */
    private static final float TOLERANCE = 4e-3f;

    private static final List<String> TEXTS = List.of(
            "the quick brown fox jumps over the lazy dog",
            "a",
            "once upon a time there was a little girl who lived in a village near the forest. " + "word ".repeat(20),
            "");

    private static LlamaCpp llamaCpp;
    private static Engine engine;

    @TempDir
    static Path folder;

    @BeforeAll
    static void start() {
        llamaCpp = LlamaCpp.start();
        engine = new Engine(new EngineOptions(2, java.time.Duration.ofMinutes(5), 20, null));
    }

    @AfterAll
    static void stop() {
        if (llamaCpp != null) {
            llamaCpp.close();
            engine.close();
        }
    }

    static Stream<Architecture> architectures() {
        return Stream.of(
                EncoderArchitecture.of(Kind.BERT),
                EncoderArchitecture.of(Kind.NOMIC_BERT),
                EncoderArchitecture.of(Kind.MODERN_BERT),
                new EncoderArchitecture(Kind.MODERN_BERT, 6, 2),
                EncoderArchitecture.of(Kind.GEMMA_EMBEDDING),
                DecoderArchitecture.of("llama"),
                DecoderArchitecture.of("qwen3", DecoderPart.HEAD_NORMS).with("pooling_type", 3));
    }

    private static Path file(Architecture architecture, int context) throws IOException {
        Path file = folder.resolve(architecture.toString().hashCode() + "-" + context + ".gguf");
        ModelShape shape = ModelShape.builder()
                .layers(6)
                .heads(4, 4, 16)
                .context(context)
                .vocabulary(384)
                .build();
        SyntheticModel.of(architecture, shape, WeightMix.uniform(BlockFormat.F32))
                .withVocabulary(SyntheticVocabulary.sentencePiece(384))
                .write(file);
        return file;
    }

    private static Path file(Architecture architecture) throws IOException {
        return file(architecture, 512);
    }

    private static float[][][] embed(Path file, List<String> texts, EmbeddingOptions options)
            throws InterruptedException {
        try (ModelLease lease = engine.open(file, null)) {
            return lease.embed(texts, options).stream().map(Embedding::vectors).toArray(float[][][]::new);
        }
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void vectorsAreThoseOfLlamaCpp(Architecture architecture) throws Exception {
        Path file = file(architecture);
        List<int[]> tokens;
        try (ModelLease lease = engine.open(file, null)) {
            tokens = TEXTS.stream()
                    .map(text -> lease.tokenizer().encode(text, true, false))
                    .toList();
        }
        for (Pooling pooling : Pooling.values()) {
            float[][] expected = llamaCpp.embed(file, tokens, LlamaCpp.Pooling.valueOf(pooling.name()));

            float[][][] vectors = embed(file, TEXTS, new EmbeddingOptions(pooling, false, false));

            float[][] rows = Stream.of(vectors).flatMap(Stream::of).toArray(float[][]::new);
            assertThat(rows).hasNumberOfRows(expected.length);
            for (int i = 0; i < rows.length; i++) {
                assertThat(rows[i]).as("%s, row %d", pooling, i).containsExactly(expected[i], within(TOLERANCE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void textsDoNotInfluenceEachOtherAndHaveLengthOne(Architecture architecture) throws Exception {
        Path file = file(architecture);

        float[][][] together = embed(file, TEXTS, EmbeddingOptions.DEFAULTS);

        for (int i = 0; i < TEXTS.size(); i++) {
            float[][][] alone = embed(file, List.of(TEXTS.get(i)), EmbeddingOptions.DEFAULTS);
            // Matrix products of one row and of many sum in different orders.
            assertThat(together[i][0]).containsExactly(alone[0][0], within(1e-5f));
            double squares = 0;
            for (float value : together[i][0]) {
                squares += (double) value * value;
            }
            assertThat(squares).isCloseTo(1, within(1e-6));
        }
    }

    @Test
    void manyTextsTakeSeveralPasses() throws Exception {
        Path file = file(EncoderArchitecture.of(Kind.BERT));
        List<String> texts = Stream.iterate(0, i -> i + 1)
                .limit(100)
                .map(i -> "text number " + i)
                .toList();

        float[][][] vectors = embed(file, texts, EmbeddingOptions.DEFAULTS);

        assertThat(vectors).hasDimensions(100, 1);
        assertThat(vectors[77][0])
                .containsExactly(embed(file, texts.subList(77, 78), EmbeddingOptions.DEFAULTS)[0][0], within(1e-5f));
    }

    @ParameterizedTest
    @EnumSource(names = {"MEAN", "LAST", "CLS"})
    void chatModelsReadTextsLongerThanAPass(Pooling pooling) throws Exception {
        Path file = file(DecoderArchitecture.of("llama"), 1024);
        String text = "many words ".repeat(50);
        int[] tokens;
        try (ModelLease lease = engine.open(file, null)) {
            tokens = lease.tokenizer().encode(text, true, false);
        }
        assertThat(tokens).hasSizeGreaterThan(300);

        float[][][] vectors = embed(file, List.of(text), new EmbeddingOptions(pooling, false, false));

        float[][] expected = llamaCpp.embed(file, List.of(tokens), LlamaCpp.Pooling.valueOf(pooling.name()));
        assertThat(vectors[0][0]).containsExactly(expected[0], within(TOLERANCE));
    }

    @Test
    void whatPoolingAModelAsksForIsUsed() throws Exception {
        Path cls = file(new EncoderArchitecture(Kind.MODERN_BERT, 6, 2));
        Path chat = file(DecoderArchitecture.of("llama"));
        List<String> text = TEXTS.subList(0, 1);

        assertThat(embed(cls, text, EmbeddingOptions.DEFAULTS)[0])
                .isDeepEqualTo(embed(cls, text, new EmbeddingOptions(Pooling.CLS, true, false))[0]);
        assertThat(embed(chat, text, EmbeddingOptions.DEFAULTS)[0])
                .isDeepEqualTo(embed(chat, text, new EmbeddingOptions(Pooling.LAST, true, false))[0]);
        Path ranker = file(new EncoderArchitecture(Kind.BERT, 0, 4));
        assertThatThrownBy(() -> embed(ranker, text, EmbeddingOptions.DEFAULTS))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("ranks");
    }

    @Test
    void textsBeyondTheContextAreRefusedOrCut() throws Exception {
        Path file = file(EncoderArchitecture.of(Kind.BERT), 16);
        List<String> texts = List.of("short", "many words ".repeat(20));

        assertThatThrownBy(() -> embed(file, texts, EmbeddingOptions.DEFAULTS))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.CONTEXT_EXCEEDED))
                .hasMessageContaining("Text 2 has ")
                .hasMessageContaining("context holds 16");
        try (ModelLease lease = engine.open(file, null)) {
            List<Embedding> cut = lease.embed(texts, new EmbeddingOptions(null, true, true));
            assertThat(cut.get(1).tokens()).isEqualTo(16);
            assertThat(cut.get(1).vector()).isNotEqualTo(cut.get(0).vector());
        }
    }

    @Test
    void modelsThatOnlyEmbedDoNotChat() throws Exception {
        Path file = file(EncoderArchitecture.of(Kind.BERT));
        try (ModelLease lease = engine.open(file, null)) {
            int[] prompt = lease.prompt(ChatInput.of(List.of(new ChatMessage("user", "hello")), false))
                    .tokens();

            assertThatThrownBy(() -> lease.generate(prompt, SamplingOptions.DEFAULTS, null))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("only embeds")
                    .satisfies(e -> assertThat(((EngineException) e).advice().getFirst())
                            .contains("llmspell embed"));
        }
    }
}
