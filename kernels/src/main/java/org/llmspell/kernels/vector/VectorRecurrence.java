package org.llmspell.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ADD;
import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.ScanCall;

/**
 * Convolutions and recurrences over the tokens of a sequence: channels side by side, and a few rows of the state after the other,
 * taken through all tokens while they are in the first-level cache.
 */
final class VectorRecurrence {
    private VectorRecurrence() {}

    static void convolution(ConvolutionCall call, int from, int to) {
        history(call, call.tokens(), from, to, call.after());
        history(call, call.keptTokens(), from, to, call.kept());
        long weights = call.weights().address();
        MemorySegment bias = call.bias();
        // From the last token to the first, so that no input is overwritten before its last use.
        for (int token = call.tokens() - 1; token >= 0; token--) {
            long out = call.x().address() + 4 * call.at(token);
            for (int channel = from; channel < to; channel += LANES) {
                if (channel + LANES <= to) {
                    FloatVector sum = bias == null
                            ? FloatVector.zero(F)
                            : FloatVector.fromMemorySegment(F, ALL, bias.address() + 4L * channel, ORDER);
                    for (int tap = 0; tap < call.taps(); tap++) {
                        long row = input(call, token - call.taps() + 1 + tap);
                        sum = FloatVector.fromMemorySegment(F, ALL, row + 4L * channel, ORDER)
                                .fma(
                                        FloatVector.fromMemorySegment(
                                                F, ALL, weights + 4 * ((long) tap * call.channels() + channel), ORDER),
                                        sum);
                    }
                    sum.intoMemorySegment(ALL, out + 4L * channel, ORDER);
                } else {
                    rest(call, token, channel, to);
                }
            }
        }
    }

    private static void rest(ConvolutionCall call, int token, int from, int to) {
        MemorySegment bias = call.bias();
        for (int channel = from; channel < to; channel++) {
            float sum = bias == null ? 0 : Simd.getFloat(bias.address() + 4L * channel);
            for (int tap = 0; tap < call.taps(); tap++) {
                long weight = call.weights().address() + 4 * ((long) tap * call.channels() + channel);
                long row = input(call, token - call.taps() + 1 + tap);
                sum = Math.fma(Simd.getFloat(weight), Simd.getFloat(row + 4L * channel), sum);
            }
            Simd.setFloat(call.x().address() + 4 * (call.at(token) + channel), sum);
        }
    }

    /** Writes the inputs before {@code token}. */
    private static void history(ConvolutionCall call, int token, int from, int to, @Nullable MemorySegment target) {
        for (int i = 0; target != null && i < call.taps() - 1; i++) {
            long source = input(call, token - call.taps() + 1 + i) + 4L * from;
            long row = target.address() + 4 * ((long) i * call.channels() + from);
            MemorySegment.copy(ALL, source, ALL, row, 4L * (to - from));
        }
    }

    /** The address of a token's inputs, which may be up to {@code taps − 1} before the first. */
    private static long input(ConvolutionCall call, int token) {
        return token >= 0
                ? call.x().address() + 4 * call.at(token)
                : call.before().address() + 4L * (token + call.taps() - 1) * call.channels();
    }

    /** Rows of the state that are stepped together: they share the loads of key and query, and hide each other's sums. */
    private static final int ROWS = 4;

    static void scan(ScanCall call, int head) {
        int row = 0;
        for (; row + ROWS <= call.valueDimension() && call.keyDimension() % LANES == 0; row += ROWS) {
            scan(call, head, row, ROWS);
        }
        for (; row < call.valueDimension(); row++) {
            scan(call, head, row, 1);
        }
    }

    /** All tokens for {@code rows} rows of a head's state: 1, or {@link #ROWS} of whole vectors. */
    private static void scan(ScanCall call, int head, int row, int rows) {
        long keyOffset = 4L * call.keyHead(head) * call.keyDimension();
        long state = 4 * (head * call.stateSize() + (long) row * call.keyDimension());
        long bytes = 4L * rows * call.keyDimension();
        long after = call.after().address() + state;
        long source = call.before().address() + state;
        long element = 4 * ((long) head * call.valueDimension() + row);
        for (int token = 0; token < call.tokens(); token++) {
            long in = call.in().address() + 4L * token * call.inStride();
            long gates = call.gates().address() + 4 * (token * call.gateStride() + head);
            float decay = Simd.getFloat(gates + 4 * call.decay());
            float rate = Simd.getFloat(gates + 4 * call.rate());
            long out = call.out().address() + 4 * (call.outIndex() + token * call.outStride()) + element;
            long key = in + 4 * call.key() + keyOffset;
            long query = in + 4 * call.query() + keyOffset;
            long value = in + 4 * call.value() + element;
            if (rows == 1) {
                step(call, source, after, key, query, value, decay, rate, out);
            } else {
                stepRows(call, source, after, key, query, value, decay, rate, out);
            }
            source = after;
            if (call.kept() != null && token + 1 == call.keptTokens()) {
                MemorySegment.copy(ALL, after, ALL, call.kept().address() + state, bytes);
            }
        }
    }

