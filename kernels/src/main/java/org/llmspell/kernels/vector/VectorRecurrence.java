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
 * Convolutions and recurrences over the tokens of a sequence: channels side by side, and one row of the state after the other,
 * each taken through all tokens while it is in the first-level cache.
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

    static void scan(ScanCall call, int head) {
        long keyOffset = 4L * call.keyHead(head) * call.keyDimension();
        long in = call.in().address();
        for (int row = 0; row < call.valueDimension(); row++) {
            long state = 4 * (head * call.stateSize() + (long) row * call.keyDimension());
            long after = call.after().address() + state;
            long source = call.before().address() + state;
            long element = 4 * ((long) head * call.valueDimension() + row);
            for (int token = 0; token < call.tokens(); token++) {
                long inRow = in + 4 * token * call.inStride();
                long gates = call.gates().address() + 4 * (token * call.gateStride() + head);
                float result = step(
                        source,
                        after,
                        inRow + 4 * call.key() + keyOffset,
                        inRow + 4 * call.query() + keyOffset,
                        call.keyDimension(),
                        Simd.getFloat(inRow + 4 * call.value() + element),
                        Simd.getFloat(gates + 4 * call.decay()),
                        Simd.getFloat(gates + 4 * call.rate()),
                        call.corrects());
                long out = call.out().address() + 4 * (call.outIndex() + token * call.outStride()) + element;
                Simd.setFloat(out, result * call.scale());
                source = after;
                if (call.kept() != null && token + 1 == call.keptTokens()) {
                    MemorySegment.copy(ALL, after, ALL, call.kept().address() + state, 4L * call.keyDimension());
                }
            }
        }
    }

    /** One token for one row of the state; its product with the query. */
    private static float step(
            long source,
            long target,
            long key,
            long query,
            int count,
            float value,
            float decay,
            float rate,
            boolean corrects) {
        float change = (corrects ? value - decay * Dense.dot(source, key, count) : value) * rate;
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
        return result;
    }
}
