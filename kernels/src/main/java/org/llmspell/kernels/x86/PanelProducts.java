package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.WeightMatrix;

/**
 * Products of quantized weights with the activations of many tokens in assembled code: unpacks a panel of rows at a time, which stays
 * in the first cache, and takes all tokens over it. Code is made for each format when it is first asked for. Thread-safe, each thread
 * with scratch memory of its own. Arguments must be checked before.
 *
 * <p>The second cache holds what is used again and again: the rounded activations of the columns at work, and the sums of the rows
 * at work. Hence the order: columns outside, then rows, then tokens.
 */
final class PanelProducts {
    /** Groups of 256 columns that are unpacked at once: 24 KB at most, or half of it. */
    private static final int GROUPS = 2;

    /** Rows and tokens whose sums are kept: 256 of both, 256 KB. */
    private static final int ROWS = PanelCode.SUMS_STRIDE / Float.BYTES;

    private static final int TOKENS = 256;
    private static final int RUNS_OF_GROUP = RoundedRecords.GROUP / 32;

    private static final Avx2PanelCode.Quants SIGNED = new Avx2PanelCode.Quants(0, 0);

    /** How a format is computed. */
    private record Shape(
            RoundedRecords records,
            int run,
            boolean minima,
            Avx2PanelCode.Quants quants,
            UnpackSmall.@Nullable Layout small) {
        Shape(RoundedRecords records, int run, boolean minima, int most, int excess) {
            this(records, run, minima, new Avx2PanelCode.Quants(most, excess), null);
        }
    }

    /**
     * The code of a format.
     *
     * @param several unpacks several blocks at once, or one of 256
     * @param single unpacks one of 32, or is the same
     * @param products by the number of tokens in a tile, less 1
     */
    @SuppressWarnings("ArrayRecordComponent") // made once and never compared
    private record Code(Shape shape, Routine several, Routine single, Routine[] products) {}

    private final PanelIsa isa;
    private final Map<BlockFormat, Code> codes = new ConcurrentHashMap<>();
    private final Map<Record, Routine> products = new ConcurrentHashMap<>();
    private final Map<RoundedRecords, Routine> roundings = new ConcurrentHashMap<>();
    private final Routine store;
    private final ThreadLocal<Scratch> scratch;

    PanelProducts(PanelIsa isa) {
        this.isa = isa;
        store = isa.wide() ? PanelStoreCode.routine() : Avx2PanelStoreCode.routine();
        scratch = ThreadLocal.withInitial(() -> new Scratch(isa));
    }

