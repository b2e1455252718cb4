package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.NativeMemory;
import org.llmspell.kernels.WeightMatrix;

/**
 * Products of weights of every format with many tokens: expands a panel of 32 rows at a time into plain elements, once for all
 * tokens, and multiplies it in assembled code that knows no formats. Thread-safe, each thread with scratch memory of its own.
 *
 * <p>The panel and the activations that it meets stay in the first two caches; the sums of the rows at work wait in the second
 * until the rows have been gone through. The order of additions for one row and one token depends on the number of columns alone.
 */
final class DenseProduct implements BatchProduct {
    /** Tokens whose sums are kept: 64 KB. More are taken in turns, for which panels are expanded again. */
    private static final int TOKENS = 512;

    private static final int ROWS = DenseProductCode.ROWS;

    /** Code that takes several groups of tokens at once. */
    private record Step(int groups, Routine code) {}

    private final DenseElement element;
    /** Tokens of a group, a lane each: 16, or 8 in AVX2. */
    private final int group;

    private final int panelColumns;
    private final Kernels others;
    private final List<Step> steps = new ArrayList<>();
    private final Routine prepare;
    private final Routine store;
    private final Routine expanded;
    private final Map<BlockFormat, Optional<Routine>> unpacking = new ConcurrentHashMap<>();
    private final ThreadLocal<Scratch> scratch;

    private DenseProduct(DenseElement element, int panelColumns, Kernels others) {
        this(
                element,
                DenseActivationCode.TOKENS,
                panelColumns,
                others,
                DenseActivationCode.routine(element),
                DenseStoreCode.routine(),
                new DenseUnpackPlain(BlockFormat.F32, element).routine());
    }

    private DenseProduct(
            DenseElement element,
            int group,
            int panelColumns,
            Kernels others,
            Routine prepare,
            Routine store,
            Routine expanded) {
        this.element = element;
        this.group = group;
        this.panelColumns = panelColumns;
        this.others = others;
        this.prepare = prepare;
        this.store = store;
        this.expanded = expanded;
        long panelBytes = (long) ROWS * panelColumns / element.perStep() * Float.BYTES;
        scratch = ThreadLocal.withInitial(() -> new Scratch(panelBytes));
    }

    /** In vector registers. A panel's 32 rows of 256 elements, and as many of 48 tokens, fit the first cache where they are bfloat16. */
    static DenseProduct vectors(DenseElement element, Kernels others) {
        DenseProduct product = new DenseProduct(element, 256, others);
        for (int groups = DenseVectorCode.MOST_GROUPS; groups > 0; groups--) {
            product.steps.add(new Step(groups, new DenseVectorCode(element, groups).routine()));
        }
        return product;
    }

    /** In float32 in AVX2. A panel's 32 rows of 256 elements, which no format's blocks exceed, are read from the second cache once per group. */
    static DenseProduct avx2(Kernels others) {
        DenseProduct product = new DenseProduct(
                DenseElement.FLOAT32,
                Avx2DenseCode.TOKENS,
                256,
                others,
                Avx2DenseCode.activations(),
                Avx2DenseCode.store(),
                new Avx2DenseUnpackPlain(FloatCode.Layout.F32).routine());
        for (int groups = Avx2DenseCode.MOST_GROUPS; groups > 0; groups--) {
            product.steps.add(new Step(groups, Avx2DenseCode.product(groups)));
        }
        return product;
    }

    /** All code, that which expands {@code formats} included. */
    List<Routine> routines(Set<BlockFormat> formats) {
        List<Routine> routines = new ArrayList<>(List.of(prepare, store, expanded));
        steps.forEach(step -> routines.add(step.code));
        for (BlockFormat format : formats) {
            unpacking(format).ifPresent(routines::add);
        }
        return routines;
    }

    /** In AMX tiles. A panel's 32 rows of 512 elements take 32 KB; sums are then loaded and stored once in 64 multiplications. */
    static DenseProduct tiles(Kernels others) {
        DenseProduct product = new DenseProduct(DenseElement.BFLOAT16, 512, others);
        for (int groups = DenseTileCode.MOST_GROUPS; groups > 0; groups--) {
            product.steps.add(new Step(groups, new DenseTileCode(groups).routine()));
        }
        return product;
    }

    /** The code that expands {@code format}, made when it is first asked for, or nothing. */
    private Optional<Routine> unpacking(BlockFormat format) {
        return unpacking.computeIfAbsent(format, some -> {
            DenseUnpackCode code = narrow() ? DenseUnpacking.avx2(some) : DenseUnpacking.code(some, element);
            return code == null ? Optional.empty() : Optional.of(code.routine());
        });
    }

    private boolean narrow() {
        return group == Avx2DenseCode.TOKENS;
    }

    @Override
    public int tokensTogether() {
        return group;
    }

    @Override
    public long preparedBytes(int columns, int tokens) {
        return Math.multiplyExact(groupBytes(columns), Math.ceilDiv(tokens, group));
    }

