package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;

/**
 * The checks that every implementation of {@link Kernels} makes before it touches memory. A range that leaves its segment is an
 * {@link IndexOutOfBoundsException}; a number that means nothing (a negative count, an odd rotary dimension) an {@link
 * IllegalArgumentException}.
 */
public final class Bounds {
    private Bounds() {}

    /** Elements {@code index … index + count − 1} of float32 lie inside {@code segment}. */
    public static void floats(MemorySegment segment, long index, long count) {
        Objects.checkFromIndexSize(index, count, segment.byteSize() / Float.BYTES);
    }

    /** Elements {@code index … index + count − 1} of IEEE halves lie inside {@code segment}. */
    public static void halves(MemorySegment segment, long index, long count) {
        Objects.checkFromIndexSize(index, count, segment.byteSize() / Short.BYTES);
    }

    /** The arguments of {@link Kernels#toBytes}. */
    public static void toBytes(MemorySegment x, long index, MemorySegment target, long targetOffset, int count) {
        floats(x, index, count);
        Objects.checkFromIndexSize(targetOffset, CacheFormat.BYTES.bytes(count), target.byteSize());
    }

    /** The arguments of {@link Kernels#dequantize}. */
    public static void dequantize(
            BlockFormat format,
            MemorySegment source,
            long sourceOffset,
            MemorySegment target,
            long targetIndex,
            int count) {
        Objects.checkFromIndexSize(sourceOffset, format.bytes(count), source.byteSize());
        floats(target, targetIndex, count);
    }

    /** The arguments of {@link Kernels#layerNorm}. */
    public static void layerNorm(
            MemorySegment out,
            long outIndex,
            MemorySegment x,
            long xIndex,
            @Nullable MemorySegment weight,
            @Nullable MemorySegment bias,
            int count) {
        floats(out, outIndex, count);
        floats(x, xIndex, count);
        if (weight != null) {
            floats(weight, 0, count);
        }
        if (bias != null) {
            floats(bias, 0, count);
        }
    }

    /** The arguments of {@link Kernels#multiply}. */
    public static void multiply(
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            MemorySegment x,
            long xIndex,
            long xStride,
            int tokens,
            MemorySegment out,
            long outIndex,
            long outStride) {
        Objects.checkFromToIndex(rowFrom, rowTo, weights.rows());
        if (tokens < 0) {
            throw new IllegalArgumentException("there cannot be " + tokens + " tokens");
        }
        if (tokens == 0 || rowFrom == rowTo) {
            return;
        }
        rows(x, xIndex, xStride, tokens, 0, weights.columns());
        rows(out, outIndex, outStride, tokens, rowFrom, rowTo);
    }

    /** The arguments of {@link BatchProduct#prepare}. */
    public static void prepare(
            BatchProduct product,
            MemorySegment x,
            long xIndex,
            long xStride,
            int columns,
            int tokens,
            int tokenFrom,
            int tokenTo,
            MemorySegment prepared) {
        Objects.checkFromToIndex(tokenFrom, tokenTo, tokens);
        int together = product.tokensTogether();
        if (tokenFrom % together != 0 || tokenTo % together != 0 && tokenTo != tokens) {
            throw new IndexOutOfBoundsException("tokens %d to %d of %d are no share: %d are prepared together"
                    .formatted(tokenFrom, tokenTo, tokens, together));
        }
        prepared(product, columns, tokens, prepared);
        if (tokenFrom < tokenTo) {
            rows(x, xIndex, xStride, tokens, 0, columns);
        }
        reachable(NativeMemory.reachable(x) && NativeMemory.writable(prepared));
    }

    /** The arguments of {@link BatchProduct#multiply}, but for whether the product is one of the weights' format. */
    public static void multiply(
            BatchProduct product,
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            MemorySegment prepared,
            int tokens,
            MemorySegment out,
            long outIndex,
            long outStride) {
        Objects.checkFromToIndex(rowFrom, rowTo, weights.rows());
        prepared(product, weights.columns(), tokens, prepared);
        if (tokens > 0 && rowFrom < rowTo) {
            rows(out, outIndex, outStride, tokens, rowFrom, rowTo);
        }
        reachable(NativeMemory.reachable(weights.data())
                && NativeMemory.reachable(prepared)
                && NativeMemory.writable(out));
    }

