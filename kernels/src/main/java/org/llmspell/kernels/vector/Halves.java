package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.S2I;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.I;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.S;
import static org.llmspell.kernels.vector.Simd.WIDTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * IEEE halves and bfloat16: widened to float32, multiplied in place, rounded from float32.
 *
 * <p>A half's bits 13 places up are the float32 of a number 2¹¹² too small, subnormal halves included, so one exact
 * multiplication widens all but infinities and NaN, whose exponent is set instead. The Vector API has no conversion, and the
 * compiler does not vectorize {@link Float#float16ToFloat} from native memory.
 */
final class Halves {
    private static final float TWO_112 = 0x1p112f;

    private Halves() {}

    /** Widens {@code count} halves exactly; a NaN stays a NaN. */
    static void widen(long source, long target, int count) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            IntVector h = (IntVector) ShortVector.fromMemorySegment(S, ALL, source + 2L * k, ORDER)
                    .convertShape(S2I, I, 0);
            IntVector bits = h.and(0x7FFF).lanewise(LSHL, 13).or(h.and(0x80000000));
            FloatVector finite = bits.reinterpretAsFloats().mul(TWO_112);
            FloatVector special = bits.or(0x7F800000).reinterpretAsFloats();
            finite.blend(special, h.and(0x7C00).compare(EQ, 0x7C00).cast(F))
                    .intoMemorySegment(ALL, target + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(target + 4L * k, Simd.getHalf(source + 2L * k));
        }
    }

    /** Widens {@code count} bfloat16s exactly. */
    static void widenBrain(long source, long target, int count) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            IntVector h = (IntVector) ShortVector.fromMemorySegment(S, ALL, source + 2L * k, ORDER)
                    .convertShape(S2I, I, 0);
            h.lanewise(LSHL, 16).intoMemorySegment(ALL, target + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(target + 4L * k, getBrain(source + 2L * k));
        }
    }

    /** {@code Σ w[k] · x[k]} of halves with float32. */
    static float dot(long w, long x, int count) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        int k = 0;
        for (; k + 2 * LANES <= count; k += 2 * LANES) {
            IntVector h = (IntVector)
                    ShortVector.fromMemorySegment(S, ALL, w + 2L * k, ORDER).convertShape(S2I, I, 0);
            IntVector g = (IntVector) ShortVector.fromMemorySegment(S, ALL, w + 2L * k + WIDTH / 2, ORDER)
                    .convertShape(S2I, I, 0);
            IntVector a = h.and(0x7FFF).lanewise(LSHL, 13).or(h.and(0x80000000));
            IntVector b = g.and(0x7FFF).lanewise(LSHL, 13).or(g.and(0x80000000));
            FloatVector u = a.reinterpretAsFloats()
                    .mul(TWO_112)
                    .blend(
                            a.or(0x7F800000).reinterpretAsFloats(),
                            h.and(0x7C00).compare(EQ, 0x7C00).cast(F));
            FloatVector v = b.reinterpretAsFloats()
                    .mul(TWO_112)
                    .blend(
                            b.or(0x7F800000).reinterpretAsFloats(),
                            g.and(0x7C00).compare(EQ, 0x7C00).cast(F));
            s0 = u.fma(FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER), s0);
            s1 = v.fma(FloatVector.fromMemorySegment(F, ALL, x + 4L * k + WIDTH, ORDER), s1);
        }
        float tail = 0;
        for (; k < count; k++) {
            tail = Math.fma(Simd.getHalf(w + 2L * k), Simd.getFloat(x + 4L * k), tail);
        }
        return s0.add(s1).reduceLanes(ADD) + tail;
    }

    /** {@code Σ w[k] · x[k]} of bfloat16s with float32. */
    static float dotBrain(long w, long x, int count) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        int k = 0;
        for (; k + 2 * LANES <= count; k += 2 * LANES) {
            IntVector h = (IntVector)
                    ShortVector.fromMemorySegment(S, ALL, w + 2L * k, ORDER).convertShape(S2I, I, 0);
            IntVector g = (IntVector) ShortVector.fromMemorySegment(S, ALL, w + 2L * k + WIDTH / 2, ORDER)
                    .convertShape(S2I, I, 0);
            s0 = h.lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER), s0);
            s1 = g.lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromMemorySegment(F, ALL, x + 4L * k + WIDTH, ORDER), s1);
        }
        float tail = 0;
        for (; k < count; k++) {
            tail = Math.fma(getBrain(w + 2L * k), Simd.getFloat(x + 4L * k), tail);
        }
        return s0.add(s1).reduceLanes(ADD) + tail;
    }

    /** Rounds {@code count} floats to halves, to nearest even; a NaN stays a NaN. */
    static void round(long source, long target, int count) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            IntVector bits = IntVector.fromMemorySegment(I, ALL, source + 4L * k, ORDER);
            IntVector magnitude = bits.and(0x7FFFFFFF);
            // Half of the last place that stays, less one if that place is even; then the exponent's bias drops by 112.
            IntVector normal = magnitude
                    .add(magnitude.lanewise(LSHR, 13).and(1))
                    .add(0xFFF - (112 << 23))
                    .lanewise(LSHR, 13);
            // A float32 next to 0.5 has steps of 2⁻²⁴, as subnormal halves have, so the addition rounds.
            IntVector subnormal = magnitude
                    .reinterpretAsFloats()
                    .add(0.5f)
                    .reinterpretAsInts()
                    .sub(0x3F000000);
            IntVector half = normal.blend(subnormal, magnitude.compare(LT, 0x38800000))
                    .blend(0x7C00, magnitude.compare(GE, 0x477FF000))
                    .blend(0x7E00, magnitude.compare(GT, 0x7F800000))
                    .or(bits.lanewise(LSHR, 16).and(0x8000));
            ((ShortVector) half.convertShape(I2S, S, 0)).intoMemorySegment(ALL, target + 2L * k, ORDER);
        }
        for (; k < count; k++) {
            ALL.set(Simd.SHORT, target + 2L * k, Float.floatToFloat16(Simd.getFloat(source + 4L * k)));
        }
    }

    private static float getBrain(long address) {
        return Float.intBitsToFloat(ALL.get(Simd.SHORT, address) << 16);
    }
}
