package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.B16;
import static org.llmspell.kernels.vector.Simd.ORDER;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import org.llmspell.kernels.format.TableBlocks;

/** Unpacks the formats whose nibbles index a table: a table of sixteen bytes is one vector, and the look-up one shuffle. */
final class UnpackTable {
    private static final ByteVector NONLINEAR = ByteVector.fromArray(B16, TableBlocks.nonlinearLevels(), 0);
    private static final ByteVector E2M1 = ByteVector.fromArray(B16, TableBlocks.e2m1Levels(), 0);

    private UnpackTable() {}

    static void iq4nl(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            ByteVector packed = ByteVector.fromMemorySegment(B16, ALL, source + 2, ORDER);
            packed.and((byte) 15).selectFrom(NONLINEAR).intoMemorySegment(ALL, quants, ORDER);
            packed.reinterpretAsInts()
                    .lanewise(LSHR, 4)
                    .reinterpretAsBytes()
                    .and((byte) 15)
                    .selectFrom(NONLINEAR)
                    .intoMemorySegment(ALL, quants + 16, ORDER);
            Simd.setFloat(scales, Simd.getHalf(source));
            source += 18;
            quants += 32;
            scales += 4;
        }
    }

    static void iq4xs(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            float d = Simd.getHalf(source);
            for (int sub = 0; sub < 8; sub++) {
                ByteVector packed = ByteVector.fromMemorySegment(B16, ALL, source + 8 + 16L * sub, ORDER);
                packed.and((byte) 15).selectFrom(NONLINEAR).intoMemorySegment(ALL, quants, ORDER);
                packed.reinterpretAsInts()
                        .lanewise(LSHR, 4)
                        .reinterpretAsBytes()
                        .and((byte) 15)
                        .selectFrom(NONLINEAR)
                        .intoMemorySegment(ALL, quants + 16, ORDER);
                Simd.setFloat(scales, d * TableBlocks.iq4xsScale(ALL, source, sub));
                quants += 32;
                scales += 4;
            }
            source += 136;
        }
    }

    static void mxfp4(long source, int blocks, long quants, long scales, long minima) {
        for (int b = 0; b < blocks; b++) {
            ByteVector packed = ByteVector.fromMemorySegment(B16, ALL, source + 1, ORDER);
            packed.and((byte) 15).selectFrom(E2M1).intoMemorySegment(ALL, quants, ORDER);
            packed.reinterpretAsInts()
                    .lanewise(LSHR, 4)
                    .reinterpretAsBytes()
                    .and((byte) 15)
                    .selectFrom(E2M1)
                    .intoMemorySegment(ALL, quants + 16, ORDER);
            Simd.setFloat(scales, TableBlocks.e8m0Half(ALL.get(ValueLayout.JAVA_BYTE, source) & 0xFF));
            source += 17;
            quants += 32;
            scales += 4;
        }
    }
}
