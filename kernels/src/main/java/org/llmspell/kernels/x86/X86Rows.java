package org.llmspell.kernels.x86;

import java.util.function.Consumer;
import org.llmspell.kernels.CacheFormat;

/** The operations on single rows in assembled code. Thread-safe. Arguments are addresses and must be checked before. */
final class X86Rows implements Rows {
    /** What there is code for. */
    @SuppressWarnings("ImmutableEnumChecker") // a routine changes but once, when it is assembled
    private enum Operation {
        DOT(RowCode::dot),
        ADD(RowCode::add),
        MULTIPLY(RowCode::multiply),
        ADD_SCALED(RowCode::addScaled),
        ADD_PRODUCT(RowCode::addProduct),
        ROTATE_HALVES(RowCode::rotateHalves),
        ROTATE_NEIGHBOURS(RowCode::rotateNeighbours),
        TO_HALF(RowCode::toHalf),
        TO_BYTES(ByteCode::write),
        RMS_NORM(NormCode::rmsNorm),
        STANDARDIZE(a -> NormCode.layerNorm(a, false, false)),
        LAYER_NORM_OF_WEIGHT(a -> NormCode.layerNorm(a, true, false)),
        LAYER_NORM_OF_BIAS(a -> NormCode.layerNorm(a, false, true)),
        LAYER_NORM(a -> NormCode.layerNorm(a, true, true)),
        SOFTMAX(NormCode::softmax),
        SILU(a -> GateCode.silu(a, false)),
        SILU_MULTIPLY(a -> GateCode.silu(a, true)),
        GELU(a -> GateCode.gelu(a, false)),
        GELU_MULTIPLY(a -> GateCode.gelu(a, true)),
        SIGMOID_MULTIPLY(GateCode::sigmoidMultiply),
        CLAMPED_SILU_MULTIPLY(GateCode::clampedSiluMultiply),
        RELU_SQUARED(GateCode::reluSquared),
        XIELU(GateCode::xielu);

        private final Routine code;

        Operation(Consumer<Assembler> code) {
            this.code = Routine.of(code);
        }
    }

    private final ThreadLocal<Arguments> arguments =
            ThreadLocal.withInitial(() -> new Arguments(RowCode.ARGUMENT_BYTES));

    @Override
    public float dot(long a, long b, int count) {
        return run(Operation.DOT, a, b, 0, 0, count).result(RowCode.FIRST_NUMBER);
    }

    @Override
    public void add(long x, long y, int count) {
        run(Operation.ADD, x, y, 0, 0, count);
    }

    @Override
    public void multiply(long x, long y, int count) {
        run(Operation.MULTIPLY, x, y, 0, 0, count);
    }

    @Override
    public void addScaled(long x, long y, float scale, int count) {
        run(Operation.ADD_SCALED, x, y, 0, 0, count, scale);
    }

    /** {@code x += y · z}. */
    @Override
    public void addProduct(long x, long y, long z, int count) {
        run(Operation.ADD_PRODUCT, x, y, z, 0, count);
    }

    @Override
    public void rmsNorm(long out, long x, long weight, int count, float epsilon) {
        run(Operation.RMS_NORM, out, x, weight, 0, count, 1f / count, epsilon);
    }

    /** Addresses 0 for no weight and no bias. */
    @Override
    public void layerNorm(long out, long x, long weight, long bias, int count, float epsilon) {
        Operation operation = weight == 0
                ? bias == 0 ? Operation.STANDARDIZE : Operation.LAYER_NORM_OF_BIAS
                : bias == 0 ? Operation.LAYER_NORM_OF_WEIGHT : Operation.LAYER_NORM;
        run(operation, out, x, weight, bias, count, 1f / count, epsilon);
    }

    @Override
    public void softmax(long x, int count) {
        run(Operation.SOFTMAX, x, 0, 0, 0, count);
    }

    @Override
    public void silu(long x, int count) {
        run(Operation.SILU, x, 0, 0, 0, count);
    }

    @Override
    public void siluMultiply(long gate, long up, int count) {
        run(Operation.SILU_MULTIPLY, gate, up, 0, 0, count);
    }

    @Override
    public void gelu(long x, int count) {
        run(Operation.GELU, x, 0, 0, 0, count);
    }

    @Override
    public void geluMultiply(long gate, long up, int count) {
        run(Operation.GELU_MULTIPLY, gate, up, 0, 0, count);
    }

    @Override
    public void sigmoidMultiply(long gate, long up, int count) {
        run(Operation.SIGMOID_MULTIPLY, gate, up, 0, 0, count);
    }

    @Override
    public void clampedSiluMultiply(long gate, long up, int count, float alpha, float limit) {
        run(Operation.CLAMPED_SILU_MULTIPLY, gate, up, 0, 0, count, -alpha, limit, -limit);
    }

    @Override
    public void reluSquared(long x, int count) {
        run(Operation.RELU_SQUARED, x, 0, 0, 0, count);
    }

    @Override
    public void xielu(long x, int count, float negative, float positive, float beta, float epsilon) {
        run(Operation.XIELU, x, 0, 0, 0, count, negative, positive, beta, epsilon);
    }

    @Override
    public void rotateHalves(long x, long cos, long sin, int pairs) {
        run(Operation.ROTATE_HALVES, x, x + (long) Float.BYTES * pairs, cos, sin, pairs);
    }

    @Override
    public void rotateNeighbours(long x, long cos, long sin, int pairs) {
        run(Operation.ROTATE_NEIGHBOURS, x, 0, cos, sin, 2 * pairs);
    }

    @Override
    public void toHalf(long x, long halves, int count) {
        run(Operation.TO_HALF, x, halves, 0, 0, count);
    }

    @Override
    public void toBytes(long x, long bytes, int count) {
        Arguments block = arguments.get();
        block.set(ByteCode.X, x);
        block.set(ByteCode.TARGET, bytes);
        block.set(ByteCode.BLOCKS, count / CacheFormat.BLOCK);
        block.set(ByteCode.REST, (1L << count % CacheFormat.BLOCK) - 1);
        block.call(Operation.TO_BYTES.code);
    }

    private Arguments run(Operation operation, long a, long b, long c, long d, int count, float... numbers) {
        Arguments block = arguments.get();
        block.set(RowCode.A, a);
        block.set(RowCode.B, b);
        block.set(RowCode.C, c);
        block.set(RowCode.D, d);
        block.set(RowCode.VECTORS, count / 16);
        block.setInt(RowCode.REST, (1 << count % 16) - 1);
        block.setInt(RowCode.REST_PAIRS, (1 << count % 16 / 2) - 1);
        for (int i = 0; i < numbers.length; i++) {
            block.setFloat(RowCode.FIRST_NUMBER + Float.BYTES * i, numbers[i]);
        }
        block.call(operation.code);
        return block;
    }
}