    /** One token for one row of the state. */
    private static void step(
            ScanCall call,
            long source,
            long target,
            long key,
            long query,
            long value,
            float decay,
            float rate,
            long out) {
        int count = call.keyDimension();
        float seen = call.corrects() ? decay * Dense.dot(source, key, count) : 0;
        float change = (Simd.getFloat(value) - seen) * rate;
        FloatVector sum = FloatVector.zero(F);
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            FloatVector updated = FloatVector.fromMemorySegment(F, ALL, source + 4L * i, ORDER)
                    .mul(decay)
                    .add(FloatVector.fromMemorySegment(F, ALL, key + 4L * i, ORDER)
                            .mul(change));
            updated.intoMemorySegment(ALL, target + 4L * i, ORDER);
            sum = updated.fma(FloatVector.fromMemorySegment(F, ALL, query + 4L * i, ORDER), sum);
        }
        float result = sum.reduceLanes(ADD);
        for (; i < count; i++) {
            float updated = decay * Simd.getFloat(source + 4L * i) + change * Simd.getFloat(key + 4L * i);
            Simd.setFloat(target + 4L * i, updated);
            result += updated * Simd.getFloat(query + 4L * i);
        }
        Simd.setFloat(out, result * call.scale());
    }

    /** One token for {@link #ROWS} rows of the state, of whole vectors. */
    private static void stepRows(
            ScanCall call,
            long source,
            long target,
            long key,
            long query,
            long value,
            float decay,
            float rate,
            long out) {
        int count = call.keyDimension();
        long stride = 4L * count;
        float change0 = Simd.getFloat(value);
        float change1 = Simd.getFloat(value + 4);
        float change2 = Simd.getFloat(value + 8);
        float change3 = Simd.getFloat(value + 12);
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        if (call.corrects()) {
            for (long i = 0; i < stride; i += 4L * LANES) {
                FloatVector k = FloatVector.fromMemorySegment(F, ALL, key + i, ORDER);
                sum0 = FloatVector.fromMemorySegment(F, ALL, source + i, ORDER).fma(k, sum0);
                sum1 = FloatVector.fromMemorySegment(F, ALL, source + stride + i, ORDER)
                        .fma(k, sum1);
                sum2 = FloatVector.fromMemorySegment(F, ALL, source + 2 * stride + i, ORDER)
                        .fma(k, sum2);
                sum3 = FloatVector.fromMemorySegment(F, ALL, source + 3 * stride + i, ORDER)
                        .fma(k, sum3);
            }
            change0 -= decay * sum0.reduceLanes(ADD);
            change1 -= decay * sum1.reduceLanes(ADD);
            change2 -= decay * sum2.reduceLanes(ADD);
            change3 -= decay * sum3.reduceLanes(ADD);
            sum0 = FloatVector.zero(F);
            sum1 = sum0;
            sum2 = sum0;
            sum3 = sum0;
        }
        change0 *= rate;
        change1 *= rate;
        change2 *= rate;
        change3 *= rate;
        for (long i = 0; i < stride; i += 4L * LANES) {
            FloatVector k = FloatVector.fromMemorySegment(F, ALL, key + i, ORDER);
            FloatVector q = FloatVector.fromMemorySegment(F, ALL, query + i, ORDER);
            FloatVector s0 = FloatVector.fromMemorySegment(F, ALL, source + i, ORDER)
                    .mul(decay)
                    .add(k.mul(change0));
            FloatVector s1 = FloatVector.fromMemorySegment(F, ALL, source + stride + i, ORDER)
                    .mul(decay)
                    .add(k.mul(change1));
            FloatVector s2 = FloatVector.fromMemorySegment(F, ALL, source + 2 * stride + i, ORDER)
                    .mul(decay)
                    .add(k.mul(change2));
            FloatVector s3 = FloatVector.fromMemorySegment(F, ALL, source + 3 * stride + i, ORDER)
                    .mul(decay)
                    .add(k.mul(change3));
            s0.intoMemorySegment(ALL, target + i, ORDER);
            s1.intoMemorySegment(ALL, target + stride + i, ORDER);
            s2.intoMemorySegment(ALL, target + 2 * stride + i, ORDER);
            s3.intoMemorySegment(ALL, target + 3 * stride + i, ORDER);
            sum0 = s0.fma(q, sum0);
            sum1 = s1.fma(q, sum1);
            sum2 = s2.fma(q, sum2);
            sum3 = s3.fma(q, sum3);
        }
        Simd.setFloat(out, sum0.reduceLanes(ADD) * call.scale());
        Simd.setFloat(out + 4, sum1.reduceLanes(ADD) * call.scale());
        Simd.setFloat(out + 8, sum2.reduceLanes(ADD) * call.scale());
        Simd.setFloat(out + 12, sum3.reduceLanes(ADD) * call.scale());
    }
}
