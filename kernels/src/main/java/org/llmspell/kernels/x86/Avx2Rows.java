package org.llmspell.kernels.x86;

import java.util.List;
import org.llmspell.kernels.CacheFormat;

/** The operations on single rows in code of AVX2. Thread-safe. Arguments are addresses and must be checked before. */
final class Avx2Rows implements Rows {
    private static final int LANES = 8;

    private final Routine dot = Routine.of(Avx2RowCode::dot);
    private final Routine add = Routine.of(Avx2RowCode::add);
    private final Routine addScaled = Routine.of(Avx2RowCode::addScaled);
    private final Routine addProduct = Routine.of(Avx2RowCode::addProduct);
    private final Routine multiply = Routine.of(Avx2RowCode::multiply);
    private final Routine rotateHalves = Routine.of(Avx2RowCode::rotateHalves);
    private final Routine rotateNeighbours = Routine.of(Avx2RowCode::rotateNeighbours);
    private final Routine toHalf = Routine.of(Avx2RowCode::toHalf);
    private final Routine toBytes = Routine.of(Avx2RowCode::toBytes);
    private final Routine rmsNorm = Routine.of(Avx2NormCode::rmsNorm);
    private final Routine layerNorm = Routine.of(Avx2NormCode::layerNorm);
    private final Routine softmax = Routine.of(Avx2NormCode::softmax);
    private final Routine silu = Routine.of(Avx2GateCode::silu);
    private final Routine siluMultiply = Routine.of(Avx2GateCode::siluMultiply);
    private final Routine sigmoidMultiply = Routine.of(Avx2GateCode::sigmoidMultiply);
    private final Routine gelu = Routine.of(Avx2GateCode::gelu);
    private final Routine geluMultiply = Routine.of(Avx2GateCode::geluMultiply);
    private final Routine reluSquared = Routine.of(Avx2GateCode::reluSquared);
    private final Routine xielu = Routine.of(Avx2GateCode::xielu);
    private final Routine clampedSiluMultiply = Routine.of(Avx2GateCode::clampedSiluMultiply);
    private final ThreadLocal<Block> blocks = ThreadLocal.withInitial(Block::new);

    /** All code there is. */
    List<Routine> routines() {
        return List.of(
                dot,
                add,
                addScaled,
                addProduct,
                multiply,
                rotateHalves,
                rotateNeighbours,
                toHalf,
                toBytes,
                rmsNorm,
                layerNorm,
                softmax,
                silu,
                siluMultiply,
                sigmoidMultiply,
                gelu,
                geluMultiply,
                reluSquared,
                xielu,
                clampedSiluMultiply);
    }

    @Override
    public float dot(long x, long y, int count) {
        Block block = blocks.get().operands(x, y, 0, 0).count(count);
        block.run(dot);
        return block.arguments.result(Avx2RowCode.FIRST_NUMBER);
    }

    @Override
    public void add(long x, long y, int count) {
        blocks.get().operands(x, y, 0, 0).count(count).run(add);
    }

    @Override
    public void addScaled(long x, long y, float scale, int count) {
        blocks.get().operands(x, y, 0, 0).count(count).numbers(scale, 0, 0, 0).run(addScaled);
    }

    @Override
    public void addProduct(long x, long y, long z, int count) {
        blocks.get().operands(x, y, z, 0).count(count).run(addProduct);
    }

    @Override
    public void multiply(long x, long y, int count) {
        blocks.get().operands(x, y, 0, 0).count(count).run(multiply);
    }

    @Override
    public void rotateHalves(long x, long cos, long sin, int pairs) {
        long second = x + (long) Float.BYTES * pairs;
        blocks.get().operands(x, second, cos, sin).count(pairs).run(rotateHalves);
    }

    @Override
    public void rotateNeighbours(long x, long cos, long sin, int pairs) {
        blocks.get().operands(x, 0, cos, sin).count(2 * pairs).run(rotateNeighbours);
    }

    @Override
    public void toHalf(long x, long halves, int count) {
        blocks.get().operands(x, halves, 0, 0).count(count).run(toHalf);
    }

