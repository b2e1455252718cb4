package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.B2F;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.FLOAT;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.Q;
import static org.llmspell.kernels.vector.Simd.WIDTH;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;

/**
 * What can be done with an unpacked slab of a row, whatever its format was: multiply it with activations, or write it out as
 * floats. Sixteen bytes at a time become one, two or four vectors of floats; the conditions on {@code LANES} are constants to the
 * compiler. A narrow vector's bytes are loaded on their own: converting the later parts of a loaded vector takes shuffles.
 */
final class QuantizedRow {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private QuantizedRow() {}

    /**
     * {@code Σ (scale·quant − minimum) · x} over {@code count} elements, as Σ scale·(Σ quant·x) − Σ minimum·(Σ x).
     *
     * @param x address of the activations
     * @param sums address of the sums of activations by sub-block, see {@link #sums}
     * @param ahead address of what will be unpacked next: it is touched, {@code aheadStep} bytes further every 32 elements, so
     *     that it comes from memory while this slab is multiplied
     */
    static float dot(QuantFormat format, Scratch scratch, long x, long sums, int count, long ahead, int aheadStep) {
        // The second half of 32 quants has a scale of its own, or the first half's.
        int secondScale = format.subBlock() == 32 ? 0 : Float.BYTES;
        float product = dot(scratch.quants(), scratch.scales(), secondScale, x, count / 32, ahead, aheadStep);
        return format.minima() ? product - Dense.dot(scratch.minima(), sums, count / format.subBlock()) : product;
    }

    private static float dot(long quants, long scales, int secondScale, long x, int runs, long ahead, int aheadStep) {
        FloatVector even = FloatVector.zero(F);
        FloatVector odd = FloatVector.zero(F);
        long touched = 0;
        for (int s = 0; s < runs; s++) {
            FloatVector a = ((FloatVector)
                            ByteVector.fromMemorySegment(Q, ALL, quants, ORDER).convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x, ORDER));
            FloatVector b = ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 16, ORDER)
                            .convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x + 64, ORDER));
            if (LANES <= 8) {
                a = ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + LANES, ORDER)
                                .convertShape(B2F, F, 0))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + WIDTH, ORDER), a);
                b = ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 16 + LANES, ORDER)
                                .convertShape(B2F, F, 0))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 64 + WIDTH, ORDER), b);
            }
            if (LANES <= 4) {
                a = ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 8, ORDER)
                                .convertShape(B2F, F, 0))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 32, ORDER), a);
                b = ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 24, ORDER)
                                .convertShape(B2F, F, 0))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 96, ORDER), b);
                a = ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 12, ORDER)
                                .convertShape(B2F, F, 0))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 48, ORDER), a);
                b = ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 28, ORDER)
                                .convertShape(B2F, F, 0))
                        .fma(FloatVector.fromMemorySegment(F, ALL, x + 112, ORDER), b);
            }
            even = a.fma(FloatVector.broadcast(F, ALL.get(FLOAT, scales)), even);
            odd = b.fma(FloatVector.broadcast(F, ALL.get(FLOAT, scales + secondScale)), odd);
            quants += 32;
            scales += Float.BYTES + secondScale;
            x += 128;
            touched |= ALL.get(LONG, ahead);
            ahead += aheadStep;
        }
        // Over the last quants, which have been used: what is loaded for nothing, the compiler leaves out.
        ALL.set(LONG, quants - 8, touched);
        return even.add(odd).reduceLanes(ADD);
    }

    /** Writes {@code count} elements as {@code quant · scale − minimum}, each operation rounded on its own as ggml does. */
    static void expand(QuantFormat format, Scratch scratch, long target, int count) {
        if (format.minima()) {
            expandWithMinima(scratch, target, count / 16, format.subBlock());
        } else {
            expand(scratch, target, count / 16, format.subBlock());
        }
    }

    private static void expand(Scratch scratch, long target, int sixteens, int subBlock) {
        long quants = scratch.quants();
        long scales = scratch.scales();
        // One sixteen has its own scale, or two share one.
        int perScale = subBlock / 32;
        for (int s = 0; s < sixteens; s++) {
            float scale = ALL.get(FLOAT, scales + 4L * (s >> perScale));

            ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants, ORDER).convertShape(B2F, F, 0))
                    .mul(scale)
                    .intoMemorySegment(ALL, target, ORDER);
            if (LANES <= 8) {
                ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + LANES, ORDER)
                                .convertShape(B2F, F, 0))
                        .mul(scale)
                        .intoMemorySegment(ALL, target + WIDTH, ORDER);
            }
            if (LANES <= 4) {
                ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 8, ORDER)
                                .convertShape(B2F, F, 0))
                        .mul(scale)
                        .intoMemorySegment(ALL, target + 32, ORDER);
                ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 12, ORDER)
                                .convertShape(B2F, F, 0))
                        .mul(scale)
                        .intoMemorySegment(ALL, target + 48, ORDER);
            }
            quants += 16;
            target += 64;
        }
    }

    private static void expandWithMinima(Scratch scratch, long target, int sixteens, int subBlock) {
        long quants = scratch.quants();
        long scales = scratch.scales();
        long minima = scratch.minima();
        // One sixteen has its own scale, or two share one.
        int perScale = subBlock / 32;
        for (int s = 0; s < sixteens; s++) {
            float scale = ALL.get(FLOAT, scales + 4L * (s >> perScale));
            float minimum = ALL.get(FLOAT, minima + 4L * (s >> perScale));
            ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants, ORDER).convertShape(B2F, F, 0))
                    .mul(scale)
                    .sub(minimum)
                    .intoMemorySegment(ALL, target, ORDER);
            if (LANES <= 8) {
                ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + LANES, ORDER)
                                .convertShape(B2F, F, 0))
                        .mul(scale)
                        .sub(minimum)
                        .intoMemorySegment(ALL, target + WIDTH, ORDER);
            }
            if (LANES <= 4) {
                ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 8, ORDER)
                                .convertShape(B2F, F, 0))
                        .mul(scale)
                        .sub(minimum)
                        .intoMemorySegment(ALL, target + 32, ORDER);
                ((FloatVector) ByteVector.fromMemorySegment(Q, ALL, quants + 12, ORDER)
                                .convertShape(B2F, F, 0))
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
            ALL.set(FLOAT, target, sum.reduceLanes(ADD));
            target += 4;
        }
    }
}
