package org.llmspell.kernels.vector;

import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.FLOAT;
import static org.llmspell.kernels.vector.Simd.LANES;

import java.lang.foreign.MemorySegment;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.format.Codecs;

/**
 * Products of a weight matrix with one token and with many, and plain dequantization, for every format: chooses what to read in
 * place, what to unpack and what to expand to floats.
 */
final class Product {
    private Product() {}

    /** One token: each row is read once, in place or through a slab of unpacked quants in the first cache. */
    static void one(WeightMatrix weights, int rowFrom, int rowTo, long x, long out, Scratch scratch) {
        long data = weights.data().address();
        int columns = weights.columns();
        switch (weights.format()) {
            case F32 -> {
                for (int r = rowFrom; r < rowTo; r++) {
                    Simd.setFloat(out + 4L * r, Dense.dot(data + r * weights.rowBytes(), x, columns));
                }
            }
            case F16 -> {
                for (int r = rowFrom; r < rowTo; r++) {
                    Simd.setFloat(out + 4L * r, Halves.dot(data + r * weights.rowBytes(), x, columns));
                }
            }
            case BF16 -> {
                for (int r = rowFrom; r < rowTo; r++) {
                    Simd.setFloat(out + 4L * r, Halves.dotBrain(data + r * weights.rowBytes(), x, columns));
                }
            }
            default -> {
                QuantFormat quant = QuantFormat.of(weights.format());
                if (quant == null) {
                    batch(weights, rowFrom, rowTo, x, 0, 1, out, 0, scratch);
                } else if (LANES == 16 && weights.format() == BlockFormat.Q4_K) {
                    long prepared = scratch.sums(columns + columns / 16);
                    long sums = prepared + 4L * columns;
                    FusedQ4K.prepare(x, columns, prepared, sums, scratch.quants());
                    for (int r = rowFrom; r < rowTo; r++) {
                        long row = data + r * weights.rowBytes();
                        Simd.setFloat(out + 4L * r, FusedQ4K.dot(row, columns / 256, prepared, sums));
                    }
                } else if (LANES == 16 && weights.format() == BlockFormat.Q6_K) {
                    long prepared = scratch.sums(columns + columns / 16);
                    long sums = prepared + 4L * columns;
                    FusedQ6K.prepare(x, columns, prepared, sums, scratch.quants());
                    for (int r = rowFrom; r < rowTo; r++) {
                        long row = data + r * weights.rowBytes();
                        Simd.setFloat(out + 4L * r, FusedQ6K.dot(row, columns / 256, prepared, sums));
                    }
                } else {
                    oneQuantized(quant, weights, rowFrom, rowTo, x, out, scratch);
                }
            }
        }
    }

    private static void oneQuantized(
            QuantFormat quant, WeightMatrix weights, int rowFrom, int rowTo, long x, long out, Scratch scratch) {
        BlockFormat format = weights.format();
        int columns = weights.columns();
        long sums = scratch.sums(columns / quant.subBlock());
        if (quant.minima()) {
            QuantizedRow.sums(x, columns, quant.subBlock(), sums);
        }
        long data = weights.data().address();
        long last = data + rowTo * weights.rowBytes() - format.bytes(Math.min(columns, Scratch.SLAB));
        for (int r = rowFrom; r < rowTo; r++) {
            float sum = 0;
            for (int done = 0; done < columns; done += Scratch.SLAB) {
                int count = Math.min(Scratch.SLAB, columns - done);
                long slab = data + r * weights.rowBytes() + format.bytes(done);
                long slabX = x + 4L * done;
                long slabSums = sums + 4L * (done / quant.subBlock());
                long ahead = Math.min(slab + format.bytes(count), last);
                sum += slab(quant, format, slab, count, slabX, slabSums, ahead, scratch);
            }
            Simd.setFloat(out + 4L * r, sum);
        }
    }

