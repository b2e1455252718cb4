package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.WeightMatrix;

/**
 * Products of quantized weights with the activations of many tokens in assembled code: unpacks 32 rows at a time into a panel that stays
 * in the first cache, and takes all tokens over it. Code is made for each format when it is first asked for. Thread-safe, each thread
 * with scratch memory of its own. Arguments must be checked before.
 *
 * <p>The second cache holds what is used again and again: the rounded activations of the columns at work, and the sums of the rows
 * at work. Hence the order: columns outside, then rows, then tokens.
 */
final class PanelProducts {
    /** Groups of 256 columns that are unpacked at once: 24 KB at most. */
    private static final int GROUPS = 2;

    /** Rows and tokens whose sums are kept: 256 of both, 256 KB. */
    private static final int ROWS = PanelCode.SUMS_STRIDE / Float.BYTES;

    private static final int TOKENS = 256;
    private static final int RUNS_OF_GROUP = RoundedRecords.GROUP / 32;

    /** The largest panel's bytes per group. */
    private static final int PANEL_BYTES = 16 * PanelCode.runBytes(16);

    /** How a format is computed. */
    private record Shape(RoundedRecords records, int run, boolean minima, UnpackSmall.@Nullable Layout small) {}

    /**
     * The code of a format.
     *
     * @param several unpacks several blocks at once, or one of 256
     * @param single unpacks one of 32, or is the same
     * @param products by the number of tokens in a tile, less 1
     */
    @SuppressWarnings("ArrayRecordComponent") // made once and never compared
    private record Code(Shape shape, Routine several, Routine single, Routine[] products) {}

    private final Map<BlockFormat, Code> codes = new ConcurrentHashMap<>();
    private final Map<PanelCode, Routine> products = new ConcurrentHashMap<>();
    private final Map<RoundedRecords, Routine> roundings = new ConcurrentHashMap<>();
    private final Routine store = PanelStoreCode.routine();
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    /** The product of a format, the same for all whose activations are rounded alike; null where there is no code for it. */
    @Nullable
    RoundedProduct product(BlockFormat format) {
        RoundedRecords records = records(format);
        return records == null ? null : new RoundedProduct(records, this);
    }

    /** How the activations are to be rounded for a format; null where there is no code for it. */
    static @Nullable RoundedRecords records(BlockFormat format) {
        Shape shape = shape(format);
        return shape == null ? null : shape.records;
    }

    private static @Nullable Shape shape(BlockFormat format) {
        return switch (format) {
            case Q4_K, Q5_K -> new Shape(RoundedRecords.SUPER, 32, true, null);
            case Q6_K, Q3_K -> new Shape(RoundedRecords.SUPER, 16, false, null);
            case Q2_K -> new Shape(RoundedRecords.SUPER, 16, true, null);
            case IQ4_XS -> new Shape(RoundedRecords.SMALL, 32, false, null);
            case Q4_0 -> small(UnpackSmall.Layout.Q4_0);
            case Q4_1 -> small(UnpackSmall.Layout.Q4_1);
            case Q5_0 -> small(UnpackSmall.Layout.Q5_0);
            case Q5_1 -> small(UnpackSmall.Layout.Q5_1);
            case Q8_0 -> small(UnpackSmall.Layout.Q8_0);
            case IQ4_NL -> small(UnpackSmall.Layout.IQ4_NL);
            case MXFP4 -> small(UnpackSmall.Layout.MXFP4);
            default -> null;
        };
    }

    private static Shape small(UnpackSmall.Layout layout) {
        return new Shape(RoundedRecords.SMALL, 32, layout.minima, layout);
    }

    private Code assemble(BlockFormat format) {
        Shape shape = shape(format);
        if (shape == null) {
            throw new IllegalArgumentException("no code for " + format);
        }
        Routine several = unpacking(format, shape, true).routine();
        Routine single =
                shape.small == null ? several : unpacking(format, shape, false).routine();
        Routine[] tiles = new Routine[PanelCode.MOST_TOKENS];
        for (int tokens = 1; tokens <= tiles.length; tokens++) {
            PanelCode code = new PanelCode(shape.records, shape.run, shape.minima, tokens);
            tiles[tokens - 1] = products.computeIfAbsent(code, PanelCode::routine);
        }
        return new Code(shape, several, single, tiles);
    }

