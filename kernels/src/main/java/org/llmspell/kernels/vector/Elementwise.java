package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The kernels that go once over a row: norms, softmax, gates, sums.
 *
 * <p>The exponential: x = n·ln 2 + r with |r| ≤ ln 2 / 2, ln 2 split in two so that r is exact to float32 (Cody and Waite 1980);
 * eʳ by its Taylor polynomial of degree 7, whose remainder is 5·10⁻⁹; times 2ⁿ in two steps, so that results may be subnormal.
 * Within 2 units in the last place of the true value, 0 below −104, infinite above 88.73. It is written out where it is
 * used: a vector that leaves a method is an object on the heap unless the compiler happens to inline that method.
 */
final class Elementwise {
    static final float LOG2_E = 0x1.715476p0f;
    static final float LN2_HIGH = 355f / 512;
    static final float LN2_LOW = -0x1.bd0106p-13f;

    /** Adding 1.5·2²³ rounds to an integer, which then stands in the low mantissa bits. */
    static final float ROUND = 0x1.8p23f;

    static final int ROUND_BITS = 0x4B400000;
    private static final float SQRT_8_OVER_PI = (float) Math.sqrt(8 / Math.PI);

    private Elementwise() {}

    static float max(long x, int count) {
        float max = Float.NEGATIVE_INFINITY;
        int k = 0;
        if (count >= LANES) {
            FloatVector most = FloatVector.fromMemorySegment(F, ALL, x, ORDER);
            for (k = LANES; k + LANES <= count; k += LANES) {
                most = most.max(FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER));
            }
            max = most.reduceLanes(MAX);
        }
        for (; k < count; k++) {
            max = Math.max(max, Simd.getFloat(x + 4L * k));
        }
        return max;
    }

    /** {@code x[i] = exp(x[i] − shift)}; returns the sum. */
    static float expSum(long x, int count, float shift) {
        FloatVector sum = FloatVector.zero(F);
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector y =
                    FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER).sub(shift);
            y = y.blend(-105f, y.compare(LT, -105f)).blend(89f, y.compare(GT, 89f));
            FloatVector t = y.mul(LOG2_E).add(ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_LOW), n.fma(FloatVector.broadcast(F, -LN2_HIGH), y));
            FloatVector p = r.fma(FloatVector.broadcast(F, 1f / 5040), FloatVector.broadcast(F, 1f / 720));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 120));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 24));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 6));
            p = p.fma(r, FloatVector.broadcast(F, 0.5f));
            p = p.fma(r, FloatVector.broadcast(F, 1f));
            p = p.fma(r, FloatVector.broadcast(F, 1f));
            IntVector exponent = t.reinterpretAsInts().sub(ROUND_BITS);
            IntVector first = exponent.lanewise(jdk.incubator.vector.VectorOperators.ASHR, 1);
            IntVector second = exponent.sub(first);
            FloatVector e = p.mul(first.add(127).lanewise(LSHL, 23).reinterpretAsFloats())
                    .mul(second.add(127).lanewise(LSHL, 23).reinterpretAsFloats());
            e.intoMemorySegment(ALL, x + 4L * k, ORDER);
            sum = sum.add(e);
        }
        float total = sum.reduceLanes(ADD);
        for (; k < count; k++) {
            float e = (float) Math.exp(Simd.getFloat(x + 4L * k) - shift);
            Simd.setFloat(x + 4L * k, e);
            total += e;
        }
        return total;
    }

    static void softmax(long x, int count) {
        float total = expSum(x, count, max(x, count));
        scale(x, count, 1 / total);
    }

    static void scale(long x, int count, float factor) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER)
                    .mul(factor)
                    .intoMemorySegment(ALL, x + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(x + 4L * k, Simd.getFloat(x + 4L * k) * factor);
        }
    }

    static void siluMultiply(long gate, long up, int count) {
        gateMultiply(gate, up, count, 1, 0, false);
    }

    static void silu(long x, int count) {
        gateMultiply(x, 0, count, 1, 0, false);
    }

    static void sigmoidMultiply(long gate, long up, int count) {
        gateMultiply(gate, up, count, 1, 0, true);
    }

    /** ½(1 + tanh u) is the logistic function of 2u, so that GELU differs from SiLU only in the function's argument. */
    static void geluMultiply(long gate, long up, int count) {
        gateMultiply(gate, up, count, SQRT_8_OVER_PI, SQRT_8_OVER_PI * 0.044715f, false);
    }

    /** Holds gate and up within their limits, where they are, and multiplies then. */
    static void clampedSiluMultiply(long gate, long up, int count, float alpha, float limit) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector.fromMemorySegment(F, ALL, gate + 4L * k, ORDER)
                    .min(limit)
                    .intoMemorySegment(ALL, gate + 4L * k, ORDER);
            FloatVector.fromMemorySegment(F, ALL, up + 4L * k, ORDER)
                    .min(limit)
                    .max(-limit)
                    .add(1)
                    .intoMemorySegment(ALL, up + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(gate + 4L * k, Math.min(Simd.getFloat(gate + 4L * k), limit));
            Simd.setFloat(up + 4L * k, Math.max(-limit, Math.min(limit, Simd.getFloat(up + 4L * k))) + 1);
        }
        gateMultiply(gate, up, count, alpha, 0, false);
    }

    static void gelu(long x, int count) {
        gateMultiply(x, 0, count, SQRT_8_OVER_PI, SQRT_8_OVER_PI * 0.044715f, false);
    }

    static void reluSquared(long x, int count) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector positive =
                    FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER).max(0f);
            positive.mul(positive).intoMemorySegment(ALL, x + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            float positive = Math.max(0, Simd.getFloat(x + 4L * k));
            Simd.setFloat(x + 4L * k, positive * positive);
        }
    }

    /**
     * {@code gate = gate / (1 + exp(−gate·(linear + cubic·gate²))) · up}; address 0 for {@code up} stands for ones, and
     * {@code bare} puts 1 above the line.
     */
    private static void gateMultiply(long gate, long up, int count, float linear, float cubic, boolean bare) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector g = FloatVector.fromMemorySegment(F, ALL, gate + 4L * k, ORDER);
            FloatVector y = g.mul(g).mul(-cubic).sub(linear).mul(g);
            y = y.blend(-105f, y.compare(LT, -105f)).blend(89f, y.compare(GT, 89f));
            FloatVector t = y.mul(LOG2_E).add(ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_LOW), n.fma(FloatVector.broadcast(F, -LN2_HIGH), y));
            FloatVector p = r.fma(FloatVector.broadcast(F, 1f / 5040), FloatVector.broadcast(F, 1f / 720));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 120));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 24));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 6));
            p = p.fma(r, FloatVector.broadcast(F, 0.5f));
            p = p.fma(r, FloatVector.broadcast(F, 1f));
            p = p.fma(r, FloatVector.broadcast(F, 1f));
            IntVector exponent = t.reinterpretAsInts().sub(ROUND_BITS);
            IntVector first = exponent.lanewise(jdk.incubator.vector.VectorOperators.ASHR, 1);
            IntVector second = exponent.sub(first);
            FloatVector e = p.mul(first.add(127).lanewise(LSHL, 23).reinterpretAsFloats())
                    .mul(second.add(127).lanewise(LSHL, 23).reinterpretAsFloats());
            g = (bare ? FloatVector.broadcast(F, 1f) : g).div(e.add(1f));
            if (up != 0) {
                g = g.mul(FloatVector.fromMemorySegment(F, ALL, up + 4L * k, ORDER));
            }
            g.intoMemorySegment(ALL, gate + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            double g = Simd.getFloat(gate + 4L * k);
            float gated = (float) ((bare ? 1 : g) / (1 + Math.exp(-g * (linear + cubic * g * g))));
            Simd.setFloat(gate + 4L * k, up == 0 ? gated : gated * Simd.getFloat(up + 4L * k));
        }
    }

    /** The exponential of values near 0 loses digits by its 1; they are of no weight beside {@code beta·x}. */
    static void xielu(long x, int count, float negative, float positive, float beta, float epsilon) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector v = FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER);
            FloatVector y = v.min(epsilon);
            y = y.blend(-105f, y.compare(LT, -105f));
            FloatVector t = y.mul(LOG2_E).add(ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_LOW), n.fma(FloatVector.broadcast(F, -LN2_HIGH), y));
            FloatVector p = r.fma(FloatVector.broadcast(F, 1f / 5040), FloatVector.broadcast(F, 1f / 720));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 120));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 24));
            p = p.fma(r, FloatVector.broadcast(F, 1f / 6));
            p = p.fma(r, FloatVector.broadcast(F, 0.5f));
            p = p.fma(r, FloatVector.broadcast(F, 1f));
            p = p.fma(r, FloatVector.broadcast(F, 1f));
            IntVector exponent = t.reinterpretAsInts().sub(ROUND_BITS);
            IntVector first = exponent.lanewise(jdk.incubator.vector.VectorOperators.ASHR, 1);
            IntVector second = exponent.sub(first);
            FloatVector e = p.mul(first.add(127).lanewise(LSHL, 23).reinterpretAsFloats())
                    .mul(second.add(127).lanewise(LSHL, 23).reinterpretAsFloats());
            FloatVector below = e.sub(1f).sub(v).mul(negative);
            below.blend(v.mul(v).mul(positive), v.compare(GT, 0f))
                    .add(v.mul(beta))
                    .intoMemorySegment(ALL, x + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            double v = Simd.getFloat(x + 4L * k);
            double bent = v > 0 ? positive * v * v : negative * (Math.expm1(Math.min(v, epsilon)) - v);
            Simd.setFloat(x + 4L * k, (float) (bent + beta * v));
        }
    }

    static void rmsNorm(long out, long x, long weight, int count, float epsilon) {
        float scale = (float) (1 / Math.sqrt(Dense.dot(x, x, count) / (double) count + epsilon));
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER)
                    .mul(scale)
                    .mul(FloatVector.fromMemorySegment(F, ALL, weight + 4L * k, ORDER))
                    .intoMemorySegment(ALL, out + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(out + 4L * k, Simd.getFloat(x + 4L * k) * scale * Simd.getFloat(weight + 4L * k));
        }
    }

    /** {@code out = (x − mean) / sqrt(variance + epsilon)}; the mean is taken off before squaring, which keeps precision. */
    static void standardize(long out, long x, int count, float epsilon) {
        float mean = (float) (sum(x, count) / count);
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER)
                    .sub(mean)
                    .intoMemorySegment(ALL, out + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(out + 4L * k, Simd.getFloat(x + 4L * k) - mean);
        }
        scale(out, count, (float) (1 / Math.sqrt(Dense.dot(out, out, count) / (double) count + epsilon)));
    }

    private static double sum(long x, int count) {
        FloatVector sum = FloatVector.zero(F);
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            sum = sum.add(FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER));
        }
        double total = sum.reduceLanes(ADD);
        for (; k < count; k++) {
            total += Simd.getFloat(x + 4L * k);
        }
        return total;
    }

    /** {@code x[i] *= y[i]}. */
    static void multiply(long x, long y, int count) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER)
                    .mul(FloatVector.fromMemorySegment(F, ALL, y + 4L * k, ORDER))
                    .intoMemorySegment(ALL, x + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(x + 4L * k, Simd.getFloat(x + 4L * k) * Simd.getFloat(y + 4L * k));
        }
    }

    static void add(long x, long y, int count) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER)
                    .add(FloatVector.fromMemorySegment(F, ALL, y + 4L * k, ORDER))
                    .intoMemorySegment(ALL, x + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(x + 4L * k, Simd.getFloat(x + 4L * k) + Simd.getFloat(y + 4L * k));
        }
    }

    static void addScaled(long x, long y, float scale, int count) {
        int k = 0;
        for (; k + LANES <= count; k += LANES) {
            FloatVector.fromMemorySegment(F, ALL, y + 4L * k, ORDER)
                    .fma(FloatVector.broadcast(F, scale), FloatVector.fromMemorySegment(F, ALL, x + 4L * k, ORDER))
                    .intoMemorySegment(ALL, x + 4L * k, ORDER);
        }
        for (; k < count; k++) {
            Simd.setFloat(x + 4L * k, Math.fma(scale, Simd.getFloat(y + 4L * k), Simd.getFloat(x + 4L * k)));
        }
    }

    /** {@code x[i] = cap · tanh(x[i] / cap)}. */
    static void softcap(long x, int count, float cap) {
        for (int k = 0; k < count; k++) {
            Simd.setFloat(x + 4L * k, cap * (float) Math.tanh(Simd.getFloat(x + 4L * k) / cap));
        }
    }
}
