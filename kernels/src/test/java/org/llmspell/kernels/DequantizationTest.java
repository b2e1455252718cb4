package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.format.Codecs;
import org.llmspell.kernels.format.UnsupportedFormatException;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Every implementation against the values that ggml's own C code gives for the same blocks. */
class DequantizationTest {
    static Stream<Kernels> implementations() {
        return Implementations.all();
    }

    /** Every described format, for every implementation. */
    static List<Arguments> describedFormats() {
        List<Arguments> cases = new ArrayList<>();
        for (JsonNode type : TestData.json("dequant/vectors.json").get("types")) {
            BlockFormat format =
                    BlockFormat.fromId(type.get("ggml_type_id").asInt()).orElseThrow();
            implementations()
                    .forEach(kernels -> cases.add(Arguments.of(
                            kernels, format, "dequant/" + type.get("dir").asString())));
        }
        return cases;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("describedFormats")
    void blocksBecomeExactlyTheFloatsThatGgmlMakesOfThem(Kernels kernels, BlockFormat format, String folder) {
        MemorySegment blocks = Native.bytes(TestData.bytes(folder + "/blocks.bin"));
        float[] expected = TestData.floats(folder + "/f32.bin");

        assertThat(bits(dequantize(kernels, format, blocks, expected.length))).isEqualTo(bits(expected));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("describedFormats")
    void blocksAreReadFromAnyByteAndWrittenToAnyElement(Kernels kernels, BlockFormat format, String folder) {
        byte[] blocks = TestData.bytes(folder + "/blocks.bin");
        byte[] shifted = new byte[blocks.length + 3];
        System.arraycopy(blocks, 0, shifted, 3, blocks.length);
        float[] expected = TestData.floats(folder + "/f32.bin");
        int skipped = 2 * format.blockElements();
        int count = 3 * format.blockElements();
        float[] target = new float[count + 12];
        java.util.Arrays.fill(target, -1234);
        MemorySegment out = Native.floats(target);

        kernels.dequantize(format, Native.bytes(shifted), 3 + format.bytes(skipped), out, 5, count);

        System.arraycopy(expected, skipped, target, 5, count);
        assertThat(bits(out)).isEqualTo(bits(target));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("describedFormats")
    void productsAgreeWithFloat64(Kernels kernels, BlockFormat format, String folder) {
        int columns = format.blockElements();
        float[] weights = TestData.floats(folder + "/f32.bin");
        float[] activation = TestData.floats(folder + "/activation.f32.bin");
        ByteBuffer dots =
                ByteBuffer.wrap(TestData.bytes(folder + "/dots.f64.bin")).order(ByteOrder.LITTLE_ENDIAN);
        int rows = weights.length / columns;
        WeightMatrix matrix =
                new WeightMatrix(format, rows, columns, Native.bytes(TestData.bytes(folder + "/blocks.bin")));
        MemorySegment out = Native.floats(new float[rows]);

        kernels.multiply(matrix, 0, rows, Native.floats(activation), 0, 0, 1, out, 0, 0);

        float[] products = Native.array(out);
        for (int r = 0; r < rows; r++) {
            double magnitude = 0;
            for (int k = 0; k < columns; k++) {
                magnitude += Math.abs((double) weights[r * columns + k] * activation[k]);
            }
            double expected = dots.getDouble(r * 8);
            if (magnitude < Float.MAX_VALUE) {
                // Below float32's range there is its smallest step.
                assertThat((double) products[r])
                        .as("row %d", r)
                        .isCloseTo(
                                expected, within(Implementations.bound(kernels, format) * magnitude + Float.MIN_VALUE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void everyHalfIsWidenedExactly(Kernels kernels) {
        float[] expected = TestData.floats("dequant/f16_all65536.f32.bin");
        int[] actual = bits(dequantize(kernels, BlockFormat.F16, everyShort(), expected.length));
        for (int i = 0; i < expected.length; i++) {
            if (Float.isNaN(expected[i])) {
                assertThat(Float.intBitsToFloat(actual[i])).as("half %04x", i).isNaN();
            } else {
                assertThat(actual[i]).as("half %04x", i).isEqualTo(Float.floatToRawIntBits(expected[i]));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void everyBfloat16IsWidenedExactlyNanIncluded(Kernels kernels) {
        float[] expected = TestData.floats("dequant/bf16_all65536.f32.bin");
        assertThat(bits(dequantize(kernels, BlockFormat.BF16, everyShort(), expected.length)))
                .isEqualTo(bits(expected));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void floatsAreCopiedBitForBit(Kernels kernels) {
        int[] patterns = {0, 1, 0x80000000, 0x7F800000, 0x7F800001, 0xFFC12345, 0x3F800001, 0x007FFFFF, 42};
        MemorySegment source = Native.floats(new float[patterns.length]);
        for (int i = 0; i < patterns.length; i++) {
            source.set(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED, i * 4L, patterns[i]);
        }
        assertThat(dequantize(kernels, BlockFormat.F32, source, patterns.length).mismatch(source))
                .isEqualTo(-1);
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void halvesAreRoundedToNearestEven(Kernels kernels) {
        float[] source = TestData.floats("dequant/round_src.f32.bin");
        byte[] expected = TestData.bytes("dequant/round_f16.u16.bin");
        MemorySegment target = Native.bytes(new byte[expected.length + 2]);
        kernels.toHalf(Native.floats(source), 0, target, 0, source.length);
        for (int i = 0; i < source.length; i++) {
            int wanted = (expected[2 * i] & 0xFF) | (expected[2 * i + 1] & 0xFF) << 8;
            assertThat(target.get(Native.SHORT, 2L * i) & 0xFFFF)
                    .as("%a", source[i])
                    .isEqualTo(wanted);
        }
        assertThat(target.get(Native.SHORT, 2L * source.length)).as("guard").isZero();
    }

    @Test
    void everyFormatIsDescribedButThePlainOnes() {
        Set<BlockFormat> described = EnumSet.of(BlockFormat.F32, BlockFormat.F16, BlockFormat.BF16);
        describedFormats()
                .forEach(arguments -> described.add((BlockFormat) arguments.get()[1]));

        assertThat(Codecs.supported()).isEqualTo(described);
        implementations().forEach(kernels -> assertThat(described).allMatch(kernels::supports));
    }

    @Test
    void aFormatWithoutCodecIsRefusedWithTheOnesThatHaveOne() {
        implementations().forEach(kernels -> {
            assertThat(kernels.supports(BlockFormat.Q8_1)).isFalse();
            assertThatThrownBy(() -> dequantize(kernels, BlockFormat.Q8_1, Native.bytes(new byte[36]), 32))
                    .isInstanceOf(UnsupportedFormatException.class)
                    .hasMessageContaining("Q8_1")
                    .hasMessageContaining("Q4_K, Q5_K, Q6_K");
            WeightMatrix matrix = new WeightMatrix(BlockFormat.I64, 1, 1, Native.bytes(new byte[8]));
            MemorySegment one = Native.floats(1);
            assertThatThrownBy(() -> kernels.multiply(matrix, 0, 1, one, 0, 1, 1, one, 0, 1))
                    .isInstanceOf(UnsupportedFormatException.class)
                    .hasMessageContaining("I64");
        });
    }

    private static MemorySegment dequantize(Kernels kernels, BlockFormat format, MemorySegment blocks, int count) {
        MemorySegment target = Native.floats(new float[count]);
        kernels.dequantize(format, blocks, 0, target, 0, count);
        return target;
    }

    private static MemorySegment everyShort() {
        MemorySegment source = Native.bytes(new byte[2 * 65536]);
        for (int i = 0; i < 65536; i++) {
            source.set(Native.SHORT.withOrder(ByteOrder.LITTLE_ENDIAN), 2L * i, (short) i);
        }
        return source;
    }

    private static int[] bits(MemorySegment floats) {
        return floats.toArray(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED);
    }

    private static int[] bits(float[] floats) {
        int[] bits = new int[floats.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(floats[i]);
        }
        return bits;
    }
}