    private static UnpackCode unpacking(BlockFormat format, Shape shape, boolean several) {
        UnpackSmall.Layout small = shape.small;
        if (small != null) {
            return new UnpackSmall(small, several ? small.together() : 1, GROUPS * RUNS_OF_GROUP * small.bytes());
        }
        return switch (format) {
            case Q4_K -> new UnpackNibbleSuper(false, GROUPS);
            case Q5_K -> new UnpackNibbleSuper(true, GROUPS);
            case Q6_K -> new UnpackSixBitSuper(GROUPS);
            case Q3_K -> new UnpackLowSuper(true, GROUPS);
            case Q2_K -> new UnpackLowSuper(false, GROUPS);
            case IQ4_XS -> new UnpackTableSuper(GROUPS);
            default -> throw new IllegalArgumentException("no code for " + format);
        };
    }

    /** Bytes of the rounded activations of {@code tokens} tokens. */
    static long roundedBytes(RoundedRecords records, int columns, int tokens) {
        return (long) Math.ceilDiv(columns, RoundedRecords.GROUP) * tokens * records.bytes();
    }

    /** Rounds tokens {@code from} to {@code to} of {@code tokens}; addresses and strides in bytes. */
    void round(RoundedRecords records, long x, long xStride, int columns, int tokens, int from, int to, long target) {
        Routine routine = roundings.computeIfAbsent(records, RoundedRecords::routine);
        MemorySegment arguments = scratch.get().arguments;
        for (int token = from; token < to; token++) {
            arguments.set(ValueLayout.JAVA_LONG, RoundedRecords.X, x + token * xStride);
            arguments.set(ValueLayout.JAVA_LONG, RoundedRecords.RECORDS, target + (long) token * records.bytes());
            arguments.set(ValueLayout.JAVA_LONG, RoundedRecords.RUNS, columns / 32);
            arguments.set(ValueLayout.JAVA_LONG, RoundedRecords.STEP, (long) tokens * records.bytes());
            routine.call(arguments.address());
        }
    }

    /**
     * {@code out[t][r] = weights[r] · x[t]}.
     *
     * @param rounded the first token's first record
     * @param groupStride bytes from a group's records to the next one's
     */
    void multiply(
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            long rounded,
            long groupStride,
            int tokens,
            long out,
            long outStride) {
        Code code = codes.computeIfAbsent(weights.format(), this::assemble);
        Scratch memory = scratch.get();
        for (int token = 0; token < tokens; token += TOKENS) {
            int someTokens = Math.min(TOKENS, tokens - token);
            long records = rounded + (long) token * code.shape.records.bytes();
            for (int row = rowFrom; row < rowTo; row += ROWS) {
                int someRows = Math.min(ROWS, rowTo - row);
                long target = out + token * outStride + (long) Float.BYTES * row;
                new Block(code, memory, weights, row, someRows, records, groupStride, someTokens).run();
                store(memory, someRows, someTokens, target, outStride);
            }
        }
    }

    private void store(Scratch memory, int rows, int tokens, long out, long outStride) {
        MemorySegment arguments = memory.arguments;
        arguments.set(ValueLayout.JAVA_LONG, PanelStoreCode.SUMS, memory.sums.address());
        arguments.set(ValueLayout.JAVA_LONG, PanelStoreCode.OUT, out);
        arguments.set(ValueLayout.JAVA_LONG, PanelStoreCode.OUT_STRIDE, outStride);
        arguments.set(ValueLayout.JAVA_LONG, PanelStoreCode.TOKENS, tokens);
        arguments.set(ValueLayout.JAVA_LONG, PanelStoreCode.WHOLE, rows / 16 * 64L);
        arguments.set(ValueLayout.JAVA_LONG, PanelStoreCode.REST, (1L << rows % 16) - 1);
        store.call(arguments.address());
    }