    private static void prepared(BatchProduct product, int columns, int tokens, MemorySegment prepared) {
        if (columns < 1 || tokens < 0) {
            throw new IllegalArgumentException("%d tokens of %d columns make no sense".formatted(tokens, columns));
        }
        Objects.checkFromIndexSize(0, product.preparedBytes(columns, tokens), prepared.byteSize());
    }

    private static void reachable(boolean reachable) {
        if (!reachable) {
            throw new IllegalArgumentException("a product of many tokens works on native memory that is open");
        }
    }

    /** Float32 rows that begin at {@code index + t·stride}, each touched from element {@code from} to {@code to}. */
    public static void rows(MemorySegment segment, long index, long stride, int tokens, int from, int to) {
        if (stride < 0 || index < 0) {
            throw new IndexOutOfBoundsException("negative index %d or stride %d".formatted(index, stride));
        }
        long last;
        try {
            last = Math.addExact(Math.addExact(index, Math.multiplyExact(stride, (long) tokens - 1)), from);
        } catch (ArithmeticException e) {
            throw new IndexOutOfBoundsException(
                    "%d tokens with stride %d from element %d overflow".formatted(tokens, stride, index));
        }
        floats(segment, last, (long) to - from);
    }

    /** The arguments of {@link Kernels#rotate}. */
    public static void rotate(
            MemorySegment x,
            long index,
            int heads,
            long stride,
            MemorySegment cos,
            long cosIndex,
            MemorySegment sin,
            long sinIndex,
            int dimensions) {
        if (dimensions < 0 || dimensions % 2 != 0) {
            throw new IllegalArgumentException("rotary dimensions come in pairs, not " + dimensions);
        }
        if (heads < 0) {
            throw new IllegalArgumentException("there cannot be " + heads + " heads");
        }
        if (heads > 0) {
            rows(x, index, stride, heads, 0, dimensions);
        }
        floats(cos, cosIndex, dimensions / 2);
        floats(sin, sinIndex, dimensions / 2);
    }

    /** The arguments of {@link Kernels#attention}: shapes, rows, and every page that a row in range can see. */
    public static void attention(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        shape(call);
        Objects.checkIndex(kvHead, call.kvHeads());
        Objects.checkFromToIndex(rowFrom, rowTo, call.rows());
        if (rowFrom == rowTo) {
            return;
        }
        floats(call.query(), call.queryIndex(), product(call.rows(), call.heads(), call.keyDimension()));
        floats(call.out(), call.outIndex(), product(call.rows(), call.heads(), call.valueDimension()));
        long last = (long) call.firstPosition() + rowTo - 1;
        long first = Math.max(0, (long) call.firstPosition() + rowFrom - call.window() + 1);
        long heads = (long) call.kvHeads() * call.pageTokens();
        long keys = product(heads, call.format().bytes(call.keyDimension()));
        long values = product(heads, call.format().bytes(call.valueDimension()));
        long pages = last / call.pageTokens() + 1;
        if (pages > call.keyPages().length || pages > call.valuePages().length) {
            throw new IndexOutOfBoundsException("position %d needs %d pages, there are %d of keys and %d of values"
                    .formatted(last, pages, call.keyPages().length, call.valuePages().length));
        }
        for (int page = (int) (first / call.pageTokens()); page < pages; page++) {
            Objects.checkFromIndexSize(0, keys, call.keyPages()[page].byteSize());
            Objects.checkFromIndexSize(0, values, call.valuePages()[page].byteSize());
        }
        float[] sinks = call.sinks();
        if (sinks != null && sinks.length < call.heads()) {
            throw new IndexOutOfBoundsException(
                    "%d heads need as many sinks, there are %d".formatted(call.heads(), sinks.length));
        }
    }

