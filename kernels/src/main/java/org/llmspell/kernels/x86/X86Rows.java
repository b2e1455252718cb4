package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The operations on single rows in assembled code. Thread-safe. Arguments are addresses and must be checked before. */
final class X86Rows {
    private final Routine add = Routine.of(RowCode::add);
    private final Routine rmsNorm = Routine.of(RowCode::rmsNorm);
    private final Routine siluMultiply = Routine.of(RowCode::siluMultiply);
    private final Routine geluMultiply = Routine.of(RowCode::geluMultiply);
    private final Routine rotateHalves = Routine.of(RowCode::rotateHalves);
    private final Routine rotateNeighbours = Routine.of(RowCode::rotateNeighbours);
    private final Routine toHalf = Routine.of(RowCode::toHalf);
    private final ThreadLocal<MemorySegment> arguments =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(RowCode.ARGUMENT_BYTES, 64));

    X86Rows() throws ExecutableMemory.Refused {}

    void add(long x, long y, int count) {
        run(add, x, y, 0, 0, count, 0, 0);
    }

    void rmsNorm(long out, long x, long weight, int count, float epsilon) {
        run(rmsNorm, out, x, weight, 0, count, 1f / count, epsilon);
    }

    void siluMultiply(long gate, long up, int count) {
        run(siluMultiply, gate, up, 0, 0, count, 0, 0);
    }

    void geluMultiply(long gate, long up, int count) {
        run(geluMultiply, gate, up, 0, 0, count, 0, 0);
    }

    void rotateHalves(long x, long cos, long sin, int pairs) {
        run(rotateHalves, x, x + (long) Float.BYTES * pairs, cos, sin, pairs, 0, 0);
    }

    /** A multiple of 8 pairs. */
    void rotateNeighbours(long x, long cos, long sin, int pairs) {
        run(rotateNeighbours, x, 0, cos, sin, 2 * pairs, 0, 0);
    }

    void toHalf(long x, long halves, int count) {
        run(toHalf, x, halves, 0, 0, count, 0, 0);
    }

    private void run(Routine code, long a, long b, long c, long d, int count, float first, float second) {
        MemorySegment block = arguments.get();
        block.set(ValueLayout.JAVA_LONG, RowCode.A, a);
        block.set(ValueLayout.JAVA_LONG, RowCode.B, b);
        block.set(ValueLayout.JAVA_LONG, RowCode.C, c);
        block.set(ValueLayout.JAVA_LONG, RowCode.D, d);
        block.set(ValueLayout.JAVA_LONG, RowCode.VECTORS, count / 16);
        block.set(ValueLayout.JAVA_INT, RowCode.REST, (1 << count % 16) - 1);
        block.set(ValueLayout.JAVA_FLOAT, RowCode.FIRST_NUMBER, first);
        block.set(ValueLayout.JAVA_FLOAT, RowCode.SECOND_NUMBER, second);
        code.call(block.address());
    }
}
