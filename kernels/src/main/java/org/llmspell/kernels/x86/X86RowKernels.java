package org.llmspell.kernels.x86;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.NativeMemory;
import org.llmspell.kernels.ScanCall;

/**
 * The operations on rows and the recurrences: checks the arguments as {@link Kernels} promises, then runs assembled code on plain
 * addresses. Memory on the Java heap has no address; a call with such a segment is left to the other kernels.
 */
abstract class X86RowKernels extends ForwardingKernels {
    private final Rows rows;
    private final X86Recurrence recurrence;

    X86RowKernels(Kernels others, Rows rows, X86Recurrence recurrence) {
        super(others);
        this.rows = rows;
        this.recurrence = recurrence;
    }

    @Override
    public float dot(MemorySegment a, long aIndex, MemorySegment b, long bIndex, int count) {
        Bounds.floats(a, aIndex, count);
        Bounds.floats(b, bIndex, count);
        if (!NativeMemory.reachable(a) || !NativeMemory.reachable(b)) {
            return others.dot(a, aIndex, b, bIndex, count);
        }
        float dot = rows.dot(at(a, aIndex), at(b, bIndex), count);
        NativeMemory.keep(a, b, b);
        return dot;
    }

    @Override
    public void rmsNorm(
            MemorySegment out,
            long outIndex,
            MemorySegment x,
            long xIndex,
            MemorySegment weight,
            int count,
            float epsilon) {
        Bounds.floats(out, outIndex, count);
        Bounds.floats(x, xIndex, count);
        Bounds.floats(weight, 0, count);
        if (!NativeMemory.writable(out) || !NativeMemory.reachable(x) || !NativeMemory.reachable(weight)) {
            others.rmsNorm(out, outIndex, x, xIndex, weight, count, epsilon);
            return;
        }
        rows.rmsNorm(at(out, outIndex), at(x, xIndex), weight.address(), count, epsilon);
        NativeMemory.keep(out, x, weight);
    }

    @Override
    public void layerNorm(
            MemorySegment out,
            long outIndex,
            MemorySegment x,
            long xIndex,
            @Nullable MemorySegment weight,
            @Nullable MemorySegment bias,
            int count,
            float epsilon) {
        Bounds.layerNorm(out, outIndex, x, xIndex, weight, bias, count);
        if (!NativeMemory.writable(out)
                || !NativeMemory.reachable(x)
                || (weight != null && !NativeMemory.reachable(weight))
                || (bias != null && !NativeMemory.reachable(bias))) {
            others.layerNorm(out, outIndex, x, xIndex, weight, bias, count, epsilon);
            return;
        }
        rows.layerNorm(
                at(out, outIndex),
                at(x, xIndex),
                weight == null ? 0 : weight.address(),
                bias == null ? 0 : bias.address(),
                count,
                epsilon);
        NativeMemory.keep(out, x, x);
        NativeMemory.keep(weight == null ? x : weight, bias == null ? x : bias, x);
    }

