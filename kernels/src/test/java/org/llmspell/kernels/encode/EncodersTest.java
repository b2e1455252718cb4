package org.llmspell.kernels.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.kernels.format.Codecs;
import org.llmspell.testing.LlamaCpp;
import org.llmspell.testing.TestData;

/** Encoded weights against those of llama.cpp, and what comes of values that no model should have. */
class EncodersTest {
    private static final int COLUMNS = 512;
    private static final int ROWS = 48;

    /** The formats whose scale follows from the extreme values by a rule, so that there is one right answer. */
    private static final Set<BlockFormat> BY_RULE = EnumSet.of(
            BlockFormat.F16,
            BlockFormat.BF16,
            BlockFormat.Q4_0,
            BlockFormat.Q4_1,
            BlockFormat.Q5_0,
            BlockFormat.Q5_1,
            BlockFormat.Q8_0,
            BlockFormat.MXFP4,
            BlockFormat.TQ1_0,
            BlockFormat.TQ2_0);

    /** llama.cpp's numbers of the recipes that give every tensor the one format. */
    private static final Map<BlockFormat, Integer> FILE_TYPES = new EnumMap<>(Map.ofEntries(
            Map.entry(BlockFormat.F16, 1),
            Map.entry(BlockFormat.Q4_0, 2),
            Map.entry(BlockFormat.Q4_1, 3),
            Map.entry(BlockFormat.Q8_0, 7),
            Map.entry(BlockFormat.Q5_0, 8),
            Map.entry(BlockFormat.Q5_1, 9),
            Map.entry(BlockFormat.Q2_K, 10),
            Map.entry(BlockFormat.Q3_K, 11),
            Map.entry(BlockFormat.Q4_K, 14),
            Map.entry(BlockFormat.Q5_K, 16),
            Map.entry(BlockFormat.Q6_K, 18),
            Map.entry(BlockFormat.IQ4_NL, 25),
            Map.entry(BlockFormat.IQ3_S, 26),
            Map.entry(BlockFormat.IQ4_XS, 30),
            Map.entry(BlockFormat.BF16, 32),
            Map.entry(BlockFormat.TQ1_0, 36),
            Map.entry(BlockFormat.TQ2_0, 37),
            Map.entry(BlockFormat.MXFP4, 38)));

    @TempDir
    static Path folder;

    private static LlamaCpp llamaCpp;

    /** Weights as they come: what trained matrices look like, and worse. */
    enum Weights {
        GAUSSIAN(7),
        HEAVY_TAILED(8),
        OUTLIER_COLUMNS(9),
        SPARSE(10),
        SHIFTED(11);

        final int seed;

        Weights(int seed) {
            this.seed = seed;
        }

        float[] sample() {
            Random random = new Random(seed);
            float[] values = new float[ROWS * COLUMNS];
            for (int i = 0; i < values.length; i++) {
                double gaussian = random.nextGaussian();
                values[i] = (float) (0.02
                        * switch (this) {
                            case GAUSSIAN -> gaussian;
                            // Student's t with three degrees of freedom.
                            case HEAVY_TAILED ->
                                gaussian / Math.sqrt((square(random) + square(random) + square(random)) / 3);
                            case OUTLIER_COLUMNS -> gaussian * (i % 64 == 5 ? 30 : 1);
                            case SPARSE -> random.nextInt(10) == 0 ? gaussian : 0;
                            case SHIFTED -> gaussian + 1.5;
                        });
            }
            return values;
        }

        private static double square(Random random) {
            double gaussian = random.nextGaussian();
            return gaussian * gaussian;
        }
    }

    @BeforeAll
    static void start() throws IOException {
        llamaCpp = LlamaCpp.start();
        GgufWriter writer = new GgufWriter()
                .put("general.architecture", "llama")
                .put("llama.context_length", 64)
                .put("llama.embedding_length", COLUMNS)
                .put("llama.block_count", 1)
                .put("llama.feed_forward_length", ROWS)
                .put("llama.attention.head_count", 1)
                .put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        for (Weights weights : Weights.values()) {
            writer.tensor(
                    name(weights), BlockFormat.F32, List.of((long) COLUMNS, (long) ROWS), bytes(weights.sample()));
        }
        writer.write(folder.resolve("weights.gguf"));
    }

    @AfterAll
    static void stop() {
        if (llamaCpp != null) {
            llamaCpp.close();
        }
    }

    private static String name(Weights weights) {
        return "blk.0.ffn_up_" + weights.seed + ".weight";
    }

    static Set<BlockFormat> compared() {
        Set<BlockFormat> formats = EnumSet.copyOf(Encoders.supported());
        formats.remove(BlockFormat.F32);
        return formats;
    }

