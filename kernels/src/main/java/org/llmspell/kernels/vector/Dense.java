package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ADD;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;
import static org.llmspell.kernels.vector.Simd.WIDTH;

import jdk.incubator.vector.FloatVector;

/**
 * Products of float32 with float32: a dot product, and the batched product's microkernel. Every sum runs over the elements in one
 * fixed order that does not depend on the other rows and tokens of the call; but for the lanes of a vector, which compiled code
 * adds in another order than interpreted code.
 */
final class Dense {
    /** Rows and tokens of a microkernel tile: 16 accumulators of the 32 registers of AVX-512 and NEON. */
    static final int TILE = 4;

    private Dense() {}

    /** {@code Σ a[k] · b[k]}. */
    static float dot(long a, long b, int count) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        FloatVector s2 = FloatVector.zero(F);
        FloatVector s3 = FloatVector.zero(F);
        int k = 0;
        for (; k + 4 * LANES <= count; k += 4 * LANES) {
            s0 = FloatVector.fromMemorySegment(F, ALL, a, ORDER)
                    .fma(FloatVector.fromMemorySegment(F, ALL, b, ORDER), s0);
            s1 = FloatVector.fromMemorySegment(F, ALL, a + WIDTH, ORDER)
                    .fma(FloatVector.fromMemorySegment(F, ALL, b + WIDTH, ORDER), s1);
            s2 = FloatVector.fromMemorySegment(F, ALL, a + 2L * WIDTH, ORDER)
                    .fma(FloatVector.fromMemorySegment(F, ALL, b + 2L * WIDTH, ORDER), s2);
            s3 = FloatVector.fromMemorySegment(F, ALL, a + 3L * WIDTH, ORDER)
                    .fma(FloatVector.fromMemorySegment(F, ALL, b + 3L * WIDTH, ORDER), s3);
            a += 4L * WIDTH;
            b += 4L * WIDTH;
        }
        for (; k + LANES <= count; k += LANES) {
            s0 = FloatVector.fromMemorySegment(F, ALL, a, ORDER)
                    .fma(FloatVector.fromMemorySegment(F, ALL, b, ORDER), s0);
            a += WIDTH;
            b += WIDTH;
        }
        return s0.add(s1).add(s2.add(s3)).reduceLanes(ADD) + tail(a, b, count - k);
    }

    /** The last elements, fewer than a vector. */
    private static float tail(long a, long b, int count) {
        float sum = 0;
        for (int k = 0; k < count; k++) {
            sum = Math.fma(Simd.getFloat(a + 4L * k), Simd.getFloat(b + 4L * k), sum);
        }
        return sum;
    }

    /**
     * {@code out[t][r] (+)= Σ_k panel[r][k] · x[t][k]} for up to {@link #TILE} rows and tokens at a time.
     *
     * @param panel address of row 0; rows are {@code panelStride} bytes apart
     * @param x address of token 0; tokens are {@code xStride} bytes apart
     * @param out address of token 0, row 0; tokens are {@code outStride} bytes apart
     * @param accumulate adds to what {@code out} holds
     */
    static void product(
            long panel,
            long panelStride,
            int rows,
            long x,
            long xStride,
            int tokens,
            int count,
            long out,
            long outStride,
            boolean accumulate) {
        for (int t = 0; t < tokens; t += TILE) {
            int tileTokens = Math.min(TILE, tokens - t);
            for (int r = 0; r < rows; r += TILE) {
                int tileRows = Math.min(TILE, rows - r);
                long tileOut = out + t * outStride + 4L * r;
                if (tileTokens == 1) {
                    column(panel + r * panelStride, panelStride, tileRows, x + t * xStride, count, tileOut, accumulate);
                } else {
                    tile(
                            panel + r * panelStride,
                            panelStride,
                            tileRows,
                            x + t * xStride,
                            xStride,
                            tileTokens,
                            count,
                            tileOut,
                            outStride,
                            accumulate);
                }
            }
        }
    }

    /** Four rows by four tokens. Missing ones repeat the last, which costs less than code for every remainder. */
    private static void tile(
            long w0,
            long panelStride,
            int rows,
            long x0,
            long xStride,
            int tokens,
            int count,
            long out,
            long outStride,
            boolean accumulate) {
        long w1 = w0 + Math.min(1, rows - 1) * panelStride;
        long w2 = w0 + Math.min(2, rows - 1) * panelStride;
        long w3 = w0 + Math.min(3, rows - 1) * panelStride;
        long x1 = x0 + Math.min(1, tokens - 1) * xStride;
        long x2 = x0 + Math.min(2, tokens - 1) * xStride;
        long x3 = x0 + Math.min(3, tokens - 1) * xStride;
        FloatVector s00 = FloatVector.zero(F), s01 = s00, s02 = s00, s03 = s00;
        FloatVector s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        FloatVector s20 = s00, s21 = s00, s22 = s00, s23 = s00;
        FloatVector s30 = s00, s31 = s00, s32 = s00, s33 = s00;
        int vectors = count / LANES;
        long end = (long) vectors * WIDTH;
        for (long k = 0; k < end; k += WIDTH) {
            FloatVector a = FloatVector.fromMemorySegment(F, ALL, w0 + k, ORDER);
            FloatVector b = FloatVector.fromMemorySegment(F, ALL, w1 + k, ORDER);
            FloatVector c = FloatVector.fromMemorySegment(F, ALL, w2 + k, ORDER);
            FloatVector d = FloatVector.fromMemorySegment(F, ALL, w3 + k, ORDER);
            FloatVector v = FloatVector.fromMemorySegment(F, ALL, x0 + k, ORDER);
            s00 = a.fma(v, s00);
            s01 = b.fma(v, s01);
            s02 = c.fma(v, s02);
            s03 = d.fma(v, s03);
            v = FloatVector.fromMemorySegment(F, ALL, x1 + k, ORDER);
            s10 = a.fma(v, s10);
            s11 = b.fma(v, s11);
            s12 = c.fma(v, s12);
            s13 = d.fma(v, s13);
            v = FloatVector.fromMemorySegment(F, ALL, x2 + k, ORDER);
            s20 = a.fma(v, s20);
            s21 = b.fma(v, s21);
            s22 = c.fma(v, s22);
            s23 = d.fma(v, s23);
            v = FloatVector.fromMemorySegment(F, ALL, x3 + k, ORDER);
            s30 = a.fma(v, s30);
            s31 = b.fma(v, s31);
            s32 = c.fma(v, s32);
            s33 = d.fma(v, s33);
        }
        int rest = count - vectors * LANES;
        put(
                out,
                s00.reduceLanes(ADD),
                s01.reduceLanes(ADD),
                s02.reduceLanes(ADD),
                s03.reduceLanes(ADD),
                rows,
                accumulate);
        putTail(w0 + end, panelStride, rows, x0 + end, rest, out);
        put(
                out + outStride,
                s10.reduceLanes(ADD),
                s11.reduceLanes(ADD),
                s12.reduceLanes(ADD),
                s13.reduceLanes(ADD),
                rows,
                accumulate);
        putTail(w0 + end, panelStride, rows, x1 + end, rest, out + outStride);
        if (tokens > 2) {
            put(
                    out + 2 * outStride,
                    s20.reduceLanes(ADD),
                    s21.reduceLanes(ADD),
                    s22.reduceLanes(ADD),
                    s23.reduceLanes(ADD),
                    rows,
                    accumulate);
            putTail(w0 + end, panelStride, rows, x2 + end, rest, out + 2 * outStride);
        }
        if (tokens > 3) {
            put(
                    out + 3 * outStride,
                    s30.reduceLanes(ADD),
                    s31.reduceLanes(ADD),
                    s32.reduceLanes(ADD),
                    s33.reduceLanes(ADD),
                    rows,
                    accumulate);
            putTail(w0 + end, panelStride, rows, x3 + end, rest, out + 3 * outStride);
        }
    }

    /** Four rows by one token, summed in the same order as in a tile. */
    private static void column(long w0, long panelStride, int rows, long x, int count, long out, boolean accumulate) {
        long w1 = w0 + Math.min(1, rows - 1) * panelStride;
        long w2 = w0 + Math.min(2, rows - 1) * panelStride;
        long w3 = w0 + Math.min(3, rows - 1) * panelStride;
        FloatVector s0 = FloatVector.zero(F), s1 = s0, s2 = s0, s3 = s0;
        int vectors = count / LANES;
        long end = (long) vectors * WIDTH;
        for (long k = 0; k < end; k += WIDTH) {
            FloatVector v = FloatVector.fromMemorySegment(F, ALL, x + k, ORDER);
            s0 = FloatVector.fromMemorySegment(F, ALL, w0 + k, ORDER).fma(v, s0);
            s1 = FloatVector.fromMemorySegment(F, ALL, w1 + k, ORDER).fma(v, s1);
            s2 = FloatVector.fromMemorySegment(F, ALL, w2 + k, ORDER).fma(v, s2);
            s3 = FloatVector.fromMemorySegment(F, ALL, w3 + k, ORDER).fma(v, s3);
        }
        put(out, s0.reduceLanes(ADD), s1.reduceLanes(ADD), s2.reduceLanes(ADD), s3.reduceLanes(ADD), rows, accumulate);
        putTail(w0 + end, panelStride, rows, x + end, count - vectors * LANES, out);
    }

    private static void put(long out, float s0, float s1, float s2, float s3, int rows, boolean accumulate) {
        put(out, s0, accumulate);
        if (rows > 1) {
            put(out + 4, s1, accumulate);
        }
        if (rows > 2) {
            put(out + 8, s2, accumulate);
        }
        if (rows > 3) {
            put(out + 12, s3, accumulate);
        }
    }

    private static void put(long out, float sum, boolean accumulate) {
        Simd.setFloat(out, accumulate ? Simd.getFloat(out) + sum : sum);
    }

    private static void putTail(long w, long panelStride, int rows, long x, int count, long out) {
        if (count == 0) {
            return;
        }
        for (int r = 0; r < rows; r++) {
            Simd.setFloat(out + 4L * r, Simd.getFloat(out + 4L * r) + tail(w + r * panelStride, x, count));
        }
    }
}