    private long groupBytes(int columns) {
        return element.steps(columns) * stepBytes();
    }

    @Override
    public void prepare(
            MemorySegment x,
            long xIndex,
            long xStride,
            int columns,
            int tokens,
            int tokenFrom,
            int tokenTo,
            MemorySegment prepared) {
        Bounds.prepare(this, x, xIndex, xStride, columns, tokens, tokenFrom, tokenTo, prepared);
        Scratch memory = scratch.get();
        for (int token = tokenFrom; token < tokenTo; token += group) {
            int count = Math.min(group, tokenTo - token);
            MemorySegment from = x.asSlice(Float.BYTES * (xIndex + token * xStride));
            long target = prepared.address() + token / group * groupBytes(columns);
            prepareGroup(memory, from, Float.BYTES * xStride, count, columns, target);
        }
        NativeMemory.keep(x, prepared, prepared);
    }

    private void prepareGroup(Scratch memory, MemorySegment from, long stride, int tokens, int columns, long target) {
        int lines = columns / element.perLine();
        int whole = lines * element.perLine();
        if (tokens == group) {
            prepare(memory, from.address(), stride, lines, target);
        } else {
            long padded = memory.padded(group, from, stride, tokens, whole, Math.max(whole, element.perLine()));
            prepare(memory, padded, (long) Float.BYTES * whole, lines, target);
        }
        if (whole < columns) {
            long rest = memory.padded(
                    group,
                    from.asSlice((long) Float.BYTES * whole),
                    stride,
                    tokens,
                    columns - whole,
                    element.perLine());
            long end = target + element.steps(whole) * stepBytes();
            prepare(memory, rest, (long) Float.BYTES * element.perLine(), 1, end);
        }
    }

    private void prepare(Scratch memory, long x, long stride, int lines, long target) {
        if (lines > 0) {
            Arguments arguments = memory.arguments;
            arguments.set(DenseActivationCode.X, x);
            arguments.set(DenseActivationCode.STRIDE, stride);
            arguments.set(DenseActivationCode.LINES, lines);
            arguments.set(DenseActivationCode.TARGET, target);
            arguments.call(prepare);
        }
    }

    @Override
    public void multiply(
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            MemorySegment prepared,
            int tokens,
            MemorySegment out,
            long outIndex,
            long outStride) {
        Bounds.multiply(this, weights, rowFrom, rowTo, prepared, tokens, out, outIndex, outStride);
        Scratch memory = scratch.get();
        long groupBytes = groupBytes(weights.columns());
        for (int token = 0; token < tokens; token += TOKENS) {
            int count = Math.min(TOKENS, tokens - token);
            long x = prepared.address() + token / group * groupBytes;
            for (int row = rowFrom; row < rowTo; row += ROWS) {
                int rows = Math.min(ROWS, rowTo - row);
                long target = out.address() + Float.BYTES * (outIndex + token * outStride + row);
                sums(memory, weights, row, rows, x, groupBytes, count);
                store(memory, rows, count, target, Float.BYTES * outStride);
            }
        }
        NativeMemory.keep(weights.data(), prepared, out);
    }

    /** The sums of up to 32 rows, panel after panel. */
    private void sums(Scratch memory, WeightMatrix weights, int row, int rows, long x, long groupBytes, int tokens) {
        for (int column = 0; column < weights.columns(); column += panelColumns) {
            int columns = Math.min(panelColumns, weights.columns() - column);
            expand(memory, weights, row, rows, column, columns);
            Arguments arguments = memory.arguments;
            arguments.set(DenseProductCode.PANEL, memory.panel.address());
            arguments.set(DenseProductCode.PANEL_STRIDE, rowBytes());
            arguments.set(DenseProductCode.X_STRIDE, groupBytes);
            arguments.set(DenseProductCode.STEPS, element.steps(columns));
            arguments.set(DenseProductCode.OCTETS, (rows + 7) / 8);
            arguments.set(DenseProductCode.FIRST, column == 0 ? 1 : 0);
            long from = x + (long) column / element.perStep() * stepBytes();
            int groups = Math.ceilDiv(tokens, group);
            int done = 0;
            for (Step step : steps) {
                int times = (groups - done) / step.groups;
                if (times > 0) {
                    arguments.set(DenseProductCode.X, from + done * groupBytes);
                    arguments.set(DenseProductCode.SUMS, memory.sums.address() + (long) done * ROWS * stepBytes());
                    arguments.set(DenseProductCode.TIMES, times);
                    arguments.call(step.code);
                    done += times * step.groups;
                }
            }
        }
    }

    /** Bytes of a step of a group's activations, and of a row's sums. */
    private long stepBytes() {
        return (long) Float.BYTES * group;
    }

    /** Bytes from one row of the panel to the next. */
    private long rowBytes() {
        return (long) Float.BYTES * panelColumns / element.perStep();
    }

