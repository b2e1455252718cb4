package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ABS;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.F2B;
import static jdk.incubator.vector.VectorOperators.MAX;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.Q;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import org.llmspell.kernels.CacheFormat;

/** Cached heads of {@link CacheFormat#BYTES}: widened to float32, rounded from float32. */
final class CachedBytes {
    /** Added to a number below 2²² and taken away again, it leaves the nearest whole number, ties to even. */
    private static final float ROUNDER = 0x1.8p23f;

    private CachedBytes() {}

    /** Widens the {@code count} elements of a head. */
    static void widen(long source, long target, int count) {
        for (int from = 0; from < count; from += CacheFormat.BLOCK) {
            int size = Math.min(CacheFormat.BLOCK, count - from);
            float scale = Simd.getHalf(source);
            source += Short.BYTES;
            int k = 0;
            // Where four bytes make a vector eight are loaded, which must all be the block's.
            for (; k + Q.length() <= size; k += LANES) {
                ByteVector bytes = ByteVector.fromMemorySegment(Q, ALL, source + k, ORDER);
                FloatVector wide = (FloatVector) bytes.convertShape(B2F, F, 0);
                wide.mul(scale).intoMemorySegment(ALL, target + 4L * k, ORDER);
            }
            for (; k < size; k++) {
                Simd.setFloat(target + 4L * k, scale * ALL.get(ValueLayout.JAVA_BYTE, source + k));
            }
            source += size;
            target += 4L * size;
        }
    }

    /** Rounds {@code count} floats. */
    static void round(long source, long target, int count) {
        for (int from = 0; from < count; from += CacheFormat.BLOCK) {
            int size = Math.min(CacheFormat.BLOCK, count - from);
            float scale = largest(source, size) / 127;
            short stored = Float.floatToFloat16(scale);
            float inverse = stored == 0 ? 0 : 1 / scale;
            ALL.set(Simd.SHORT, target, stored);
            target += Short.BYTES;
            int k = 0;
            for (; k + Q.length() <= size; k += LANES) {
                FloatVector whole = FloatVector.fromMemorySegment(F, ALL, source + 4L * k, ORDER)
                        .mul(inverse)
                        .add(ROUNDER)
                        .sub(ROUNDER);
                // The spare bytes of a vector of eight are the next four's, which come after.
                ((ByteVector) whole.convertShape(F2B, Q, 0)).intoMemorySegment(ALL, target + k, ORDER);
            }
            for (; k < size; k++) {
                ALL.set(ValueLayout.JAVA_BYTE, target + k, (byte) Math.rint(Simd.getFloat(source + 4L * k) * inverse));
            }
            source += 4L * size;
            target += size;
        }
    }

    private static float largest(long source, int count) {
        FloatVector most = FloatVector.zero(F);
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            most = most.max(FloatVector.fromMemorySegment(F, ALL, source + 4L * k, ORDER)
                    .lanewise(ABS));
        }
        float largest = most.reduceLanes(MAX);
        for (; k < count; k++) {
            largest = Math.max(largest, Math.abs(Simd.getFloat(source + 4L * k)));
        }
        return largest;
    }
}
