package org.llmspell.kernels.vector;

import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.WIDTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/** Rotary position embedding of one head, in both pairings. */
final class Rotary {
    /** Lane i takes angle i/2, of the lower and of the upper half of a vector of angles. */
    private static final VectorShuffle<Float> LOWER = VectorShuffle.fromOp(F, i -> i / 2);

    private static final VectorShuffle<Float> UPPER = VectorShuffle.fromOp(F, i -> LANES / 2 + i / 2);
    private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(F, i -> i ^ 1);
    private static final FloatVector SIGNS = FloatVector.fromArray(F, signs(), 0);

    private Rotary() {}

    private static float[] signs() {
        float[] signs = new float[LANES];
        for (int i = 0; i < LANES; i++) {
            signs[i] = i % 2 == 0 ? -1 : 1;
        }
        return signs;
    }

    /** Pairs (i, i + pairs). */
    static void halves(long x, long cos, long sin, int pairs) {
        long upper = x + 4L * pairs;
        int k = 0;
        for (; k + LANES <= pairs; k += LANES) {
            FloatVector a = FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER);
            FloatVector b = FloatVector.fromMemorySegment(F, ALL, upper + 4L * k, ORDER);
            FloatVector c = FloatVector.fromMemorySegment(F, ALL, cos + 4L * k, ORDER);
            FloatVector s = FloatVector.fromMemorySegment(F, ALL, sin + 4L * k, ORDER);
            a.mul(c).sub(b.mul(s)).intoMemorySegment(ALL, x + 4L * k, ORDER);
            a.mul(s).add(b.mul(c)).intoMemorySegment(ALL, upper + 4L * k, ORDER);
        }
        for (; k < pairs; k++) {
            one(x + 4L * k, upper + 4L * k, cos + 4L * k, sin + 4L * k);
        }
    }

    /** Pairs (2i, 2i + 1). */
    static void neighbours(long x, long cos, long sin, int pairs) {
        int k = 0;
        for (; k + LANES <= pairs; k += LANES) {
            FloatVector c = FloatVector.fromMemorySegment(F, ALL, cos + 4L * k, ORDER);
            FloatVector s = FloatVector.fromMemorySegment(F, ALL, sin + 4L * k, ORDER);
            FloatVector a = FloatVector.fromMemorySegment(F, ALL, x + 8L * k, ORDER);
            FloatVector b = FloatVector.fromMemorySegment(F, ALL, x + 8L * k + WIDTH, ORDER);
            a.mul(c.rearrange(LOWER))
                    .add(a.rearrange(SWAP).mul(SIGNS).mul(s.rearrange(LOWER)))
                    .intoMemorySegment(ALL, x + 8L * k, ORDER);
            b.mul(c.rearrange(UPPER))
                    .add(b.rearrange(SWAP).mul(SIGNS).mul(s.rearrange(UPPER)))
                    .intoMemorySegment(ALL, x + 8L * k + WIDTH, ORDER);
        }
        for (; k < pairs; k++) {
            one(x + 8L * k, x + 8L * k + 4, cos + 4L * k, sin + 4L * k);
        }
    }

    private static void one(long first, long second, long cos, long sin) {
        float a = Simd.getFloat(first);
        float b = Simd.getFloat(second);
        float c = Simd.getFloat(cos);
        float s = Simd.getFloat(sin);
        Simd.setFloat(first, a * c - b * s);
        Simd.setFloat(second, a * s + b * c);
    }
}