    @Override
    public void toBytes(long x, long bytes, int count) {
        Block block = blocks.get().operands(x, bytes, 0, 0);
        block.arguments.set(Avx2RowCode.VECTORS, count / CacheFormat.BLOCK);
        block.arguments.set(Avx2RowCode.REST, count % CacheFormat.BLOCK);
        block.run(toBytes);
    }

    @Override
    public void rmsNorm(long out, long x, long weight, int count, float epsilon) {
        blocks.get()
                .operands(out, x, weight, 0)
                .count(count)
                .numbers(1f / count, epsilon, 0, 0)
                .run(rmsNorm);
    }

    @Override
    public void layerNorm(long out, long x, long weight, long bias, int count, float epsilon) {
        blocks.get()
                .operands(out, x, 0, 0)
                .count(count)
                .numbers(1f / count, epsilon, 0, 0)
                .run(layerNorm);
        if (weight != 0) {
            multiply(out, weight, count);
        }
        if (bias != 0) {
            add(out, bias, count);
        }
    }

    @Override
    public void softmax(long x, int count) {
        blocks.get().operands(x, 0, 0, 0).count(count).run(softmax);
    }

    @Override
    public void silu(long x, int count) {
        blocks.get().operands(x, 0, 0, 0).count(count).run(silu);
    }

    @Override
    public void siluMultiply(long gate, long up, int count) {
        blocks.get().operands(gate, up, 0, 0).count(count).run(siluMultiply);
    }

    @Override
    public void sigmoidMultiply(long gate, long up, int count) {
        blocks.get().operands(gate, up, 0, 0).count(count).run(sigmoidMultiply);
    }

    @Override
    public void gelu(long x, int count) {
        blocks.get().operands(x, 0, 0, 0).count(count).run(gelu);
    }

    @Override
    public void geluMultiply(long gate, long up, int count) {
        blocks.get().operands(gate, up, 0, 0).count(count).run(geluMultiply);
    }

    @Override
    public void reluSquared(long x, int count) {
        blocks.get().operands(x, 0, 0, 0).count(count).run(reluSquared);
    }

    @Override
    public void xielu(long x, int count, float negative, float positive, float beta, float epsilon) {
        blocks.get()
                .operands(x, 0, 0, 0)
                .count(count)
                .numbers(negative, positive, beta, epsilon)
                .run(xielu);
    }

    @Override
    public void clampedSiluMultiply(long gate, long up, int count, float alpha, float limit) {
        blocks.get()
                .operands(gate, up, 0, 0)
                .count(count)
                .numbers(alpha, limit, 0, 0)
                .run(clampedSiluMultiply);
    }

    /** A thread's arguments, in groups as the code takes them. */
    private static final class Block {
        private final Arguments arguments = new Arguments(Avx2RowCode.ARGUMENT_BYTES);

        Block operands(long a, long b, long c, long d) {
            arguments.set(Avx2RowCode.A, a);
            arguments.set(Avx2RowCode.B, b);
            arguments.set(Avx2RowCode.C, c);
            arguments.set(Avx2RowCode.D, d);
            return this;
        }

        Block count(int count) {
            int rest = count % LANES;
            arguments.set(Avx2RowCode.VECTORS, count / LANES);
            arguments.set(Avx2RowCode.REST, rest);
            arguments.set(Avx2RowCode.MASK, rest == 0 ? 0 : Avx2RowCode.mask(rest));
            arguments.set(Avx2RowCode.HALF_MASK, Avx2RowCode.mask(rest / 2));
            return this;
        }

        Block numbers(float first, float second, float third, float fourth) {
            arguments.setFloat(Avx2RowCode.FIRST_NUMBER, first);
            arguments.setFloat(Avx2RowCode.SECOND_NUMBER, second);
            arguments.setFloat(Avx2RowCode.THIRD_NUMBER, third);
            arguments.setFloat(Avx2RowCode.FOURTH_NUMBER, fourth);
            return this;
        }

        void run(Routine code) {
            arguments.call(code);
        }
    }
}