    @ParameterizedTest
    @MethodSource("compared")
    void theErrorIsNoLargerThanThatOfLlamaCpp(BlockFormat format) throws GgufException {
        Path quantized = folder.resolve(format + ".gguf");
        llamaCpp.quantize(folder.resolve("weights.gguf"), quantized, FILE_TYPES.get(format), true);
        try (GgufFile file = GgufFile.open(quantized)) {
            for (Weights weights : Weights.values()) {
                float[] values = weights.sample();
                var theirs = file.tensor(name(weights)).orElseThrow();
                assertThat(theirs.format()).isEqualTo(format);
                byte[] ours = encode(format, values);
                if (BY_RULE.contains(format)) {
                    assertThat(MemorySegment.ofArray(ours).mismatch(theirs.data()))
                            .as("%s %s", format, weights)
                            .isEqualTo(-1);
                }
                float[] decoded = decode(format, MemorySegment.ofArray(ours), values.length);
                float[] reference = decode(format, theirs.data(), values.length);
                for (boolean weighted : new boolean[] {false, true}) {
                    assertThat(error(values, decoded, weighted))
                            .as("%s %s, weighted: %s", format, weights, weighted)
                            .isLessThanOrEqualTo(1.03 * error(values, reference, weighted));
                }
            }
        }
    }

    /** The root of the mean square error, each weighted by the weight's size or not. */
    private static double error(float[] values, float[] decoded, boolean weighted) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            double off = (double) values[i] - decoded[i];
            sum += (weighted ? Math.abs(values[i]) : 1) * off * off;
        }
        return Math.sqrt(sum / values.length);
    }

    @Test
    void halvesAndBfloatsAreRoundedToNearestEven() {
        float[] source = TestData.floats("dequant/round_src.f32.bin");

        assertThat(encode(BlockFormat.F16, source)).isEqualTo(TestData.bytes("dequant/round_f16.u16.bin"));
        assertThat(encode(BlockFormat.BF16, source)).isEqualTo(TestData.bytes("dequant/round_bf16.u16.bin"));
    }

    @ParameterizedTest
    @MethodSource("compared")
    void zerosStayZerosAndTheSignOfNothingMatters(BlockFormat format) {
        float[] values = new float[256];
        values[7] = -0f;

        for (float value : roundTrip(format, values)) {
            assertThat(value).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(Weights.class)
    void everyFormatTakesValuesOfAnySize(Weights weights) {
        float[] values = java.util.Arrays.copyOf(weights.sample(), 512);
        for (BlockFormat format : compared()) {
            for (float size : new float[] {7 * Float.MIN_VALUE, 1e-40f, 1e-30f, 1e-8f, 1e6f, 1e20f, 1e37f}) {
                float[] scaled = new float[values.length];
                for (int i = 0; i < values.length; i++) {
                    scaled[i] = Math.clamp(values[i] * 50 * size, -Float.MAX_VALUE, Float.MAX_VALUE);
                }
                double bound = Scales.largest(scaled, 0, scaled.length);
                float[] decoded = roundTrip(format, scaled);
                for (int i = 0; i < decoded.length; i++) {
                    if (format != BlockFormat.F16 && format != BlockFormat.BF16) {
                        assertThat(decoded[i]).as("%s at %g", format, size).isFinite();
                    }
                    if (size < 1e4f) {
                        // A scale is a half, exact to 2^-25 near zero; the coarsest formats are off by half of the
                        // largest value.
                        assertThat(Math.abs(decoded[i] - scaled[i]))
                                .as("%s at %g", format, size)
                                .isLessThanOrEqualTo((float) (0.51 * bound + 128 * Math.scalb(1.0, -25)));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE, 65504, 65520})
    void blocksOfOneValueStayFinite(float value) {
        for (BlockFormat format : compared()) {
            float[] values = new float[256];
            java.util.Arrays.fill(values, value);
            values[3] = -value;
            for (float decoded : roundTrip(format, values)) {
                assertThat(format == BlockFormat.F16 || format == BlockFormat.BF16 || Float.isFinite(decoded))
                        .as("%s of %g gives %g", format, value, decoded)
                        .isTrue();
            }
        }
    }

    @Test
    void nothingOfABlockDependsOnItsNeighbours() {
        float[] values = Weights.HEAVY_TAILED.sample();
        for (BlockFormat format : Encoders.supported()) {
            byte[] whole = encode(format, values);
            byte[] parts = new byte[whole.length];
            int half = values.length / 2;
            int bytes = (int) format.bytes(half);
            MemorySegment target = MemorySegment.ofArray(parts);
            Encoders.of(format).encode(values, half, half / format.blockElements(), target, bytes);
            Encoders.of(format).encode(values, 0, half / format.blockElements(), target, 0);
            assertThat(parts).as("%s", format).isEqualTo(whole);
        }
    }

    @Test
    void aFormatWithoutEncoderIsRefusedWithTheOnesThatHaveOne() {
        assertThatThrownBy(() -> Encoders.of(BlockFormat.IQ1_S))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("IQ1_S")
                .hasMessageContaining("Q4_K");
    }

    private static float[] roundTrip(BlockFormat format, float[] values) {
        return decode(format, MemorySegment.ofArray(encode(format, values)), values.length);
    }

    private static byte[] encode(BlockFormat format, float[] values) {
        byte[] bytes = new byte[(int) format.bytes(values.length)];
        Encoders.of(format).encode(values, 0, values.length / format.blockElements(), MemorySegment.ofArray(bytes), 0);
        return bytes;
    }

    private static float[] decode(BlockFormat format, MemorySegment blocks, int count) {
        float[] values = new float[count];
        Codecs.of(format).decode(blocks, 0, count / format.blockElements(), values, 0);
        return values;
    }

    private static byte[] bytes(float[] values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        return buffer.array();
    }
}