    /** A slab of one row; {@code ahead} is where a slab starts that is likely to be next. */
    private static float slab(
            QuantFormat quant,
            BlockFormat format,
            long slab,
            int count,
            long x,
            long sums,
            long ahead,
            Scratch scratch) {
        int blocks = count / format.blockElements();
        if (LANES == 16) {
            switch (format) {
                case Q8_0 -> {
                    return FusedWide.q80(slab, blocks, x);
                }
                case Q4_0 -> {
                    return FusedWide.q40(slab, blocks, x);
                }
                case Q5_K -> {
                    return FusedWide.q5k(slab, blocks, x, sums, scratch);
                }
                default -> {}
            }
        }
        unpack(quant, format, slab, count, scratch);
        int aheadStep = format.blockBytes() * 32 / format.blockElements();
        return QuantizedRow.dot(quant, scratch, x, sums, count, ahead, aheadStep);
    }

    /** Many tokens: a panel of rows is expanded to floats once and multiplied with all tokens. */
    static void batch(
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            long x,
            long xStride,
            int tokens,
            long out,
            long outStride,
            Scratch scratch) {
        BlockFormat format = weights.format();
        long data = weights.data().address();
        int columns = weights.columns();
        if (columns == 0) {
            zero(rowFrom, rowTo, tokens, out, outStride);
        }
        for (int row = rowFrom; row < rowTo; row += Scratch.PANEL_ROWS) {
            int rows = Math.min(Scratch.PANEL_ROWS, rowTo - row);
            for (int column = 0; column < columns; column += Scratch.PANEL_COLUMNS) {
                int count = Math.min(Scratch.PANEL_COLUMNS, columns - column);
                long panel = data + row * weights.rowBytes() + format.bytes(column);
                long stride = weights.rowBytes();
                if (format != BlockFormat.F32) {
                    for (int r = 0; r < rows; r++) {
                        expand(
                                format,
                                panel + r * stride,
                                scratch.panel() + 4L * r * Scratch.PANEL_COLUMNS,
                                count,
                                scratch);
                    }
                    panel = scratch.panel();
                    stride = 4L * Scratch.PANEL_COLUMNS;
                }
                Dense.product(
                        panel,
                        stride,
                        rows,
                        x + 4L * column,
                        xStride,
                        tokens,
                        count,
                        out + 4L * row,
                        outStride,
                        column > 0);
            }
        }
    }

    private static void zero(int rowFrom, int rowTo, int tokens, long out, long outStride) {
        for (int t = 0; t < tokens; t++) {
            for (int r = rowFrom; r < rowTo; r++) {
                Simd.setFloat(out + t * outStride + 4L * r, 0);
            }
        }
    }

    /** Dequantizes {@code count} elements from address {@code source} to floats at {@code target}. */
    static void expand(BlockFormat format, long source, long target, int count, Scratch scratch) {
        switch (format) {
            case F32 -> MemorySegment.copy(ALL, source, ALL, target, 4L * count);
            case F16 -> Halves.widen(source, target, count);
            case BF16 -> Halves.widenBrain(source, target, count);
            default -> {
                QuantFormat quant = QuantFormat.of(format);
                for (int done = 0; done < count; done += Scratch.SLAB) {
                    int elements = Math.min(Scratch.SLAB, count - done);
                    long from = source + format.bytes(done);
                    long to = target + 4L * done;
                    if (quant == null) {
                        float[] decoded = scratch.decoded();
                        Codecs.of(format).decode(ALL, from, elements / format.blockElements(), decoded, 0);
                        MemorySegment.copy(decoded, 0, ALL, FLOAT, to, elements);
                    } else {
                        unpack(quant, format, from, elements, scratch);
                        QuantizedRow.expand(quant, scratch, to, elements);
                    }
                }
            }
        }
    }

    private static void unpack(QuantFormat quant, BlockFormat format, long source, int count, Scratch scratch) {
        quant.unpack()
                .unpack(source, count / format.blockElements(), scratch.quants(), scratch.scales(), scratch.minima());
    }
}