    /** Rows and tokens whose sums are kept while the columns go by. */
    private record Block(
            Code code,
            Scratch memory,
            WeightMatrix weights,
            int rowFrom,
            int rows,
            long records,
            long groupStride,
            int tokens) {
        void run() {
            memory.begin(weights, rowFrom, rows, tokens);
            int runs = weights.columns() / 32;
            for (int run = 0; run < runs; run += GROUPS * RUNS_OF_GROUP) {
                int some = Math.min(GROUPS * RUNS_OF_GROUP, runs - run);
                for (int row = 0; row < rows; row += PanelCode.ROWS) {
                    unpack(row, run, some);
                    long at = records + run / RUNS_OF_GROUP * groupStride;
                    int groups = some / RUNS_OF_GROUP;
                    if (groups > 0) {
                        multiply(row, memory.panel.address(), at, groups, RUNS_OF_GROUP);
                    }
                    int rest = some % RUNS_OF_GROUP;
                    if (rest > 0) {
                        long panel = memory.panel.address()
                                + (long) groups * RUNS_OF_GROUP * PanelCode.runBytes(code.shape.run);
                        multiply(row, panel, at + groups * groupStride, 1, rest);
                    }
                }
            }
        }

        /** Runs of 32 quants from number {@code run} on become a panel. */
        private void unpack(int row, int run, int runs) {
            MemorySegment arguments = memory.arguments;
            UnpackSmall.Layout small = code.shape.small;
            int blockRuns = small == null ? RUNS_OF_GROUP : 1;
            int together = small == null ? 1 : small.together();
            int blocks = runs / blockRuns;
            int count = blocks / together;
            int rest = blocks % together;
            long bytes = weights.format().blockBytes();
            long offset = run / blockRuns * bytes;
            arguments.set(ValueLayout.JAVA_LONG, UnpackCode.STAGE, memory.stage.address());
            for (int half = 0; half < 2; half++) {
                long target = memory.panel.address() + 64L * half;
                arguments.set(ValueLayout.JAVA_LONG, UnpackCode.ROW_TABLE, memory.rowAddress(row + 16 * half));
                if (count > 0) {
                    arguments.set(ValueLayout.JAVA_LONG, UnpackCode.OFFSET, offset);
                    arguments.set(ValueLayout.JAVA_LONG, UnpackCode.COUNT, count);
                    arguments.set(ValueLayout.JAVA_LONG, UnpackCode.TARGET, target);
                    code.several.call(arguments.address());
                }
                if (rest > 0) {
                    long done = (long) count * together;
                    arguments.set(ValueLayout.JAVA_LONG, UnpackCode.OFFSET, offset + done * bytes);
                    arguments.set(ValueLayout.JAVA_LONG, UnpackCode.COUNT, rest);
                    arguments.set(ValueLayout.JAVA_LONG, UnpackCode.TARGET, target + done * PanelCode.runBytes(32));
                    code.single.call(arguments.address());
                }
            }
        }

        private void multiply(int row, long panel, long at, int groups, int runs) {
            MemorySegment arguments = memory.arguments;
            arguments.set(ValueLayout.JAVA_LONG, PanelCode.PANEL, panel);
            arguments.set(ValueLayout.JAVA_LONG, PanelCode.GROUP_STRIDE, groupStride);
            arguments.set(ValueLayout.JAVA_LONG, PanelCode.GROUPS, groups);
            arguments.set(ValueLayout.JAVA_LONG, PanelCode.RUNS_BY_4, 4L * runs * (32 / code.shape.run));
            int tiles = tokens / PanelCode.MOST_TOKENS;
            int rest = tokens % PanelCode.MOST_TOKENS;
            long sums = memory.sums.address() + (long) Float.BYTES * row;
            if (tiles > 0) {
                arguments.set(ValueLayout.JAVA_LONG, PanelCode.RECORDS, at);
                arguments.set(ValueLayout.JAVA_LONG, PanelCode.SUMS, sums);
                arguments.set(ValueLayout.JAVA_LONG, PanelCode.TILES, tiles);
                code.products[PanelCode.MOST_TOKENS - 1].call(arguments.address());
            }
            if (rest > 0) {
                int done = tokens - rest;
                arguments.set(ValueLayout.JAVA_LONG, PanelCode.RECORDS, at + (long) done * code.shape.records.bytes());
                arguments.set(ValueLayout.JAVA_LONG, PanelCode.SUMS, sums + (long) PanelCode.SUMS_STRIDE * done);
                arguments.set(ValueLayout.JAVA_LONG, PanelCode.TILES, 1);
                code.products[rest - 1].call(arguments.address());
            }
        }
    }

    /** A thread's argument block, panel, sums and addresses of rows. */
    private static final class Scratch {
        final MemorySegment arguments = Arena.ofAuto().allocate(UnpackCode.ARGUMENT_BYTES, 64);
        final MemorySegment panel = Arena.ofAuto().allocate((long) GROUPS * PANEL_BYTES, 64);
        final MemorySegment stage = Arena.ofAuto().allocate(UnpackCode.STAGE_BYTES, 64);
        final MemorySegment sums = Arena.ofAuto().allocate((long) PanelCode.SUMS_STRIDE * TOKENS, 64);
        private final MemorySegment table = Arena.ofAuto().allocate(8L * ROWS, 64);

        /** Makes the sums zero; rows that are not there are taken for the last. */
        void begin(WeightMatrix weights, int rowFrom, int rows, int tokens) {
            int panels = (rows + PanelCode.ROWS - 1) / PanelCode.ROWS;
            sums.asSlice(0, (long) PanelCode.SUMS_STRIDE * tokens).fill((byte) 0);
            for (int row = 0; row < panels * PanelCode.ROWS; row++) {
                long number = (long) rowFrom + Math.min(row, rows - 1);
                table.setAtIndex(ValueLayout.JAVA_LONG, row, weights.data().address() + number * weights.rowBytes());
            }
        }

        long rowAddress(int row) {
            return table.address() + 8L * row;
        }
    }
}
