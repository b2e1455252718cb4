package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.format.Codec;
import org.llmspell.kernels.format.Codecs;

/**
 * Products of weights of every format with few tokens in float32: expands some rows at a time, in assembled code or by the format's
 * codec, and multiplies them as F32. For matrices that are not worth rounding activations for, and for formats without a product of
 * their own; plain formats have one. Thread-safe, each thread with scratch memory of its own. Arguments must be checked before.
 */
final class ExactProducts {
    /** Expanded rows that are multiplied at once stay in the second cache. */
    private static final int PANEL_BYTES = 1 << 17;

    private static final int MOST_ROWS = 32;

    /** Elements decoded at a time; a multiple of every format's block. */
    private static final int SLICE = 1024;

    private final X86Products products;
    private final Function<BlockFormat, @Nullable DenseUnpackCode> codes;
    private final Map<BlockFormat, Optional<Routine>> unpacking = new ConcurrentHashMap<>();
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    /**
     * Products by some set of instructions.
     *
     * @param products of F32
     * @param codes the code that expands a format to float32, or null
     */
    ExactProducts(X86Products products, Function<BlockFormat, @Nullable DenseUnpackCode> codes) {
        this.products = products;
        this.codes = codes;
    }

    /** {@code out[t][r] = weights[r] · x[t]}, all addresses in bytes, strides too; there must be columns. */
    void multiply(
            WeightMatrix weights, int rowFrom, int rowTo, long x, long xStride, int tokens, long out, long outStride) {
        int columns = weights.columns();
        long most = Math.clamp(PANEL_BYTES / ((long) Float.BYTES * columns), 1, MOST_ROWS);
        Scratch memory = scratch.get();
        MemorySegment panel = memory.panel(most * Float.BYTES * columns);
        Routine routine =
                unpacking.computeIfAbsent(weights.format(), this::assemble).orElse(null);
        for (int row = rowFrom; row < rowTo; row += (int) most) {
            int rows = (int) Math.min(most, rowTo - row);
            long offset = row * weights.rowBytes();
            if (routine == null) {
                decode(memory, weights, offset, (long) rows * columns, panel);
            } else {
                expand(memory, weights, routine, offset, rows, panel);
            }
            WeightMatrix expanded = new WeightMatrix(BlockFormat.F32, rows, columns, panel);
            products.multiply(expanded, 0, rows, x, xStride, tokens, out + (long) Float.BYTES * row, outStride);
        }
    }

    private Optional<Routine> assemble(BlockFormat format) {
        DenseUnpackCode code = codes.apply(format);
        return code == null ? Optional.empty() : Optional.of(code.routine());
    }

    private static void expand(
            Scratch memory, WeightMatrix weights, Routine routine, long offset, int rows, MemorySegment panel) {
        BlockFormat format = weights.format();
        Arguments arguments = memory.arguments;
        arguments.set(DenseUnpackCode.SOURCE, weights.data().address() + offset);
        arguments.set(DenseUnpackCode.SOURCE_STRIDE, weights.rowBytes());
        arguments.set(DenseUnpackCode.AHEAD, weights.rowBytes());
        arguments.set(DenseUnpackCode.ROWS, rows);
        arguments.set(DenseUnpackCode.BLOCKS, weights.columns() / format.blockElements());
        arguments.set(DenseUnpackCode.TARGET, panel.address());
        arguments.set(DenseUnpackCode.TARGET_STRIDE, (long) Float.BYTES * weights.columns());
        arguments.call(routine);
    }

    /** Rows follow each other in both forms, so that they can be decoded as one. */
    private static void decode(Scratch memory, WeightMatrix weights, long offset, long elements, MemorySegment panel) {
        BlockFormat format = weights.format();
        Codec codec = Codecs.of(format);
        for (long done = 0; done < elements; done += SLICE) {
            int count = (int) Math.min(SLICE, elements - done);
            codec.decode(
                    weights.data(), offset + format.bytes(done), count / format.blockElements(), memory.decoded, 0);
            MemorySegment.copy(memory.decoded, 0, panel, ValueLayout.JAVA_FLOAT, Float.BYTES * done, count);
        }
    }

    /** A thread's argument block and its expanded rows. */
    private static final class Scratch {
        final Arguments arguments = new Arguments(DenseUnpackCode.ARGUMENT_BYTES);
        final float[] decoded = new float[SLICE];
        private MemorySegment panel = MemorySegment.NULL;

        MemorySegment panel(long bytes) {
            if (panel.byteSize() < bytes) {
                panel = Arena.ofAuto().allocate(bytes, 64);
            }
            return panel;
        }
    }
}
