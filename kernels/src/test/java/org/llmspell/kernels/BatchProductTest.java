package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.gguf.BlockFormat;

/** Products in two steps, as the layers take them: in shares of tokens, then of rows. */
class BatchProductTest {
    private static final int ROWS = 45;
    private static final int TOKENS = 40;
    private static final byte GUARD = (byte) 0xFF;

    /** All that have products with that many tokens. */
    static List<Arguments> products() {
        List<Arguments> cases = new ArrayList<>();
        for (BlockFormat format : BlockFormat.values()) {
            Implementations.all()
                    .filter(kernels -> kernels.supports(format))
                    .filter(kernels -> kernels.batchProduct(weights(format), TOKENS) != null)
                    .forEach(kernels -> cases.add(Arguments.of(kernels, format)));
        }
        return cases;
    }

    /** Rows of several panels, the last one not whole. */
    private static WeightMatrix weights(BlockFormat format) {
        int columns = format.blockElements() == 1 ? 555 : 3 * format.blockElements();
        return RandomWeights.matrix(format, ROWS, columns, new Random(8));
    }

    private static BatchProduct product(Kernels kernels, WeightMatrix weights) {
        return Objects.requireNonNull(kernels.batchProduct(weights, TOKENS));
    }

    @ParameterizedTest(name = "{0} {1}", allowZeroInvocations = true)
    @MethodSource("products")
    void sharesOfTokensAndRowsGiveTheProductAtOnce(Kernels kernels, BlockFormat format) {
        WeightMatrix weights = weights(format);
        BatchProduct product = product(kernels, weights);
        int stride = weights.columns() + 3;
        MemorySegment x = Native.floats(RandomWeights.gaussians(2 + stride * TOKENS, new Random(9)));
        MemorySegment atOnce = Native.floats(new float[ROWS * TOKENS]);
        kernels.multiply(weights, 0, ROWS, x, 2, stride, TOKENS, atOnce, 0, ROWS);

        long bytes = product.preparedBytes(weights.columns(), TOKENS);
        MemorySegment memory = Arena.ofAuto().allocate(bytes + 64, 64);
        // What is not prepared is no number, and so is every product with it.
        memory.fill(GUARD);
        MemorySegment prepared = memory.asSlice(0, bytes);
        int together = product.tokensTogether();
        for (int[] share : new int[][] {{2 * together, TOKENS}, {0, together}, {together, 2 * together}}) {
            product.prepare(x, 2, stride, weights.columns(), TOKENS, share[0], share[1], prepared);
        }
        MemorySegment out = Native.floats(new float[ROWS * TOKENS]);
        for (int[] share : new int[][] {{33, ROWS}, {0, 7}, {7, 33}}) {
            product.multiply(weights, share[0], share[1], prepared, TOKENS, out, 0, ROWS);
        }

        assertThat(Native.array(out)).isEqualTo(Native.array(atOnce));
        byte[] after = memory.asSlice(bytes).toArray(ValueLayout.JAVA_BYTE);
        assertThat(after).as("behind the prepared activations").containsOnly(GUARD);
    }

