package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention against the softmax formula in float64, computed in one piece without pages, tiles or running maxima. */
class AttentionTest {
    private static final float GUARD = 31415;

    static Stream<Kernels> implementations() {
        return Implementations.all();
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void headSizesOfEveryKindAreRight(Kernels kernels) {
        for (int[] dimensions : new int[][] {
            {1, 1},
            {3, 5},
            {16, 16},
            {17, 31},
            {40, 72},
            {64, 64},
            {80, 80},
            {100, 100},
            {128, 128},
            {192, 128},
            {256, 256},
            {128, 512},
            {264, 272},
            {576, 512},
            {1025, 1030}
        }) {
            check(kernels, new Shape(4, 2, dimensions[0], dimensions[1], 16, 5, 70, Integer.MAX_VALUE, 0, null));
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void groupsAndRowCountsOfEveryKindAreRight(Kernels kernels) {
        for (int group : new int[] {1, 2, 3, 4, 5, 8}) {
            for (int rows : new int[] {1, 2, 3, 7, 33}) {
                check(kernels, new Shape(2 * group, 2, 20, 12, 8, rows, 11, Integer.MAX_VALUE, 0, null));
            }
        }
        // More query vectors than one block of them.
        check(kernels, new Shape(8, 1, 16, 16, 32, 70, 0, Integer.MAX_VALUE, 0, null));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void positionsAtAndAroundPageAndTileBoundariesAreRight(Kernels kernels) {
        for (int pageTokens : new int[] {1, 5, 16, 32, 48, 64, 100, 256}) {
            for (int first : new int[] {0, 1, 15, 16, 62, 63, 64, 65, 127, 128, 200, 300}) {
                check(kernels, new Shape(2, 1, 8, 8, pageTokens, 2, first, Integer.MAX_VALUE, 0, null));
                check(kernels, new Shape(2, 1, 32, 16, pageTokens, 2, first, Integer.MAX_VALUE, 0, null));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void aWindowHidesWhatLiesBeforeItAndItsPagesAreNotRead(Kernels kernels) {
        for (int window : new int[] {1, 2, 5, 64, 65, 100}) {
            for (int first : new int[] {0, 3, 64, 150}) {
                check(kernels, new Shape(4, 2, 16, 16, 16, 9, first, window, 0, null));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void manyQueriesOverWholePagesAreRight(Kernels kernels) {
        float[] sinks = {-3, 0, 2.5f, 30, 1, 2, 3, 4};
        for (int[] dimensions :
                new int[][] {{16, 16}, {64, 64}, {80, 48}, {100, 40}, {192, 128}, {256, 256}, {272, 288}}) {
            for (int group : new int[] {1, 3, 8}) {
                int key = dimensions[0];
                int value = dimensions[1];
                check(kernels, new Shape(group, 1, key, value, 32, 37, 29, Integer.MAX_VALUE, 0, null));
                check(kernels, new Shape(group, 1, key, value, 64, 21, 100, 40, 3, sinks));
            }
        }
        // More query vectors than a block of them, and positions at either side of a page's half.
        check(kernels, new Shape(16, 2, 32, 32, 64, 45, 31, Integer.MAX_VALUE, 0, null));
        check(kernels, new Shape(16, 2, 32, 32, 64, 45, 60, 33, 0, null));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void nothingBeyondTheMemoryOfACallIsTouched(Kernels kernels) {
        for (int[] dimensions : new int[][] {{8, 8}, {20, 36}, {64, 64}, {100, 90}}) {
            for (CacheFormat format : CacheFormat.values()) {
                Case problem = new Case(
                        new Shape(4, 1, dimensions[0], dimensions[1], 16, 9, 7, Integer.MAX_VALUE, 0, null),
                        format,
                        new Random(9));
                Case guarded = problem.atTheEndOfTheirMemory();
                float[] expected = problem.run(kernels, 0, 9);
                assertThat(guarded.run(kernels, 0, 9)).isEqualTo(expected);
            }
        }
    }

    /**
     * Those without the Vector API, to which AVX2 leaves attention: it takes a few positions at a time, hidden ones too, and adds lanes
     * up in another order once it is compiled.
     */
    static Stream<Kernels> notOfVectors() {
        return Implementations.all().filter(kernels -> !ofVectors(kernels));
    }

    private static boolean ofVectors(Kernels kernels) {
        return kernels.name().startsWith("vector") || kernels.name().startsWith("avx2");
    }

    @ParameterizedTest
    @MethodSource("notOfVectors")
    void whatIsNoNumberReachesTheRowsThatSeeItAndNoOthers(Kernels kernels) {
        Shape shape = new Shape(8, 1, 32, 32, 32, 40, 0, Integer.MAX_VALUE, 0, null);
        short nan = Float.floatToFloat16(Float.NaN);
        int position = 21;
        for (CacheFormat format : CacheFormat.values()) {
            Case problem = new Case(shape, format, new Random(3));
            // Of bytes it is the scale that all elements share.
            long place = position * format.bytes(32) + (format == CacheFormat.HALF ? 2 * 5 : 0);
            problem.values[0].set(Native.SHORT, place, nan);
            float[] actual = problem.run(kernels, 0, 40);
            for (int row = 0; row < 40; row++) {
                float value = actual[problem.outIndex + row * 8 * 32 + 5];
                assertThat(Float.isNaN(value)).as("%s, row %d", format, row).isEqualTo(row >= position);
            }
            for (int row = 0; row < position; row++) {
                problem.verifyHead(actual, row, 7);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void aRowOfManyIsTheSameWhicheverTheOthersAre(Kernels kernels) {
        for (CacheFormat format : CacheFormat.values()) {
            Case all = new Case(new Shape(4, 2, 48, 48, 32, 40, 50, 60, 0, null), format, new Random(5));
            Implementations.settle(() -> {
                float[] together = all.run(kernels, 0, 40);
                for (int from : new int[] {0, 1, 5, 28}) {
                    all.assertSame(all.run(kernels, from, from + 12), together, from, from + 12);
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void softCapAndSinksTakePartAsTheFormulaSays(Kernels kernels) {
        float[] sinks = {-3, 0, 2.5f, 30};
        check(kernels, new Shape(4, 2, 16, 16, 16, 6, 90, Integer.MAX_VALUE, 3, null));
        check(kernels, new Shape(4, 2, 16, 16, 16, 6, 90, Integer.MAX_VALUE, 0, sinks));
        check(kernels, new Shape(4, 2, 16, 16, 16, 6, 90, 40, 3, sinks));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void aRowIsTheSameWhateverRowsAreComputedWithIt(Kernels kernels) {
        for (CacheFormat format : CacheFormat.values()) {
            for (int dimension : new int[] {24, 48, 160}) {
                Shape shape = new Shape(4, 2, dimension, dimension, 16, 40, 50, 60, 0, null);
                Case all = new Case(shape, format, new Random(5));
                Implementations.settle(() -> {
                    float[] together = all.run(kernels, 0, 40);
                    for (int row : new int[] {0, 1, 13, 14, 39}) {
                        all.assertSame(all.run(kernels, row, row + 1), together, row, row + 1);
                    }
                });
            }
        }
    }

    /** Tokens and the guesses after them go through together: pages and heads of a size that tiles take. */
    @ParameterizedTest
    @MethodSource("notOfVectors")
    void aRowAmongAFewIsTheSameAsAlone(Kernels kernels) {
        for (CacheFormat format : CacheFormat.values()) {
            for (int group : new int[] {2, 4, 16}) {
                Shape shape = new Shape(2 * group, 2, 64, 64, 32, 8, 50, Integer.MAX_VALUE, 0, null);
                Case all = new Case(shape, format, new Random(5));
                float[] together = all.run(kernels, 0, 8);
                for (int row = 0; row < 8; row++) {
                    all.assertSame(all.run(kernels, row, row + 1), together, row, row + 1);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void whatCannotBeReachedIsRefused(Kernels kernels) {
        Case good =
                new Case(new Shape(2, 1, 8, 8, 16, 2, 30, Integer.MAX_VALUE, 0, null), CacheFormat.HALF, new Random(6));
        AttentionCall call = good.call();
        assertOutside(() -> kernels.attention(call, 1, 0, 2));
        assertOutside(() -> kernels.attention(call, 0, 0, 3));
        assertOutside(() -> kernels.attention(call, 0, -1, 2));
        MemorySegment[] few = Arrays.copyOf(good.keys, good.keys.length - 1);
        assertOutside(() -> kernels.attention(good.call(few, good.values, good.out, null), 0, 0, 2));
        MemorySegment[] small = good.values.clone();
        small[0] = small[0].asSlice(0, small[0].byteSize() - 2);
        assertOutside(() -> kernels.attention(good.call(good.keys, small, good.out, null), 0, 0, 2));
        MemorySegment shortOut = good.out.asSlice(0, 4L * (good.outIndex + 2 * 2 * 8 - 1));
        assertOutside(() -> kernels.attention(good.call(good.keys, good.values, shortOut, null), 0, 0, 2));
        assertOutside(() -> kernels.attention(good.call(good.keys, good.values, good.out, new float[1]), 0, 0, 2));
        assertThat(Native.array(good.out)).containsOnly(GUARD);
        Case bytes = new Case(good.shape, CacheFormat.BYTES, new Random(6));
        MemorySegment[] one = bytes.keys.clone();
        one[0] = one[0].asSlice(0, one[0].byteSize() - 1);
        assertOutside(() -> kernels.attention(bytes.call(one, bytes.values, bytes.out, null), 0, 0, 2));
        assertThat(Native.array(bytes.out)).containsOnly(GUARD);
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void noRowsAreNothingToDo(Kernels kernels) {
        Case good =
                new Case(new Shape(2, 1, 8, 8, 16, 2, 30, Integer.MAX_VALUE, 0, null), CacheFormat.HALF, new Random(6));
        assertThat(good.run(kernels, 1, 1)).containsOnly(GUARD);
    }

    @org.junit.jupiter.api.Test
    void shapesThatMeanNothingAreRefused() {
        assertNonsense(new Shape(3, 2, 8, 8, 16, 1, 0, 1, 0, null));
        assertNonsense(new Shape(2, 0, 8, 8, 16, 1, 0, 1, 0, null));
        assertNonsense(new Shape(2, 2, 0, 8, 16, 1, 0, 1, 0, null));
        assertNonsense(new Shape(2, 2, 8, 0, 16, 1, 0, 1, 0, null));
        assertNonsense(new Shape(2, 2, 8, 8, 0, 1, 0, 1, 0, null));
        assertNonsense(new Shape(2, 2, 8, 8, 16, -1, 0, 1, 0, null));
        assertNonsense(new Shape(2, 2, 8, 8, 16, 1, -1, 1, 0, null));
        assertNonsense(new Shape(2, 2, 8, 8, 16, 1, 0, 0, 0, null));
    }

    private static void assertNonsense(Shape s) {
        MemorySegment none = Native.floats();
        MemorySegment[] pages = {};
        AttentionCall call = new AttentionCall(
                s.heads,
                s.kvHeads,
                s.keyDimension,
                s.valueDimension,
                s.pageTokens,
                CacheFormat.HALF,
                none,
                0,
                pages,
                pages,
                none,
                0,
                s.rows,
                s.firstPosition,
                s.window,
                1,
                0,
                null);
        Implementations.all()
                .forEach(kernels -> assertThatThrownBy(() -> kernels.attention(call, 0, 0, 0))
                        .isInstanceOf(IllegalArgumentException.class));
    }

    private static void assertOutside(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static void check(Kernels kernels, Shape shape) {
        for (CacheFormat format : CacheFormat.values()) {
            Case problem = new Case(shape, format, new Random(shape.hashCode()));
            problem.verify(problem.run(kernels, 0, shape.rows), 0, shape.rows);
            int from = shape.rows / 3;
            int to = shape.rows - shape.rows / 4;
            problem.verify(problem.run(kernels, from, to), from, to);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // only read
    private record Shape(
            int heads,
            int kvHeads,
            int keyDimension,
            int valueDimension,
            int pageTokens,
            int rows,
            int firstPosition,
            int window,
            float softcap,
            float @Nullable [] sinks) {
        @Override
        public int hashCode() {
            return Arrays.hashCode(new int[] {heads, keyDimension, valueDimension, pageTokens, rows, firstPosition});
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }
    }

    /** Pages filled at random; what no row may see is NaN. */
    private static final class Case {
        final Shape shape;
        final CacheFormat format;
        final int queryIndex = 3;
        final int outIndex = 5;
        final float scale = 0.4f;
        final float[] query;
        final MemorySegment queryMemory;
        final MemorySegment[] keys;
        final MemorySegment[] values;
        final MemorySegment out;

        Case(Shape shape, CacheFormat format, Random random) {
            this.shape = shape;
            this.format = format;
            query = RandomWeights.gaussians(queryIndex + shape.rows * shape.heads * shape.keyDimension, random);
            queryMemory = Native.floats(query);
            int pages = Math.ceilDiv(shape.firstPosition + shape.rows, shape.pageTokens);
            keys = pages(pages, shape.keyDimension, random);
            values = pages(pages, shape.valueDimension, random);
            float[] guards = new float[outIndex + shape.rows * shape.heads * shape.valueDimension + 2];
            Arrays.fill(guards, GUARD);
            out = Native.floats(guards);
        }

        private Case(Case other) {
            shape = other.shape;
            format = other.format;
            query = other.query;
            queryMemory = guarded(other.queryMemory);
            keys = Stream.of(other.keys).map(Case::guarded).toArray(MemorySegment[]::new);
            values = Stream.of(other.values).map(Case::guarded).toArray(MemorySegment[]::new);
            out = guarded(other.out);
        }

        /** The same, in memory after which nothing can be read or written. */
        Case atTheEndOfTheirMemory() {
            return new Case(this);
        }

        private static MemorySegment guarded(MemorySegment memory) {
            return new GuardedMemory(memory.byteSize())
                    .ending(memory.byteSize())
                    .copyFrom(memory);
        }

        private MemorySegment[] pages(int count, int dimension, Random random) {
            MemorySegment[] pages = new MemorySegment[count];
            int firstVisible = Math.max(0, shape.firstPosition - Math.min(shape.window, 1 << 20) + 1);
            for (int page = 0; page < count; page++) {
                float[] numbers = RandomWeights.gaussians(shape.kvHeads * shape.pageTokens * dimension, random);
                for (int i = 0; i < numbers.length; i++) {
                    int position = page * shape.pageTokens + i / dimension % shape.pageTokens;
                    if (position >= shape.firstPosition + shape.rows || position < firstVisible) {
                        numbers[i] = Float.NaN;
                    }
                }
                pages[page] = format == CacheFormat.HALF ? Native.halves(numbers) : bytes(numbers, dimension);
            }
            return pages;
        }

        /** Heads of bytes, each block with a scale of its own, which is NaN where the numbers are. */
        private static MemorySegment bytes(float[] numbers, int dimension) {
            ByteBuffer bytes = ByteBuffer.allocate(3 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < numbers.length; i++) {
                if (i % dimension % 32 == 0) {
                    bytes.putShort(Float.floatToFloat16(0.01f + Math.abs(numbers[i]) / 100));
                }
                bytes.put((byte) Math.round(40 * numbers[i]));
            }
            return Native.bytes(Arrays.copyOf(bytes.array(), bytes.position()));
        }

        AttentionCall call() {
            return call(keys, values, out, shape.sinks);
        }

        AttentionCall call(
                MemorySegment[] keyPages, MemorySegment[] valuePages, MemorySegment output, float @Nullable [] sinks) {
            return new AttentionCall(
                    shape.heads,
                    shape.kvHeads,
                    shape.keyDimension,
                    shape.valueDimension,
                    shape.pageTokens,
                    format,
                    queryMemory,
                    queryIndex,
                    keyPages,
                    valuePages,
                    output,
                    outIndex,
                    shape.rows,
                    shape.firstPosition,
                    shape.window,
                    scale,
                    shape.softcap,
                    sinks);
        }

        float[] run(Kernels kernels, int rowFrom, int rowTo) {
            out.copyFrom(Native.floats(filled((int) (out.byteSize() / 4))));
            for (int kvHead = 0; kvHead < shape.kvHeads; kvHead++) {
                kernels.attention(call(), kvHead, rowFrom, rowTo);
            }
            return Native.array(out);
        }

        private static float[] filled(int count) {
            float[] guards = new float[count];
            Arrays.fill(guards, GUARD);
            return guards;
        }

        /** The results of some rows agree to the bit. */
        void assertSame(float[] some, float[] others, int rowFrom, int rowTo) {
            int perRow = shape.heads * shape.valueDimension;
            int from = outIndex + rowFrom * perRow;
            int to = outIndex + rowTo * perRow;
            assertThat(Arrays.copyOfRange(some, from, to)).isEqualTo(Arrays.copyOfRange(others, from, to));
        }

        void verify(float[] actual, int rowFrom, int rowTo) {
            int perRow = shape.heads * shape.valueDimension;
            for (int i = 0; i < actual.length; i++) {
                int row = Math.floorDiv(i - outIndex, perRow);
                if (row < rowFrom || row >= rowTo) {
                    assertThat(actual[i]).as("guard %d", i).isEqualTo(GUARD);
                }
            }
            for (int row = rowFrom; row < rowTo; row++) {
                for (int head = 0; head < shape.heads; head++) {
                    verifyHead(actual, row, head);
                }
            }
        }

        private void verifyHead(float[] actual, int row, int head) {
            int kvHead = head / (shape.heads / shape.kvHeads);
            int last = shape.firstPosition + row;
            int first = (int) Math.max(0, (long) last - shape.window + 1);
            double[] weights = new double[last - first + 1];
            float[] sinks = shape.sinks;
            double total = sinks == null ? 0 : Math.exp(sinks[head]);
            for (int p = first; p <= last; p++) {
                double dot = 0;
                for (int i = 0; i < shape.keyDimension; i++) {
                    dot += (double) query[queryIndex + (row * shape.heads + head) * shape.keyDimension + i]
                            * element(keys, kvHead, p, shape.keyDimension, i);
                }
                double score = dot * scale;
                if (shape.softcap != 0) {
                    score = shape.softcap * Math.tanh(score / shape.softcap);
                }
                weights[p - first] = Math.exp(score);
                total += weights[p - first];
            }
            for (int i = 0; i < shape.valueDimension; i++) {
                double expected = 0;
                double magnitude = 0;
                for (int p = first; p <= last; p++) {
                    double term = weights[p - first] / total * element(values, kvHead, p, shape.valueDimension, i);
                    expected += term;
                    magnitude += Math.abs(term);
                }
                float value = actual[outIndex + (row * shape.heads + head) * shape.valueDimension + i];
                // A score of size 30 is exact to 30 · 2⁻²⁴, which is the weight's relative error; less so as a sum of
                // many terms.
                double bound = 1e-5 * Math.max(1, shape.keyDimension / 128.0);
                if (!(Math.abs(value - expected) <= bound * magnitude)) {
                    throw new AssertionError("%s, row %d, head %d, element %d: %s instead of %s"
                            .formatted(shape, row, head, i, value, expected));
                }
            }
        }

        private float element(MemorySegment[] pages, int kvHead, int position, int dimension, int i) {
            int inPage = kvHead * shape.pageTokens + position % shape.pageTokens;
            MemorySegment page = pages[position / shape.pageTokens];
            if (format == CacheFormat.HALF) {
                return Float.float16ToFloat(page.get(Native.SHORT, 2L * (inPage * dimension + i)));
            }
            long head = inPage * (dimension + 2L * ((dimension + 31) / 32));
            long block = head + i / 32 * 34L;
            return Float.float16ToFloat(page.get(Native.SHORT, block))
                    * page.get(ValueLayout.JAVA_BYTE, block + 2 + i % 32);
        }
    }
}
