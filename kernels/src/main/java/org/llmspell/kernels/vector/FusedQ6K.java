package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.B16;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.FLOAT;
import static org.llmspell.kernels.vector.Simd.I;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.SHORT;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The product of Q6_K rows with one token on vectors of 512 bits, by the idea of {@link FusedQ4K}: 64 quants are put together at
 * once, as bytes of sixteen 32-bit words, and byte n of all words is one mask, one conversion and one multiply-add with
 * activations in that order, divided by 256ⁿ. Four words are a sub-block, so a vector of sums has four scales in its quarters. The 32
 * that every quant is less goes off by the sums of activations.
 */
final class FusedQ6K {
    private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;

    /** A 4 × 4 transposition. */
    private static final VectorShuffle<Float> TRANSPOSED = VectorShuffle.fromOp(F, i -> (4 * i) % LANES + (i >> 2));

    // The two pairs of high bits that a byte holds for the lower nibbles: of quarter 0 as they are, of quarter 1 two
    // further.
    private static final IntVector QUARTER_SHIFTS = IntVector.fromArray(I, quarterShifts(), 0);
    private static final VectorShuffle<Integer> FIRST_TWICE = VectorShuffle.fromOp(I, i -> i & 7);
    private static final VectorShuffle<Integer> SECOND_TWICE = VectorShuffle.fromOp(I, i -> ((i & 7) + 8) % LANES);

    // Four scales, four lanes each.
    private static final VectorShuffle<Float> SCALES_0 = VectorShuffle.fromOp(F, i -> i >> 2);
    private static final VectorShuffle<Float> SCALES_4 = VectorShuffle.fromOp(F, i -> (4 + (i >> 2)) % LANES);
    private static final VectorShuffle<Float> SCALES_8 = VectorShuffle.fromOp(F, i -> (8 + (i >> 2)) % LANES);
    private static final VectorShuffle<Float> SCALES_12 = VectorShuffle.fromOp(F, i -> (12 + (i >> 2)) % LANES);

    private static final FloatVector PLACES = FloatVector.fromArray(F, places(), 0);

    private FusedQ6K() {}

    private static int[] quarterShifts() {
        int[] shifts = new int[LANES];
        java.util.Arrays.setAll(shifts, i -> i < 8 ? 0 : 2);
        return shifts;
    }

    /** 256⁻ⁿ for four lanes each; byte 3 is shifted down, not masked. */
    private static float[] places() {
        float[] places = new float[LANES];
        for (int i = 0; i < LANES; i++) {
            places[i] = i >= 12 ? 1 : Math.scalb(1f, -8 * (i >> 2));
        }
        return places;
    }

    /**
     * Prepares the activations of a whole row.
     *
     * @param activations receives {@code columns} floats in the order of bytes
     * @param sums receives 32 times the sum of every 16 activations
     * @param scratch 64 bytes
     */
    static void prepare(long x, int columns, long activations, long sums, long scratch) {
        for (int sixteen = 0; sixteen < columns / 16; sixteen++) {
            FloatVector v = FloatVector.fromMemorySegment(F, ALL, x, ORDER);
            ALL.set(FLOAT, sums + 4L * sixteen, 32 * v.reduceLanes(ADD));
            // Quarter n of what is transposed belongs to byte n; it goes there by way of memory.
            v.rearrange(TRANSPOSED).mul(PLACES).intoMemorySegment(ALL, scratch, ORDER);
            long to = activations + 256L * (sixteen >> 2) + 16L * (sixteen & 3);
            for (int n = 0; n < 4; n++) {
                FloatVector.fromMemorySegment(QUARTER, ALL, scratch + 16L * n, ORDER)
                        .intoMemorySegment(ALL, to + 64L * n, ORDER);
            }
            x += 64;
        }
    }

    /** The product of one prepared token with the row at {@code block}. */
    static float dot(long block, int blocks, long activations, long sums) {
        FloatVector even = FloatVector.zero(F);
        FloatVector odd = FloatVector.zero(F);
        FloatVector offsets = FloatVector.zero(F);
        long a = activations;
        for (int b = 0; b < blocks; b++) {
            FloatVector scales = ((FloatVector) ByteVector.fromMemorySegment(B16, ALL, block + 192, ORDER)
                            .convertShape(B2F, F, 0))
                    .mul(Float.float16ToFloat(ALL.get(SHORT, block + 208)));
            offsets = scales.fma(FloatVector.fromMemorySegment(F, ALL, sums, ORDER), offsets);
            IntVector high = IntVector.fromMemorySegment(I, ALL, block + 128, ORDER);
            IntVector high0 = high.rearrange(FIRST_TWICE).lanewise(LSHR, QUARTER_SHIFTS);
            IntVector high1 = high.rearrange(SECOND_TWICE).lanewise(LSHR, QUARTER_SHIFTS);
            IntVector low0 = IntVector.fromMemorySegment(I, ALL, block, ORDER);
            IntVector low1 = IntVector.fromMemorySegment(I, ALL, block + 64, ORDER);
            IntVector q0 = low0.and(0x0F0F0F0F).or(high0.and(0x03030303).lanewise(LSHL, 4));
            IntVector q1 = low0.lanewise(LSHR, 4).and(0x0F0F0F0F).or(high0.and(0x30303030));
            IntVector q2 = low1.and(0x0F0F0F0F).or(high1.and(0x03030303).lanewise(LSHL, 4));
            IntVector q3 = low1.lanewise(LSHR, 4).and(0x0F0F0F0F).or(high1.and(0x30303030));
            FloatVector s0 = ((FloatVector) q0.and(0xFF).convertShape(I2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, a, ORDER));
            s0 = ((FloatVector) q0.and(0xFF00).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 64, ORDER), s0);
            s0 = ((FloatVector) q0.and(0xFF0000).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 128, ORDER), s0);
            s0 = ((FloatVector) q0.lanewise(LSHR, 24).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 192, ORDER), s0);
            FloatVector s1 = ((FloatVector) q1.and(0xFF).convertShape(I2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, a + 256, ORDER));
            s1 = ((FloatVector) q1.and(0xFF00).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 320, ORDER), s1);
            s1 = ((FloatVector) q1.and(0xFF0000).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 384, ORDER), s1);
            s1 = ((FloatVector) q1.lanewise(LSHR, 24).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 448, ORDER), s1);
            even = s0.fma(scales.rearrange(SCALES_0), even);
            odd = s1.fma(scales.rearrange(SCALES_4), odd);
            FloatVector s2 = ((FloatVector) q2.and(0xFF).convertShape(I2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, a + 512, ORDER));
            s2 = ((FloatVector) q2.and(0xFF00).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 576, ORDER), s2);
            s2 = ((FloatVector) q2.and(0xFF0000).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 640, ORDER), s2);
            s2 = ((FloatVector) q2.lanewise(LSHR, 24).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 704, ORDER), s2);
            FloatVector s3 = ((FloatVector) q3.and(0xFF).convertShape(I2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, a + 768, ORDER));
            s3 = ((FloatVector) q3.and(0xFF00).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 832, ORDER), s3);
            s3 = ((FloatVector) q3.and(0xFF0000).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 896, ORDER), s3);
            s3 = ((FloatVector) q3.lanewise(LSHR, 24).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, a + 960, ORDER), s3);
            even = s2.fma(scales.rearrange(SCALES_8), even);
            odd = s3.fma(scales.rearrange(SCALES_12), odd);
            block += 210;
            a += 1024;
            sums += 64;
        }
        return even.add(odd).sub(offsets).reduceLanes(ADD);
    }
}