    /** Fills the panel with {@code columns} elements of some rows, and zeros up to the end of the last line. */
    private void expand(Scratch memory, WeightMatrix weights, int row, int rows, int column, int columns) {
        BlockFormat format = weights.format();
        Routine routine = unpacking(format).orElse(null);
        int perBlock = format.blockElements() == 1 ? element.perLine() : format.blockElements();
        int blocks = routine == null ? 0 : columns / perBlock;
        long offset = row * weights.rowBytes() + format.bytes(column);
        if (routine != null && blocks > 0) {
            boolean last = column + columns == weights.columns();
            long ahead = last ? ROWS * weights.rowBytes() - format.bytes(column) : format.bytes(columns);
            long source = weights.data().address() + offset;
            unpack(memory, routine, source, weights.rowBytes(), ahead, rows, blocks, memory.panel.address());
        }
        int done = blocks * perBlock;
        if (done < columns) {
            expandByOthers(memory, weights, rows, offset + format.bytes(done), done, columns - done);
        }
    }

    private void expandByOthers(Scratch memory, WeightMatrix weights, int rows, long offset, int done, int columns) {
        int lines = (columns + element.perLine() - 1) / element.perLine();
        int padded = lines * element.perLine();
        MemorySegment floats = memory.floats(ROWS * padded);
        for (int r = 0; r < rows; r++) {
            long at = (long) r * padded;
            others.dequantize(weights.format(), weights.data(), offset + r * weights.rowBytes(), floats, at, columns);
            floats.asSlice(Float.BYTES * (at + columns), (long) Float.BYTES * (padded - columns))
                    .fill((byte) 0);
        }
        long target = memory.panel.address() + (long) done / element.perStep() * Float.BYTES;
        unpack(memory, expanded, floats.address(), (long) Float.BYTES * padded, 0, rows, lines, target);
    }

    private void unpack(
            Scratch memory, Routine routine, long source, long stride, long ahead, int rows, int blocks, long target) {
        Arguments arguments = memory.arguments;
        arguments.set(DenseUnpackCode.SOURCE, source);
        arguments.set(DenseUnpackCode.SOURCE_STRIDE, stride);
        arguments.set(DenseUnpackCode.AHEAD, ahead);
        arguments.set(DenseUnpackCode.ROWS, rows);
        arguments.set(DenseUnpackCode.BLOCKS, blocks);
        arguments.set(DenseUnpackCode.TARGET, target);
        arguments.set(DenseUnpackCode.TARGET_STRIDE, rowBytes());
        arguments.call(routine);
    }

    private void store(Scratch memory, int rows, int tokens, long out, long outStride) {
        Arguments arguments = memory.arguments;
        for (int row = 0; row < rows; row += group) {
            long sums = memory.sums.address() + row * stepBytes();
            arguments.set(DenseStoreCode.SUMS, sums);
            arguments.set(DenseStoreCode.OUT, out + (long) Float.BYTES * row);
            arguments.set(DenseStoreCode.OUT_STRIDE, outStride);
            arguments.set(DenseStoreCode.TOKENS, tokens);
            arguments.set(DenseStoreCode.ROWS, storedRows(rows - row));
            arguments.call(store);
        }
    }

    /** How the code that stores is told which rows are there. */
    private long storedRows(int rows) {
        if (!narrow()) {
            return (1L << Math.min(group, rows)) - 1;
        }
        return rows >= group ? 0 : Avx2RowCode.mask(rows);
    }

    /** A thread's argument block, panel and sums, and what it needs at edges. */
    private static final class Scratch {
        final Arguments arguments =
                new Arguments(Math.max(DenseProductCode.ARGUMENT_BYTES, DenseUnpackCode.ARGUMENT_BYTES));
        final MemorySegment panel;
        final MemorySegment sums = Arena.ofAuto().allocate((long) TOKENS * ROWS * Float.BYTES, 64);
        private MemorySegment floats = MemorySegment.NULL;
        private MemorySegment padded = MemorySegment.NULL;

        Scratch(long panelBytes) {
            panel = Arena.ofAuto().allocate(panelBytes, 64);
        }

        MemorySegment floats(int count) {
            floats = grown(floats, (long) Float.BYTES * count);
            return floats;
        }

        /** A copy of some tokens' activations as a whole group, {@code width} floats each, with zeros for what is not there. */
        long padded(int group, MemorySegment from, long stride, int tokens, int columns, int width) {
            long size = (long) Float.BYTES * group * width;
            padded = grown(padded, size);
            padded.asSlice(0, size).fill((byte) 0);
            for (int t = 0; t < tokens; t++) {
                long bytes = (long) Float.BYTES * columns;
                MemorySegment.copy(from, t * stride, padded, (long) Float.BYTES * t * width, bytes);
            }
            return padded.address();
        }

        private static MemorySegment grown(MemorySegment held, long bytes) {
            return held.byteSize() >= bytes ? held : Arena.ofAuto().allocate(bytes, 64);
        }
    }
}
