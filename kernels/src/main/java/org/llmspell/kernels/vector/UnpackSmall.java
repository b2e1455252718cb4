package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.B;
import static org.llmspell.kernels.vector.Simd.B16;
import static org.llmspell.kernels.vector.Simd.BYTES;
import static org.llmspell.kernels.vector.Simd.ORDER;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Unpacks the formats of 32 elements under one scale; the layouts are those of the scalar codecs. */
final class UnpackSmall {
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

    /** Byte j of each lane keeps bit j. */
    private static final IntVector FIRST_FOUR_BITS = IntVector.broadcast(IntVector.SPECIES_128, 0x08040201);

    // A nibble of fifth bits for each of four lanes.
    private static final IntVector LANE_SHIFTS = IntVector.fromArray(IntVector.SPECIES_128, new int[] {0, 4, 8, 12}, 0);

    private UnpackSmall() {}

    static void q40(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            ByteVector packed = ByteVector.fromMemorySegment(B16, ALL, source + 2, ORDER);
            packed.and((byte) 15).sub((byte) 8).intoMemorySegment(ALL, quants, ORDER);
            packed.reinterpretAsInts()
                    .lanewise(LSHR, 4)
                    .reinterpretAsBytes()
                    .and((byte) 15)
                    .sub((byte) 8)
                    .intoMemorySegment(ALL, quants + 16, ORDER);
            Simd.setFloat(scales, Simd.getHalf(source));
            source += 18;
            quants += 32;
            scales += 4;
        }
    }

    static void q41(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            nibbles(source + 4, quants);
            Simd.setFloat(scales, Simd.getHalf(source));
            // The format adds its minimum, the kernels subtract.
            Simd.setFloat(minima, -Simd.getHalf(source + 2));
            source += 20;
            quants += 32;
            scales += 4;
            minima += 4;
        }
    }

    static void q50(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            nibbles(source + 6, quants);
            addFifthBits(source + 2, quants, 16);
            Simd.setFloat(scales, Simd.getHalf(source));
            source += 22;
            quants += 32;
            scales += 4;
        }
    }

    static void q51(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            nibbles(source + 8, quants);
            addFifthBits(source + 4, quants, 0);
            Simd.setFloat(scales, Simd.getHalf(source));
            Simd.setFloat(minima, -Simd.getHalf(source + 2));
            source += 24;
            quants += 32;
            scales += 4;
            minima += 4;
        }
    }

    static void q80(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            for (int o = 0; o < 32; o += BYTES) {
                ByteVector.fromMemorySegment(B, ALL, source + 2 + o, ORDER).intoMemorySegment(ALL, quants + o, ORDER);
            }
            Simd.setFloat(scales, Simd.getHalf(source));
            source += 34;
            quants += 32;
            scales += 4;
        }
    }

    /** Sixteen bytes into sixteen low, then sixteen high nibbles. */
    private static void nibbles(long packed, long quants) {
        ByteVector both = ByteVector.fromMemorySegment(B16, ALL, packed, ORDER);
        both.and((byte) 15).intoMemorySegment(ALL, quants, ORDER);
        both.reinterpretAsInts()
                .lanewise(LSHR, 4)
                .reinterpretAsBytes()
                .and((byte) 15)
                .intoMemorySegment(ALL, quants + 16, ORDER);
    }

    /** Adds 16 to the quants whose bit is set in the 32 bits at {@code bits}, and takes {@code bias} off all of them. */
    private static void addFifthBits(long bits, long quants, int bias) {
        int fifth = ALL.get(INT, bits);
        for (int i = 0; i < 32; i += 16, fifth >>>= 16) {
            // A nibble of bits a lane, four lanes: spread it over its lane's bytes and keep each byte's own bit.
            IntVector nibble = IntVector.broadcast(IntVector.SPECIES_128, fifth)
                    .lanewise(LSHR, LANE_SHIFTS)
                    .and(15);
            IntVector spread = nibble.mul(0x01010101).and(FIRST_FOUR_BITS);
            ByteVector quant = ByteVector.fromMemorySegment(B16, ALL, quants + i, ORDER);
            quant.add((byte) 16, spread.reinterpretAsBytes().compare(VectorOperators.NE, 0))
                    .sub((byte) bias)
                    .intoMemorySegment(ALL, quants + i, ORDER);
        }
    }
}