    /** All code for {@code format}, which must have some. */
    List<Routine> routines(BlockFormat format) {
        Code code = codes.computeIfAbsent(format, this::assemble);
        List<Routine> routines =
                new ArrayList<>(List.of(store, code.several, code.single, rounding(code.shape.records)));
        routines.addAll(List.of(code.products));
        return routines;
    }

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
            case Q4_K -> new Shape(RoundedRecords.SUPER, 32, true, 15, 0);
            case Q5_K -> new Shape(RoundedRecords.SUPER, 32, true, 31, 0);
            case Q6_K -> new Shape(RoundedRecords.SUPER, 16, false, 63, 32);
            case Q3_K -> new Shape(RoundedRecords.SUPER, 16, false, 7, 4);
            case Q2_K -> new Shape(RoundedRecords.SUPER, 16, true, 3, 0);
            case IQ4_XS -> new Shape(RoundedRecords.SMALL, 32, false, SIGNED, null);
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
        Avx2PanelCode.Quants quants = switch (layout) {
            case Q4_0 -> new Avx2PanelCode.Quants(15, 8);
            case Q4_1 -> new Avx2PanelCode.Quants(15, 0);
            case Q5_0 -> new Avx2PanelCode.Quants(31, 16);
            case Q5_1 -> new Avx2PanelCode.Quants(31, 0);
            case Q8_0, IQ4_NL -> SIGNED;
            case MXFP4 -> new Avx2PanelCode.Quants(12 + UnpackSmall.E2M1_EXCESS, UnpackSmall.E2M1_EXCESS);
        };
        return new Shape(RoundedRecords.SMALL, 32, layout.minima, quants, layout);
    }

    private Code assemble(BlockFormat format) {
        Shape shape = shape(format);
        if (shape == null) {
            throw new IllegalArgumentException("no code for " + format);
        }
        Routine several = unpacking(format, shape, true).routine();
        Routine single =
                shape.small == null ? several : unpacking(format, shape, false).routine();
        Avx2PanelCode.Quants quants = shape.quants.in(isa);
        int most = isa.wide() ? PanelCode.MOST_TOKENS : Avx2PanelCode.mostTokens(isa, quants);
        Routine[] tiles = new Routine[most];
        for (int tokens = 1; tokens <= most; tokens++) {
            tiles[tokens - 1] = tile(shape, quants, tokens);
        }
        return new Code(shape, several, single, tiles);
    }

    private Routine tile(Shape shape, Avx2PanelCode.Quants quants, int tokens) {
        if (isa.wide()) {
            PanelCode code = new PanelCode(shape.records, shape.run, shape.minima, tokens);
            return products.computeIfAbsent(code, some -> code.routine());
        }
        Avx2PanelCode code = new Avx2PanelCode(isa, shape.records, shape.run, shape.minima, quants, tokens);
        return products.computeIfAbsent(code, some -> code.routine());
    }

    private UnpackCode unpacking(BlockFormat format, Shape shape, boolean several) {
        UnpackSmall.Layout small = shape.small;
        if (small != null) {
            return new UnpackSmall(isa, small, several ? small.together() : 1, GROUPS * RUNS_OF_GROUP * small.bytes());
        }
        return switch (format) {
            case Q4_K -> new UnpackNibbleSuper(isa, false, GROUPS);
            case Q5_K -> new UnpackNibbleSuper(isa, true, GROUPS);
            case Q6_K -> new UnpackSixBitSuper(isa, GROUPS);
            case Q3_K -> new UnpackLowSuper(isa, true, GROUPS);
            case Q2_K -> new UnpackLowSuper(isa, false, GROUPS);
            case IQ4_XS -> new UnpackTableSuper(isa, GROUPS);
            default -> throw new IllegalArgumentException("no code for " + format);
        };
    }

    /** Bytes of the rounded activations of {@code tokens} tokens. */
    static long roundedBytes(RoundedRecords records, int columns, int tokens) {
        return (long) Math.ceilDiv(columns, RoundedRecords.GROUP) * tokens * records.bytes();
    }

    private Routine rounding(RoundedRecords records) {
        return roundings.computeIfAbsent(
                records, some -> isa.wide() ? some.routine() : Avx2RoundedRecords.routine(some));
    }

    /** Rounds tokens {@code from} to {@code to} of {@code tokens}; addresses and strides in bytes. */
    void round(RoundedRecords records, long x, long xStride, int columns, int tokens, int from, int to, long target) {
        Routine routine = rounding(records);
        Arguments arguments = scratch.get().arguments;
        for (int token = from; token < to; token++) {
            arguments.set(RoundedRecords.X, x + token * xStride);
            arguments.set(RoundedRecords.RECORDS, target + (long) token * records.bytes());
            arguments.set(RoundedRecords.RUNS, columns / 32);
            arguments.set(RoundedRecords.STEP, (long) tokens * records.bytes());
            arguments.call(routine);
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
                new Block(isa, code, memory, weights, row, someRows, records, groupStride, someTokens).run();
                store(memory, someRows, someTokens, target, outStride);
            }
        }
    }

    private void store(Scratch memory, int rows, int tokens, long out, long outStride) {
        Arguments arguments = memory.arguments;
        arguments.set(PanelStoreCode.SUMS, memory.sums.address());
        arguments.set(PanelStoreCode.OUT, out);
        arguments.set(PanelStoreCode.OUT_STRIDE, outStride);
        arguments.set(PanelStoreCode.TOKENS, tokens);
        int rest = rows % isa.lanes();
        arguments.set(PanelStoreCode.WHOLE, (long) Float.BYTES * (rows - rest));
        long mask = isa.wide() ? (1L << rest) - 1 : rest == 0 ? 0 : Avx2RowCode.mask(rest);
        arguments.set(PanelStoreCode.REST, mask);
        arguments.call(store);
    }

    /** Rows and tokens whose sums are kept while the columns go by. */
    private record Block(
            PanelIsa isa,
            Code code,
            Scratch memory,
            WeightMatrix weights,
            int rowFrom,
            int rows,
            long records,
            long groupStride,
            int tokens) {
        void run() {
            memory.begin(isa, weights, rowFrom, rows, tokens);
            int runs = weights.columns() / 32;
            for (int run = 0; run < runs; run += GROUPS * RUNS_OF_GROUP) {
                int some = Math.min(GROUPS * RUNS_OF_GROUP, runs - run);
                for (int row = 0; row < rows; row += isa.rows()) {
                    unpack(row, run, some);
                    long at = records + run / RUNS_OF_GROUP * groupStride;
                    int groups = some / RUNS_OF_GROUP;
                    if (groups > 0) {
                        multiply(row, memory.panel.address(), at, groups, RUNS_OF_GROUP);
                    }
                    int rest = some % RUNS_OF_GROUP;
                    if (rest > 0) {
                        long panel =
                                memory.panel.address() + (long) groups * RUNS_OF_GROUP * isa.runBytes(code.shape.run);
                        multiply(row, panel, at + groups * groupStride, 1, rest);
                    }
                }
            }
        }

        /** Runs of 32 quants from number {@code run} on become a panel. */
        private void unpack(int row, int run, int runs) {
            Arguments arguments = memory.arguments;
            UnpackSmall.Layout small = code.shape.small;
            int blockRuns = small == null ? RUNS_OF_GROUP : 1;
            int together = small == null ? 1 : small.together();
            int blocks = runs / blockRuns;
            int count = blocks / together;
            int rest = blocks % together;
            long bytes = weights.format().blockBytes();
            long offset = run / blockRuns * bytes;
            arguments.set(UnpackCode.STAGE, memory.stage.address());
            for (int half = 0; half < 2; half++) {
                long target = memory.panel.address() + (long) isa.vectorBytes() * half;
                arguments.set(UnpackCode.ROW_TABLE, memory.rowAddress(row + isa.lanes() * half));
                if (count > 0) {
                    arguments.set(UnpackCode.OFFSET, offset);
                    arguments.set(UnpackCode.COUNT, count);
                    arguments.set(UnpackCode.TARGET, target);
                    arguments.call(code.several);
                }
                if (rest > 0) {
                    long done = (long) count * together;
                    arguments.set(UnpackCode.OFFSET, offset + done * bytes);
                    arguments.set(UnpackCode.COUNT, rest);
                    arguments.set(UnpackCode.TARGET, target + done * isa.runBytes(32));
                    arguments.call(code.single);
                }
            }
        }

        private void multiply(int row, long panel, long at, int groups, int runs) {
            Arguments arguments = memory.arguments;
            arguments.set(PanelCode.PANEL, panel);
            arguments.set(PanelCode.GROUP_STRIDE, groupStride);
            arguments.set(PanelCode.GROUPS, groups);
            arguments.set(PanelCode.RUNS_BY_4, 4L * runs * (32 / code.shape.run));
            int most = code.products.length;
            int tiles = tokens / most;
            int rest = tokens % most;
            long sums = memory.sums.address() + (long) Float.BYTES * row;
            if (tiles > 0) {
                arguments.set(PanelCode.RECORDS, at);
                arguments.set(PanelCode.SUMS, sums);
                arguments.set(PanelCode.TILES, tiles);
                arguments.call(code.products[most - 1]);
            }
            if (rest > 0) {
                int done = tokens - rest;
                arguments.set(PanelCode.RECORDS, at + (long) done * code.shape.records.bytes());
                arguments.set(PanelCode.SUMS, sums + (long) PanelCode.SUMS_STRIDE * done);
                arguments.set(PanelCode.TILES, 1);
                arguments.call(code.products[rest - 1]);
            }
        }
    }

    /** A thread's argument block, panel, sums and addresses of rows. */
    private static final class Scratch {
        final Arguments arguments = new Arguments(Math.max(UnpackCode.ARGUMENT_BYTES, Avx2PanelCode.ARGUMENT_BYTES));
        final MemorySegment panel;
        final MemorySegment stage = Arena.ofAuto().allocate(UnpackCode.STAGE_BYTES, 64);
        final MemorySegment sums = Arena.ofAuto().allocate((long) PanelCode.SUMS_STRIDE * TOKENS, 64);
        private final MemorySegment table = Arena.ofAuto().allocate(8L * ROWS, 64);

        Scratch(PanelIsa isa) {
            // The shorter runs are, the more scales there are.
            panel = Arena.ofAuto().allocate(GROUPS * (RoundedRecords.GROUP / 16L) * isa.runBytes(16), 64);
        }

        /** Makes the sums zero; rows that are not there are taken for the last. */
        void begin(PanelIsa isa, WeightMatrix weights, int rowFrom, int rows, int tokens) {
            int panels = Math.ceilDiv(rows, isa.rows());
            sums.asSlice(0, (long) PanelCode.SUMS_STRIDE * tokens).fill((byte) 0);
            for (int row = 0; row < panels * isa.rows(); row++) {
                long number = (long) rowFrom + Math.min(row, rows - 1);
                table.setAtIndex(ValueLayout.JAVA_LONG, row, weights.data().address() + number * weights.rowBytes());
            }
        }

        long rowAddress(int row) {
            return table.address() + 8L * row;
        }
    }
}
