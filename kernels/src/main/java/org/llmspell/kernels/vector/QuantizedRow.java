package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.B2F;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.B16;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.WIDTH;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;

/**
 * What can be done with an unpacked slab of a row, whatever its format was: multiply it with activations, or write it out as
 * floats. Sixteen bytes become floats at a time, which is one, two or four vectors; the conditions on {@code LANES} are
 * constants to the compiler.
 */
final class QuantizedRow {
    private QuantizedRow() {}

    /**
     * {@code Σ (scale·quant − minimum) · x} over {@code count} elements, as Σ scale·(Σ quant·x) − Σ minimum·(Σ x).
     *
     * @param x address of the activations
     * @param sums address of the sums of activations by sub-block, see {@link #sums}
     */
    static float dot(QuantFormat format, Scratch scratch, long x, long sums, int count) {
        float product = format.subBlock() == 32
                ? dot32(scratch.quants(), scratch.scales(), x, count / 32)
                : dot16(scratch.quants(), scratch.scales(), x, count / 16);
        return format.minima() ? product - Dense.dot(scratch.minima(), sums, count / format.subBlock()) : product;
    }

    private static float dot32(long quants, long scales, long x, int subBlocks) {
        FloatVector even = FloatVector.zero(F);
        FloatVector odd = FloatVector.zero(F);
        for (int s = 0; s < subBlocks; s++) {
            ByteVector low = ByteVector.fromMemorySegment(B16, ALL, quants, ORDER);
            ByteVector high = ByteVector.fromMemorySegment(B16, ALL, quants + 16, ORDER);
            FloatVector a =
                    ((FloatVector) low.convertShape(B2F, F, 0)).mul(FloatVector.fromMemorySegment(F, ALL, x, ORDER));
            FloatVector b = ((FloatVector) high.convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x + 64, ORDER));
            if (LANES <= 8) {
                a = ((FloatVector) low.convertShape(B2F, F, 1))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + WIDTH, ORDER), a);
                b = ((FloatVector) high.convertShape(B2F, F, 1))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 64 + WIDTH, ORDER), b);
            }
            if (LANES <= 4) {
                a = ((FloatVector) low.convertShape(B2F, F, 2))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 32, ORDER), a);
                b = ((FloatVector) high.convertShape(B2F, F, 2))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 96, ORDER), b);
                a = ((FloatVector) low.convertShape(B2F, F, 3))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 48, ORDER), a);
                b = ((FloatVector) high.convertShape(B2F, F, 3))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 112, ORDER), b);
            }
            FloatVector scale = FloatVector.broadcast(F, Simd.getFloat(scales));
            even = a.fma(scale, even);
            odd = b.fma(scale, odd);
            quants += 32;
            scales += 4;
            x += 128;
        }
        return even.add(odd).reduceLanes(ADD);
    }

    private static float dot16(long quants, long scales, long x, int subBlocks) {
        FloatVector even = FloatVector.zero(F);
        FloatVector odd = FloatVector.zero(F);
        for (int s = 0; s < subBlocks; s += 2) {
            ByteVector low = ByteVector.fromMemorySegment(B16, ALL, quants, ORDER);
            ByteVector high = ByteVector.fromMemorySegment(B16, ALL, quants + 16, ORDER);
            FloatVector a =
                    ((FloatVector) low.convertShape(B2F, F, 0)).mul(FloatVector.fromMemorySegment(F, ALL, x, ORDER));
            FloatVector b = ((FloatVector) high.convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x + 64, ORDER));
            if (LANES <= 8) {
                a = ((FloatVector) low.convertShape(B2F, F, 1))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + WIDTH, ORDER), a);
                b = ((FloatVector) high.convertShape(B2F, F, 1))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 64 + WIDTH, ORDER), b);
            }
            if (LANES <= 4) {
                a = ((FloatVector) low.convertShape(B2F, F, 2))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 32, ORDER), a);
                b = ((FloatVector) high.convertShape(B2F, F, 2))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 96, ORDER), b);
                a = ((FloatVector) low.convertShape(B2F, F, 3))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 48, ORDER), a);
                b = ((FloatVector) high.convertShape(B2F, F, 3))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 112, ORDER), b);
            }
            even = a.fma(FloatVector.broadcast(F, Simd.getFloat(scales)), even);
            odd = b.fma(FloatVector.broadcast(F, Simd.getFloat(scales + 4)), odd);
            quants += 32;
            scales += 8;
            x += 128;
        }
        return even.add(odd).reduceLanes(ADD);
    }

    /** Writes {@code count} elements as {@code quant · scale − minimum}, each operation rounded on its own as ggml does. */
    static void expand(QuantFormat format, Scratch scratch, long target, int count) {
        if (format.minima()) {
            expandWithMinima(scratch, target, count / 16, format.subBlock() / 16);
        } else {
            expand(scratch, target, count / 16, format.subBlock() / 16);
        }
    }

    private static void expand(Scratch scratch, long target, int sixteens, int perScale) {
        long quants = scratch.quants();
        long scales = scratch.scales();
        for (int s = 0; s < sixteens; s++) {
            ByteVector q = ByteVector.fromMemorySegment(B16, ALL, quants, ORDER);
            float scale = Simd.getFloat(scales + s / perScale * 4L);
            ((FloatVector) q.convertShape(B2F, F, 0)).mul(scale).intoMemorySegment(ALL, target, ORDER);
            if (LANES <= 8) {
                ((FloatVector) q.convertShape(B2F, F, 1)).mul(scale).intoMemorySegment(ALL, target + WIDTH, ORDER);
            }
            if (LANES <= 4) {
                ((FloatVector) q.convertShape(B2F, F, 2)).mul(scale).intoMemorySegment(ALL, target + 32, ORDER);
                ((FloatVector) q.convertShape(B2F, F, 3)).mul(scale).intoMemorySegment(ALL, target + 48, ORDER);
            }
            quants += 16;
            target += 64;
        }
    }

    private static void expandWithMinima(Scratch scratch, long target, int sixteens, int perScale) {
        long quants = scratch.quants();
        for (int s = 0; s < sixteens; s++) {
            ByteVector q = ByteVector.fromMemorySegment(B16, ALL, quants, ORDER);
            float scale = Simd.getFloat(scratch.scales() + s / perScale * 4L);
            float minimum = Simd.getFloat(scratch.minima() + s / perScale * 4L);
            ((FloatVector) q.convertShape(B2F, F, 0)).mul(scale).sub(minimum).intoMemorySegment(ALL, target, ORDER);
            if (LANES <= 8) {
                ((FloatVector) q.convertShape(B2F, F, 1))
                        .mul(scale)
                        .sub(minimum)
                        .intoMemorySegment(ALL, target + WIDTH, ORDER);
            }
            if (LANES <= 4) {
                ((FloatVector) q.convertShape(B2F, F, 2))
                        .mul(scale)
                        .sub(minimum)
                        .intoMemorySegment(ALL, target + 32, ORDER);
                ((FloatVector) q.convertShape(B2F, F, 3))
                        .mul(scale)
                        .sub(minimum)
                        .intoMemorySegment(ALL, target + 48, ORDER);
            }
            quants += 16;
            target += 64;
        }
    }

    /** Writes the sum of every {@code subBlock} activations; {@code subBlock} is 16 or 32. */
    static void sums(long x, int count, int subBlock, long target) {
        for (int done = 0; done < count; done += subBlock) {
            FloatVector sum = FloatVector.zero(F);
            for (int i = 0; i < subBlock; i += LANES) {
                sum = sum.add(FloatVector.fromMemorySegment(F, ALL, x + 4L * (done + i), ORDER));
            }
            Simd.setFloat(target, sum.reduceLanes(ADD));
            target += 4;
        }
    }
}