    @ParameterizedTest(name = "{0} {1}", allowZeroInvocations = true)
    @MethodSource("products")
    void whatCannotBeReachedIsRefused(Kernels kernels, BlockFormat format) {
        WeightMatrix weights = weights(format);
        BatchProduct product = product(kernels, weights);
        int columns = weights.columns();
        MemorySegment x = Native.floats(new float[columns * TOKENS]);
        long bytes = product.preparedBytes(columns, TOKENS);
        MemorySegment prepared = Arena.ofAuto().allocate(bytes, 64);
        MemorySegment small = prepared.asSlice(0, bytes - 1);
        MemorySegment out = Native.floats(new float[ROWS * TOKENS]);

        assertOutside(() -> product.prepare(x, 0, columns, columns, TOKENS, 0, TOKENS, small));
        assertOutside(() -> product.prepare(x, 1, columns, columns, TOKENS, 0, TOKENS, prepared));
        assertOutside(() -> product.prepare(x, -1, columns, columns, TOKENS, 0, TOKENS, prepared));
        assertOutside(() -> product.prepare(x, 0, columns + 1, columns, TOKENS, 0, TOKENS, prepared));
        assertOutside(() -> product.prepare(x, 0, -1, columns, TOKENS, 0, TOKENS, prepared));
        assertOutside(() -> product.prepare(x, 0, columns, columns, TOKENS, 0, TOKENS + 1, prepared));
        assertOutside(() -> product.prepare(x, 0, columns, columns, TOKENS, -16, TOKENS, prepared));
        assertOutside(() -> product.prepare(x, 0, columns, columns, TOKENS, 32, 16, prepared));
        if (product.tokensTogether() > 1) {
            assertOutside(() -> product.prepare(x, 0, columns, columns, TOKENS, 1, TOKENS, prepared));
            assertOutside(() -> product.prepare(x, 0, columns, columns, TOKENS, 0, 1, prepared));
        }
        assertNonsense(() -> product.prepare(x, 0, 0, 0, TOKENS, 0, TOKENS, prepared));
        assertNonsense(() -> product.prepare(x, 0, 0, -columns, TOKENS, 0, TOKENS, prepared));
        MemorySegment heap = MemorySegment.ofArray(new float[columns * TOKENS]);
        assertNonsense(() -> product.prepare(heap, 0, columns, columns, TOKENS, 0, TOKENS, prepared));
        assertNonsense(() -> product.prepare(x, 0, columns, columns, TOKENS, 0, TOKENS, prepared.asReadOnly()));

        assertOutside(() -> product.multiply(weights, 0, ROWS, small, TOKENS, out, 0, ROWS));
        assertOutside(() -> product.multiply(weights, 0, ROWS + 1, prepared, TOKENS, out, 0, ROWS));
        assertOutside(() -> product.multiply(weights, -1, ROWS, prepared, TOKENS, out, 0, ROWS));
        assertOutside(() -> product.multiply(weights, 0, ROWS, prepared, TOKENS, out, 1, ROWS));
        assertOutside(() -> product.multiply(weights, 0, ROWS, prepared, TOKENS, out, -1, ROWS));
        assertOutside(() -> product.multiply(weights, 0, ROWS, prepared, TOKENS, out, 0, ROWS + 1));
        // All tokens' results at one place, so that only the prepared activations are too few.
        assertOutside(() -> product.multiply(weights, 0, ROWS, prepared, Integer.MAX_VALUE, out, 0, 0));
        assertNonsense(() -> product.multiply(weights, 0, ROWS, prepared, -1, out, 0, ROWS));
        assertNonsense(() -> product.multiply(weights, 0, ROWS, prepared, TOKENS, out.asReadOnly(), 0, ROWS));
        MemorySegment heapOut = MemorySegment.ofArray(new float[ROWS * TOKENS]);
        assertNonsense(() -> product.multiply(weights, 0, ROWS, prepared, TOKENS, heapOut, 0, ROWS));

        product.prepare(x, 0, columns, columns, TOKENS, 16, 16, prepared);
        product.multiply(weights, 5, 5, prepared, TOKENS, out, 0, ROWS);
        product.multiply(weights, 0, ROWS, prepared, 0, out, 0, ROWS);
        assertThat(prepared.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        assertThat(Native.array(out)).containsOnly(0);
    }

    @ParameterizedTest(name = "{0} {1}", allowZeroInvocations = true)
    @MethodSource("products")
    void weightsWhoseActivationsTakeAnotherFormAreRefused(Kernels kernels, BlockFormat format) {
        WeightMatrix weights = weights(format);
        BatchProduct product = product(kernels, weights);
        for (BlockFormat other : new BlockFormat[] {BlockFormat.Q4_K, BlockFormat.Q8_0}) {
            WeightMatrix others = weights(other);
            // Dense products, which take tokens by sixteens, prepare activations alike for all.
            if (product.tokensTogether() > 1 || product.equals(kernels.batchProduct(others, TOKENS))) {
                continue;
            }
            long bytes = product.preparedBytes(others.columns(), TOKENS);
            MemorySegment prepared = Arena.ofAuto().allocate(bytes, 64);
            MemorySegment out = Native.floats(new float[ROWS * TOKENS]);
            assertNonsense(() -> product.multiply(others, 0, ROWS, prepared, TOKENS, out, 0, ROWS));
        }
    }

    private static void assertOutside(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static void assertNonsense(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class);
    }
}
