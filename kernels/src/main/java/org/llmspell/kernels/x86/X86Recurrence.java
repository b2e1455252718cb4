package org.llmspell.kernels.x86;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.ScanCall;

/**
 * Convolutions and recurrences over the tokens of a sequence in assembled code. Thread-safe, each thread with an argument block of its
 * own. Arguments must be checked before, and all memory be native.
 */
final class X86Recurrence {
    @SuppressWarnings("restricted") // addresses that were checked
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private final Rows rows;
    /** Floats of a vector: 16, or 8 in AVX2. */
    private final int lanes;

    private final ThreadLocal<Arguments> arguments =
            ThreadLocal.withInitial(() -> new Arguments(ScanCode.ARGUMENT_BYTES));

    private final Routine plain;
    private final Routine correcting;

    private X86Recurrence(Rows rows, int lanes, Routine plain, Routine correcting) {
        this.rows = rows;
        this.lanes = lanes;
        this.plain = plain;
        this.correcting = correcting;
    }

    static X86Recurrence avx512(Rows rows) {
        Routine plain = Routine.of(a -> ScanCode.write(a, false));
        return new X86Recurrence(rows, 16, plain, Routine.of(a -> ScanCode.write(a, true)));
    }

    static X86Recurrence avx2(Rows rows) {
        Routine plain = Routine.of(a -> Avx2ScanCode.write(a, false));
        return new X86Recurrence(rows, 8, plain, Routine.of(a -> Avx2ScanCode.write(a, true)));
    }

    /** How the code is told which elements there are after the whole vectors. */
    private long rest(int elements) {
        if (lanes == 16) {
            return (1L << elements) - 1;
        }
        return elements == 0 ? 0 : Avx2RowCode.mask(elements);
    }

    void convolution(ConvolutionCall call, int from, int to) {
        if (from == to) {
            return;
        }
        history(call, call.tokens(), from, to, call.after());
        history(call, call.keptTokens(), from, to, call.kept());
        MemorySegment bias = call.bias();
        int count = to - from;
        int own = call.taps() - 1;
        // From the last token to the first, so that no input is overwritten before its last use.
        for (int token = call.tokens() - 1; token >= 0; token--) {
            long out = input(call, token) + (long) Float.BYTES * from;
            rows.multiply(out, weight(call, own) + (long) Float.BYTES * from, count);
            if (bias != null) {
                rows.add(out, bias.address() + (long) Float.BYTES * from, count);
            }
            for (int tap = 0; tap < own; tap++) {
                long earlier = input(call, token - own + tap) + (long) Float.BYTES * from;
                rows.addProduct(out, earlier, weight(call, tap) + (long) Float.BYTES * from, count);
            }
        }
    }

    private static long weight(ConvolutionCall call, int tap) {
        return call.weights().address() + (long) Float.BYTES * tap * call.channels();
    }

    /** Writes the inputs before {@code token}. */
    private static void history(ConvolutionCall call, int token, int from, int to, @Nullable MemorySegment target) {
        for (int i = 0; target != null && i < call.taps() - 1; i++) {
            long source = input(call, token - call.taps() + 1 + i) + (long) Float.BYTES * from;
            long row = Float.BYTES * ((long) i * call.channels() + from);
            MemorySegment.copy(ALL, source, target, row, (long) Float.BYTES * (to - from));
        }
    }

    /** The address of a token's inputs, which may be up to {@code taps − 1} before the first. */
    private static long input(ConvolutionCall call, int token) {
        return token >= 0
                ? call.x().address() + Float.BYTES * call.at(token)
                : call.before().address() + (long) Float.BYTES * (token + call.taps() - 1) * call.channels();
    }

    void scan(ScanCall call, int head) {
        Routine code = call.corrects() ? correcting : plain;
        long keyOffset = (long) Float.BYTES * call.keyHead(head) * call.keyDimension();
        long stateOffset = (long) Float.BYTES * head * call.stateSize();
        long element = (long) Float.BYTES * head * call.valueDimension();
        long after = call.after().address() + stateOffset;
        Arguments block = arguments.get();
        block.set(ScanCode.BEFORE, call.before().address() + stateOffset);
        block.set(ScanCode.AFTER, after);
        block.set(ScanCode.ROWS, call.valueDimension());
        block.set(ScanCode.VECTORS, call.keyDimension() / lanes);
        block.set(ScanCode.REST, rest(call.keyDimension() % lanes));
        block.set(ScanCode.ROW_BYTES, (long) Float.BYTES * call.keyDimension());
        block.setFloat(ScanCode.SCALE, call.scale());
        for (int token = 0; token < call.tokens(); token++) {
            long in = call.in().address() + (long) Float.BYTES * token * call.inStride();
            long gate = token * call.gateStride() + head;
            long out = call.outIndex() + token * call.outStride();
            block.set(ScanCode.KEY, in + Float.BYTES * call.key() + keyOffset);
            block.set(ScanCode.QUERY, in + Float.BYTES * call.query() + keyOffset);
            block.set(ScanCode.VALUE, in + Float.BYTES * call.value() + element);
            block.set(ScanCode.OUT, call.out().address() + Float.BYTES * out + element);
            block.setFloat(ScanCode.DECAY, number(call.gates(), gate + call.decay()));
            block.setFloat(ScanCode.RATE, number(call.gates(), gate + call.rate()));
            block.call(code);
            block.set(ScanCode.BEFORE, after);
            if (call.kept() != null && token + 1 == call.keptTokens()) {
                long bytes = Float.BYTES * call.stateSize();
                MemorySegment.copy(call.after(), stateOffset, call.kept(), stateOffset, bytes);
            }
        }
    }

    private static float number(MemorySegment numbers, long index) {
        return numbers.get(ValueLayout.JAVA_FLOAT_UNALIGNED, Float.BYTES * index);
    }
}
