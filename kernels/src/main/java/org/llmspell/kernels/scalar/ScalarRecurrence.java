package org.llmspell.kernels.scalar;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.ScanCall;

/** Convolutions and recurrences over the tokens of a sequence, one channel or one row of the state after the other. */
final class ScalarRecurrence {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private ScalarRecurrence() {}

    static void convolution(ConvolutionCall call, int from, int to) {
        for (int channel = from; channel < to; channel++) {
            history(call, call.tokens(), channel, call.after());
            history(call, call.keptTokens(), channel, call.kept());
            // From the last token to the first, so that no input is overwritten before its last use.
            for (int token = call.tokens() - 1; token >= 0; token--) {
                double sum = call.bias() == null ? 0 : get(call.bias(), channel);
                for (int tap = 0; tap < call.taps(); tap++) {
                    double weight = get(call.weights(), (long) tap * call.channels() + channel);
                    sum += weight * input(call, token - call.taps() + 1 + tap, channel);
                }
                set(call.x(), call.at(token) + channel, (float) sum);
            }
        }
    }

    /** Writes the inputs before {@code token}. */
    private static void history(ConvolutionCall call, int token, int channel, @Nullable MemorySegment target) {
        for (int i = 0; target != null && i < call.taps() - 1; i++) {
            float value = input(call, token - call.taps() + 1 + i, channel);
            set(target, (long) i * call.channels() + channel, value);
        }
    }

    /** The input of a token, which may be up to {@code taps − 1} before the first. */
    private static float input(ConvolutionCall call, int token, int channel) {
        return token >= 0
                ? get(call.x(), call.at(token) + channel)
                : get(call.before(), (long) (token + call.taps() - 1) * call.channels() + channel);
    }

    static void scan(ScanCall call, int head) {
        for (int row = 0; row < call.valueDimension(); row++) {
            long state = head * call.stateSize() + (long) row * call.keyDimension();
            MemorySegment source = call.before();
            for (int token = 0; token < call.tokens(); token++) {
                step(call, head, row, token, source, state);
                source = call.after();
                if (call.kept() != null && token + 1 == call.keptTokens()) {
                    long bytes = (long) call.keyDimension() * Float.BYTES;
                    MemorySegment.copy(call.after(), state * Float.BYTES, call.kept(), state * Float.BYTES, bytes);
                }
            }
        }
    }

    private static void step(ScanCall call, int head, int row, int token, MemorySegment source, long state) {
        long gate = token * call.gateStride() + head;
        float decay = get(call.gates(), call.decay() + gate);
        float rate = get(call.gates(), call.rate() + gate);
        long keys = token * call.inStride() + (long) call.keyHead(head) * call.keyDimension();
        long element = (long) head * call.valueDimension() + row;
        double value = get(call.in(), call.value() + token * call.inStride() + element);
        if (call.corrects()) {
            for (int i = 0; i < call.keyDimension(); i++) {
                value -= (double) decay * get(source, state + i) * get(call.in(), call.key() + keys + i);
            }
        }
        double change = value * rate;
        double result = 0;
        for (int i = 0; i < call.keyDimension(); i++) {
            double updated = (double) decay * get(source, state + i) + change * get(call.in(), call.key() + keys + i);
            set(call.after(), state + i, (float) updated);
            result += updated * get(call.in(), call.query() + keys + i);
        }
        set(call.out(), call.outIndex() + token * call.outStride() + element, (float) (result * call.scale()));
    }

    private static float get(MemorySegment segment, long index) {
        return segment.get(FLOAT, index * Float.BYTES);
    }

    private static void set(MemorySegment segment, long index, float value) {
        segment.set(FLOAT, index * Float.BYTES, value);
    }
}