    @Override
    public void softmax(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.softmax(x, index, count);
            return;
        }
        rows.softmax(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void add(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        if (!takes(x, xIndex, y, yIndex, count)) {
            others.add(x, xIndex, y, yIndex, count);
            return;
        }
        rows.add(at(x, xIndex), at(y, yIndex), count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void addScaled(MemorySegment x, long xIndex, MemorySegment y, long yIndex, float scale, int count) {
        if (!takes(x, xIndex, y, yIndex, count)) {
            others.addScaled(x, xIndex, y, yIndex, scale, count);
            return;
        }
        rows.addScaled(at(x, xIndex), at(y, yIndex), scale, count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void multiply(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        if (!takes(x, xIndex, y, yIndex, count)) {
            others.multiply(x, xIndex, y, yIndex, count);
            return;
        }
        rows.multiply(at(x, xIndex), at(y, yIndex), count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void siluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        if (!takes(gate, gateIndex, up, upIndex, count)) {
            others.siluMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        rows.siluMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void geluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        if (!takes(gate, gateIndex, up, upIndex, count)) {
            others.geluMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        rows.geluMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void sigmoidMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        if (!takes(gate, gateIndex, up, upIndex, count)) {
            others.sigmoidMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        rows.sigmoidMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void clampedSiluMultiply(
            MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count, float alpha, float limit) {
        if (!takes(gate, gateIndex, up, upIndex, count)) {
            others.clampedSiluMultiply(gate, gateIndex, up, upIndex, count, alpha, limit);
            return;
        }
        rows.clampedSiluMultiply(at(gate, gateIndex), at(up, upIndex), count, alpha, limit);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void silu(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.silu(x, index, count);
            return;
        }
        rows.silu(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void gelu(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.gelu(x, index, count);
            return;
        }
        rows.gelu(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void reluSquared(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.reluSquared(x, index, count);
            return;
        }
        rows.reluSquared(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void xielu(
            MemorySegment x, long index, int count, float negative, float positive, float beta, float epsilon) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.xielu(x, index, count, negative, positive, beta, epsilon);
            return;
        }
        rows.xielu(at(x, index), count, negative, positive, beta, epsilon);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void rotate(
            MemorySegment x,
            long index,
            int heads,
            long stride,
            MemorySegment cos,
            long cosIndex,
            MemorySegment sin,
            long sinIndex,
            int dimensions,
            boolean halves) {
        Bounds.rotate(x, index, heads, stride, cos, cosIndex, sin, sinIndex, dimensions);
        if (!NativeMemory.writable(x) || !NativeMemory.reachable(cos) || !NativeMemory.reachable(sin)) {
            others.rotate(x, index, heads, stride, cos, cosIndex, sin, sinIndex, dimensions, halves);
            return;
        }
        for (int head = 0; head < heads; head++) {
            long first = at(x, index + head * stride);
            if (halves) {
                rows.rotateHalves(first, at(cos, cosIndex), at(sin, sinIndex), dimensions / 2);
            } else {
                rows.rotateNeighbours(first, at(cos, cosIndex), at(sin, sinIndex), dimensions / 2);
            }
        }
        NativeMemory.keep(x, cos, sin);
    }

    @Override
    public void toHalf(MemorySegment x, long index, MemorySegment target, long targetIndex, int count) {
        Bounds.floats(x, index, count);
        Bounds.halves(target, targetIndex, count);
        if (!NativeMemory.reachable(x) || !NativeMemory.writable(target)) {
            others.toHalf(x, index, target, targetIndex, count);
            return;
        }
        rows.toHalf(at(x, index), target.address() + Short.BYTES * targetIndex, count);
        NativeMemory.keep(x, target, target);
    }

    @Override
    public void toBytes(MemorySegment x, long index, MemorySegment target, long targetOffset, int count) {
        Bounds.toBytes(x, index, target, targetOffset, count);
        if (!NativeMemory.reachable(x) || !NativeMemory.writable(target)) {
            others.toBytes(x, index, target, targetOffset, count);
            return;
        }
        rows.toBytes(at(x, index), target.address() + targetOffset, count);
        NativeMemory.keep(x, target, target);
    }

    @Override
    public void convolution(ConvolutionCall call, int from, int to) {
        Bounds.convolution(call, from, to);
        if (!writable(call.x(), call.after(), call.kept())
                || !NativeMemory.reachable(call.weights())
                || !NativeMemory.reachable(call.before())
                || (call.bias() != null && !NativeMemory.reachable(call.bias()))) {
            others.convolution(call, from, to);
            return;
        }
        recurrence.convolution(call, from, to);
        NativeMemory.keep(call, call, call);
    }

    @Override
    public void scan(ScanCall call, int head) {
        Bounds.scan(call, head);
        if (!writable(call.out(), call.after(), call.kept())
                || !NativeMemory.reachable(call.in())
                || !NativeMemory.reachable(call.gates())
                || !NativeMemory.reachable(call.before())) {
            others.scan(call, head);
            return;
        }
        recurrence.scan(call, head);
        NativeMemory.keep(call, call, call);
    }

    /** Checks the bounds of two rows; whether both lie in native memory, and the first can be written. */
    private static boolean takes(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        return NativeMemory.writable(x) && NativeMemory.reachable(y);
    }

    private static boolean writable(MemorySegment a, MemorySegment b, @Nullable MemorySegment c) {
        return NativeMemory.writable(a) && NativeMemory.writable(b) && (c == null || NativeMemory.writable(c));
    }

    /** The address of element {@code index}. */
    static long at(MemorySegment segment, long index) {
        return segment.address() + Float.BYTES * index;
    }
}