    /** The arguments of {@link Kernels#convolution}. */
    public static void convolution(ConvolutionCall call, int from, int to) {
        Objects.checkFromToIndex(from, to, call.channels());
        Objects.checkFromToIndex(0, call.keptTokens(), call.tokens());
        if (call.taps() < 1 || call.tokens() < 1) {
            throw new IllegalArgumentException(
                    "%d taps over %d tokens make no sense".formatted(call.taps(), call.tokens()));
        }
        rows(call.x(), call.index(), call.stride(), call.tokens(), from, to);
        floats(call.weights(), 0, (long) call.taps() * call.channels());
        long state = (long) (call.taps() - 1) * call.channels();
        floats(call.before(), 0, state);
        floats(call.after(), 0, state);
        if (call.bias() != null) {
            floats(call.bias(), 0, call.channels());
        }
        if (call.kept() != null) {
            floats(call.kept(), 0, state);
        }
    }

    /** The arguments of {@link Kernels#scan}. */
    public static void scan(ScanCall call, int head) {
        if (call.heads() <= 0 || call.keyHeads() <= 0 || call.heads() % call.keyHeads() != 0) {
            throw new IllegalArgumentException(
                    "%d heads cannot share %d key heads".formatted(call.heads(), call.keyHeads()));
        }
        if (call.tokens() < 1 || call.keyDimension() < 1 || call.valueDimension() < 1) {
            throw new IllegalArgumentException("%d tokens with a state of %d × %d make no sense"
                    .formatted(call.tokens(), call.valueDimension(), call.keyDimension()));
        }
        Objects.checkIndex(head, call.heads());
        Objects.checkFromToIndex(0, call.keptTokens(), call.tokens());
        int keys = Math.multiplyExact(call.keyHeads(), call.keyDimension());
        int values = Math.multiplyExact(call.heads(), call.valueDimension());
        rows(call.in(), call.query(), call.inStride(), call.tokens(), 0, keys);
        rows(call.in(), call.key(), call.inStride(), call.tokens(), 0, keys);
        rows(call.in(), call.value(), call.inStride(), call.tokens(), 0, values);
        rows(call.gates(), call.decay(), call.gateStride(), call.tokens(), 0, call.heads());
        rows(call.gates(), call.rate(), call.gateStride(), call.tokens(), 0, call.heads());
        rows(call.out(), call.outIndex(), call.outStride(), call.tokens(), 0, values);
        long state = Math.multiplyExact(call.heads(), call.stateSize());
        floats(call.before(), 0, state);
        floats(call.after(), 0, state);
        if (call.kept() != null) {
            floats(call.kept(), 0, state);
        }
    }

    private static void shape(AttentionCall call) {
        if (call.heads() <= 0 || call.kvHeads() <= 0 || call.heads() % call.kvHeads() != 0) {
            throw new IllegalArgumentException(
                    "%d query heads cannot share %d key-value heads".formatted(call.heads(), call.kvHeads()));
        }
        if (call.keyDimension() <= 0 || call.valueDimension() <= 0 || call.pageTokens() <= 0) {
            throw new IllegalArgumentException("head dimensions %d and %d and pages of %d tokens must be positive"
                    .formatted(call.keyDimension(), call.valueDimension(), call.pageTokens()));
        }
        if (call.rows() < 0 || call.firstPosition() < 0 || call.window() <= 0) {
            throw new IllegalArgumentException("%d rows from position %d with a window of %d make no sense"
                    .formatted(call.rows(), call.firstPosition(), call.window()));
        }
    }

    private static long product(int a, int b, int c) {
        return product((long) a * b, c);
    }

    private static long product(long a, long b) {
        try {
            return Math.multiplyExact(a, b);
        } catch (ArithmeticException e) {
            throw new IndexOutOfBoundsException("%d × %d elements overflow".formatted(a, b));
        }
    }
}
