package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.BYTES;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.W;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import org.llmspell.kernels.format.SixBitScales;

/**
 * Unpacks the K formats; the layouts are those of the scalar codecs. Bytes are shifted as 32-bit lanes and masked after, since
 * no instruction set has byte shifts.
 */
final class UnpackSuper {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long LOW_NIBBLES = 0x0F0F0F0F0F0F0F0FL;
    private static final long TWO_BITS = 0x0303030303030303L;

    private UnpackSuper() {}

    static void q2k(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            float d = Simd.getHalf(source + 80);
            float dmin = Simd.getHalf(source + 82);
            for (int i = 0; i < 16; i += 8) {
                long packed = ALL.get(LONG, source + i);
                scaleEight(packed & LOW_NIBBLES, d, scales + 4L * i);
                scaleEight((packed >>> 4) & LOW_NIBBLES, dmin, minima + 4L * i);
            }
            for (int half = 0; half < 2; half++) {
                for (int o = 0; o < 32; o += BYTES) {
                    IntVector q = IntVector.fromMemorySegment(W, ALL, source + 16 + 32L * half + o, ORDER);
                    long out = quants + 128L * half + o;
                    q.and(0x03030303).intoMemorySegment(ALL, out, ORDER);
                    q.lanewise(LSHR, 2).and(0x03030303).intoMemorySegment(ALL, out + 32, ORDER);
                    q.lanewise(LSHR, 4).and(0x03030303).intoMemorySegment(ALL, out + 64, ORDER);
                    q.lanewise(LSHR, 6).and(0x03030303).intoMemorySegment(ALL, out + 96, ORDER);
                }
            }
            source += 84;
            quants += 256;
            scales += 64;
            minima += 64;
        }
    }

    static void q3k(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            float d = Simd.getHalf(source + 108);
            long low = ALL.get(LONG, source + 96);
            long high = ALL.get(INT, source + 104) & 0xFFFFFFFFL;
            // Two bits of each of the four bytes: those of scales 0–3 and 4–7, then those of 8–11 and 12–15.
            long highFirst = (high | ((high >>> 2) << 32)) & TWO_BITS;
            long highSecond = ((high >>> 4) | ((high >>> 6) << 32)) & TWO_BITS;
            scaleEight(lessThirtyTwo((low & LOW_NIBBLES) | (highFirst << 4)), d, scales);
            scaleEight(lessThirtyTwo(((low >>> 4) & LOW_NIBBLES) | (highSecond << 4)), d, scales + 32);
            for (int half = 0; half < 2; half++) {
                for (int o = 0; o < 32; o += BYTES) {
                    IntVector q = IntVector.fromMemorySegment(W, ALL, source + 32 + 32L * half + o, ORDER);
                    // This half's four mask bits move to the low nibble; set means no 4 to take off.
                    IntVector mask = IntVector.fromMemorySegment(W, ALL, source + o, ORDER)
                            .not()
                            .lanewise(LSHR, 4 * half);
                    long out = quants + 128L * half + o;
                    q.and(0x03030303)
                            .reinterpretAsBytes()
                            .sub(mask.lanewise(LSHL, 2).and(0x04040404).reinterpretAsBytes())
                            .intoMemorySegment(ALL, out, ORDER);
                    q.lanewise(LSHR, 2)
                            .and(0x03030303)
                            .reinterpretAsBytes()
                            .sub(mask.lanewise(LSHL, 1).and(0x04040404).reinterpretAsBytes())
                            .intoMemorySegment(ALL, out + 32, ORDER);
                    q.lanewise(LSHR, 4)
                            .and(0x03030303)
                            .reinterpretAsBytes()
                            .sub(mask.and(0x04040404).reinterpretAsBytes())
                            .intoMemorySegment(ALL, out + 64, ORDER);
                    q.lanewise(LSHR, 6)
                            .and(0x03030303)
                            .reinterpretAsBytes()
                            .sub(mask.lanewise(LSHR, 1).and(0x04040404).reinterpretAsBytes())
                            .intoMemorySegment(ALL, out + 96, ORDER);
                }
            }
            source += 110;
            quants += 256;
            scales += 64;
        }
    }

    static void q4k(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            sixBitScales(source, scales, minima);
            for (int o = 0; o < 32; o += BYTES) {
                fourGroups(source + 16 + o, quants + o);
            }
            source += 144;
            quants += 256;
            scales += 32;
            minima += 32;
        }
    }

    private static void fourGroups(long source, long quants) {
        for (int group = 0; group < 4; group++) {
            IntVector q = IntVector.fromMemorySegment(W, ALL, source, ORDER);
            q.and(0x0F0F0F0F).intoMemorySegment(ALL, quants, ORDER);
            q.lanewise(LSHR, 4).and(0x0F0F0F0F).intoMemorySegment(ALL, quants + 32, ORDER);
            source += 32;
            quants += 64;
        }
    }

    static void q5k(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            sixBitScales(source, scales, minima);
            for (int o = 0; o < 32; o += BYTES) {
                IntVector fifth = IntVector.fromMemorySegment(W, ALL, source + 16 + o, ORDER);
                for (int group = 0; group < 4; group++) {
                    IntVector q = IntVector.fromMemorySegment(W, ALL, source + 48 + 32L * group + o, ORDER);
                    IntVector bits = fifth.lanewise(LSHR, 2 * group);
                    long out = quants + 64L * group + o;
                    q.and(0x0F0F0F0F).or(bits.and(0x01010101).lanewise(LSHL, 4)).intoMemorySegment(ALL, out, ORDER);
                    q.lanewise(LSHR, 4)
                            .and(0x0F0F0F0F)
                            .or(bits.and(0x02020202).lanewise(LSHL, 3))
                            .intoMemorySegment(ALL, out + 32, ORDER);
                }
            }
            source += 176;
            quants += 256;
            scales += 32;
            minima += 32;
        }
    }

    static void q6k(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            eightBitScales(source, scales);
            for (int half = 0; half < 2; half++) {
                for (int o = 0; o < 32; o += BYTES) {
                    IntVector first = IntVector.fromMemorySegment(W, ALL, source + 64L * half + o, ORDER);
                    IntVector second = IntVector.fromMemorySegment(W, ALL, source + 64L * half + 32 + o, ORDER);
                    IntVector high = IntVector.fromMemorySegment(W, ALL, source + 128 + 32L * half + o, ORDER);
                    long out = quants + 128L * half + o;
                    first.and(0x0F0F0F0F)
                            .or(high.lanewise(LSHL, 4).and(0x30303030))
                            .reinterpretAsBytes()
                            .sub((byte) 32)
                            .intoMemorySegment(ALL, out, ORDER);
                    second.and(0x0F0F0F0F)
                            .or(high.lanewise(LSHL, 2).and(0x30303030))
                            .reinterpretAsBytes()
                            .sub((byte) 32)
                            .intoMemorySegment(ALL, out + 32, ORDER);
                    first.lanewise(LSHR, 4)
                            .and(0x0F0F0F0F)
                            .or(high.and(0x30303030))
                            .reinterpretAsBytes()
                            .sub((byte) 32)
                            .intoMemorySegment(ALL, out + 64, ORDER);
                    second.lanewise(LSHR, 4)
                            .and(0x0F0F0F0F)
                            .or(high.lanewise(LSHR, 2).and(0x30303030))
                            .reinterpretAsBytes()
                            .sub((byte) 32)
                            .intoMemorySegment(ALL, out + 96, ORDER);
                }
            }
            source += 210;
            quants += 256;
            scales += 64;
        }
    }

    /** Scales and minima of a Q4_K or Q5_K block. */
    static void sixBitScales(long source, long scales, long minima) {
        int third = ALL.get(INT, source + 12);
        scaleEight(SixBitScales.scales(ALL.get(INT, source + 4), third), Simd.getHalf(source), scales);
        scaleEight(SixBitScales.minima(ALL.get(INT, source + 8), third), Simd.getHalf(source + 2), minima);
    }

    /** Scales of a Q6_K block. */
    static void eightBitScales(long source, long scales) {
        float d = Simd.getHalf(source + 208);
        scaleEight(ALL.get(LONG, source + 192), d, scales);
        scaleEight(ALL.get(LONG, source + 200), d, scales + 32);
    }

    /** Takes 32 off each byte, all of which are below 64: bit 5 inverted is the sign, so extend it upwards. */
    private static long lessThirtyTwo(long bytes) {
        long sign = ~bytes & 0x2020202020202020L;
        return (bytes & 0x1F1F1F1F1F1F1F1FL) | sign | (sign << 1) | (sign << 2);
    }

    /** Eight signed bytes, times {@code d}. */
    private static void scaleEight(long packed, float d, long target) {
        ByteVector bytes = LongVector.broadcast(LongVector.SPECIES_128, packed).reinterpretAsBytes();
        if (LANES >= 8) {
            ((FloatVector) bytes.convertShape(B2F, FloatVector.SPECIES_256, 0))
                    .mul(d)
                    .intoMemorySegment(ALL, target, ORDER);
        } else {
            ((FloatVector) bytes.convertShape(B2F, FloatVector.SPECIES_128, 0))
                    .mul(d)
                    .intoMemorySegment(ALL, target, ORDER);
            ((FloatVector) bytes.convertShape(B2F, FloatVector.SPECIES_128, 1))
                    .mul(d)
                    .intoMemorySegment(ALL, target + 16, ORDER);
        }
    }
}
