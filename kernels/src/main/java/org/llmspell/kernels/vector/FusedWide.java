package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.B16;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.FLOAT;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.SHORT;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of a row with one token on vectors of 512 bits, straight from the blocks: sixteen bytes of quants fill a vector of
 * floats, so nothing is stored on the way, and memory is read while earlier blocks are multiplied.
 *
 * <p>Each is one flat loop over pieces of the row: a loop over a block's pieces within one over blocks runs at half the speed, as the
 * compiler sets up every inner loop anew.
 */
final class FusedWide {
    /** Sixteen bytes as words. */
    private static final VectorSpecies<Integer> W4 = IntVector.SPECIES_128;

    private FusedWide() {}

    /** Blocks of 32 signed bytes. */
    static float q80(long source, int blocks, long x) {
        FloatVector even = FloatVector.zero(F);
        FloatVector odd = FloatVector.zero(F);
        for (int b = 0; b < blocks; b++) {
            FloatVector d = FloatVector.broadcast(F, Float.float16ToFloat(ALL.get(SHORT, source)));
            ByteVector low = ByteVector.fromMemorySegment(B16, ALL, source + 2, ORDER);
            ByteVector high = ByteVector.fromMemorySegment(B16, ALL, source + 18, ORDER);
            even = ((FloatVector) low.convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x, ORDER))
                    .fma(d, even);
            odd = ((FloatVector) high.convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x + 64, ORDER))
                    .fma(d, odd);
            source += 34;
            x += 128;
        }
        return even.add(odd).reduceLanes(ADD);
    }

    /** Blocks of 32 nibbles less 8. */
    static float q40(long source, int blocks, long x) {
        FloatVector even = FloatVector.zero(F);
        FloatVector odd = FloatVector.zero(F);
        for (int b = 0; b < blocks; b++) {
            FloatVector d = FloatVector.broadcast(F, Float.float16ToFloat(ALL.get(SHORT, source)));
            ByteVector both = ByteVector.fromMemorySegment(B16, ALL, source + 2, ORDER);
            ByteVector low = both.and((byte) 15).sub((byte) 8);
            ByteVector high = both.reinterpretAsInts()
                    .lanewise(LSHR, 4)
                    .reinterpretAsBytes()
                    .and((byte) 15)
                    .sub((byte) 8);
            even = ((FloatVector) low.convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x, ORDER))
                    .fma(d, even);
            odd = ((FloatVector) high.convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x + 64, ORDER))
                    .fma(d, odd);
            source += 18;
            x += 128;
        }
        return even.add(odd).reduceLanes(ADD);
    }

    /**
     * Up to a slab of Q5_K blocks, a group of 64 elements at a time.
     *
     * @param sums sums of the activations by 32
     */
    static float q5k(long source, int blocks, long x, long sums, Scratch scratch) {
        for (int b = 0; b < blocks; b++) {
            UnpackSuper.sixBitScales(source + 176L * b, scratch.scales() + 32L * b, scratch.minima() + 32L * b);
        }
        FloatVector even = FloatVector.zero(F);
        FloatVector odd = FloatVector.zero(F);
        long scale = scratch.scales();
        for (int i = 0; i < 4 * blocks; i++) {
            long block = source + 176L * (i >> 2);
            int group = i & 3;
            long quants = block + 48 + 32L * group;
            IntVector u = IntVector.fromMemorySegment(W4, ALL, quants, ORDER);
            IntVector v = IntVector.fromMemorySegment(W4, ALL, quants + 16, ORDER);
            // The group's two fifth bits become bits 0 and 1 of each byte.
            IntVector fifthU =
                    IntVector.fromMemorySegment(W4, ALL, block + 16, ORDER).lanewise(LSHR, 2 * group);
            IntVector fifthV =
                    IntVector.fromMemorySegment(W4, ALL, block + 32, ORDER).lanewise(LSHR, 2 * group);
            ByteVector lowU = u.and(0x0F0F0F0F)
                    .or(fifthU.and(0x01010101).lanewise(LSHL, 4))
                    .reinterpretAsBytes();
            ByteVector lowV = v.and(0x0F0F0F0F)
                    .or(fifthV.and(0x01010101).lanewise(LSHL, 4))
                    .reinterpretAsBytes();
            ByteVector highU = u.lanewise(LSHR, 4)
                    .and(0x0F0F0F0F)
                    .or(fifthU.and(0x02020202).lanewise(LSHL, 3))
                    .reinterpretAsBytes();
            ByteVector highV = v.lanewise(LSHR, 4)
                    .and(0x0F0F0F0F)
                    .or(fifthV.and(0x02020202).lanewise(LSHL, 3))
                    .reinterpretAsBytes();
            FloatVector low =
                    ((FloatVector) lowU.convertShape(B2F, F, 0)).mul(FloatVector.fromMemorySegment(F, ALL, x, ORDER));
            low = ((FloatVector) lowV.convertShape(B2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, x + 64, ORDER), low);
            FloatVector high = ((FloatVector) highU.convertShape(B2F, F, 0))
                    .mul(FloatVector.fromMemorySegment(F, ALL, x + 128, ORDER));
            high = ((FloatVector) highV.convertShape(B2F, F, 0))
                    .fma(FloatVector.fromMemorySegment(F, ALL, x + 192, ORDER), high);
            even = low.fma(FloatVector.broadcast(F, ALL.get(FLOAT, scale)), even);
            odd = high.fma(FloatVector.broadcast(F, ALL.get(FLOAT, scale + 4)), odd);
            scale += 8;
            x += 256;
        }
        return even.add(odd).reduceLanes(ADD) - Dense.dot(scratch.minima(), sums, 8 * blocks);
    }
}
