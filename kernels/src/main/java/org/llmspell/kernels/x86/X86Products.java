package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.x86.SmallBlockCode.Layout;

/**
 * Products of weights with few tokens in assembled code: lays the tokens out as the format wants them, rounded to 8 bits or as they
 * are, then runs the code that fits how many there are. Code is made when it is first asked for. Thread-safe, each thread with scratch
 * memory of its own. Arguments must be checked before.
 */
final class X86Products {
    /** Tokens that one run of code takes; sums of rows and tokens fill its registers. */
    private static final int[] TOKENS = {4, 2, 1};

    private static final int MOST_ROWS = 4;

    /** Sums that leave enough registers for blocks of 256, and for others. */
    private static final int LARGE_SUMS = 8;

    private static final int OTHER_SUMS = 16;

    /** The same with the sixteen registers of AVX2. */
    private static final int AVX2_LARGE_SUMS = 4;

    private static final int AVX2_SUMS = 8;

    private interface Generator {
        ProductCode code(int rows, int tokens);
    }

    /**
     * How a format is computed.
     *
     * @param step columns that one step of the code takes
     * @param piece columns that a piece of the tail takes; the step where there is none
     * @param sums most sums that the code has registers for
     * @param rounding whether activations are rounded; else products are as exact as float32 allows
     * @param code by the place of the number of tokens in {@link #TOKENS}, made when it is first asked for
     */
    private record Format(
            ActivationRecords records,
            int step,
            int piece,
            int sums,
            boolean rounding,
            Generator generator,
            AtomicReferenceArray<@Nullable Code> code) {
        Format(ActivationRecords records, int step, int piece, int sums, boolean rounding, Generator generator) {
            this(records, step, piece, sums, rounding, generator, new AtomicReferenceArray<>(TOKENS.length));
        }

        Code code(int place) {
            Code made = code.get(place);
            if (made == null) {
                made = assemble(generator, sums, TOKENS[place]);
                code.set(place, made);
            }
            return made;
        }
    }

    /** The code of one format for one number of tokens: for several rows at once, and for those left over. */
    private record Code(int rows, Routine fetching, Routine several, Routine single) {}

    private final Map<BlockFormat, Format> formats = new EnumMap<>(BlockFormat.class);
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    X86Products() {
        ActivationRecords minima = ActivationRecords.quads(Quantization.MINIMA);
        ActivationRecords minus128 = ActivationRecords.quads(Layout.Q8_0.offset);
        small(BlockFormat.Q4_0, ActivationRecords.quads(Layout.Q4_0.offset), Layout.Q4_0);
        small(BlockFormat.Q4_1, minima, Layout.Q4_1);
        small(BlockFormat.Q5_0, ActivationRecords.quads(Layout.Q5_0.offset), Layout.Q5_0);
        small(BlockFormat.Q5_1, minima, Layout.Q5_1);
        small(BlockFormat.Q8_0, minus128, Layout.Q8_0);
        small(BlockFormat.IQ4_NL, minus128, Layout.IQ4_NL);
        small(BlockFormat.MXFP4, ActivationRecords.quads(Layout.MXFP4.offset), Layout.MXFP4);

        ActivationRecords plain = ActivationRecords.superGroups(Quantization.Order.PLAIN);
        ActivationRecords nibbles = ActivationRecords.superGroups(Quantization.Order.NIBBLES);
        ActivationRecords pairs = ActivationRecords.superGroups(Quantization.Order.PAIRS);
        large(BlockFormat.Q2_K, pairs, LARGE_SUMS, TwoBitSuperCode::new);
        large(BlockFormat.Q3_K, pairs, LARGE_SUMS, ThreeBitSuperCode::new);
        large(BlockFormat.Q4_K, nibbles, LARGE_SUMS, (rows, tokens) -> new NibbleSuperCode(false, rows, tokens));
        large(BlockFormat.Q5_K, nibbles, LARGE_SUMS, (rows, tokens) -> new NibbleSuperCode(true, rows, tokens));
        large(BlockFormat.Q6_K, plain, LARGE_SUMS, SixBitSuperCode::new);
        large(BlockFormat.IQ4_XS, minus128, OTHER_SUMS, TableSuperCode::new);

        ActivationRecords floats = ActivationRecords.floats();
        exact(BlockFormat.F32, floats, FloatCode.Layout.F32);
        exact(BlockFormat.F16, floats, FloatCode.Layout.F16);
        exact(BlockFormat.BF16, floats, FloatCode.Layout.BF16);
    }

    /**
     * Products in AVX2 rather than AVX-512.
     *
     * @param vnni whether there is AVX-VNNI
     */
    static X86Products avx2(boolean vnni) {
        return new X86Products(vnni);
    }

    private X86Products(boolean vnni) {
        ActivationRecords minima = ActivationRecords.avx2Quads(Quantization.MINIMA);
        ActivationRecords minus128 = ActivationRecords.avx2Quads(Layout.Q8_0.offset);
        avx2Small(BlockFormat.Q4_0, ActivationRecords.avx2Quads(Layout.Q4_0.offset), vnni, Layout.Q4_0);
        avx2Small(BlockFormat.Q4_1, minima, vnni, Layout.Q4_1);
        avx2Small(BlockFormat.Q5_0, ActivationRecords.avx2Quads(Layout.Q5_0.offset), vnni, Layout.Q5_0);
        avx2Small(BlockFormat.Q5_1, minima, vnni, Layout.Q5_1);
        avx2Small(BlockFormat.Q8_0, minus128, vnni, Layout.Q8_0);
        avx2Small(BlockFormat.IQ4_NL, minus128, vnni, Layout.IQ4_NL);
        avx2Small(BlockFormat.MXFP4, ActivationRecords.avx2Quads(Layout.MXFP4.offset), vnni, Layout.MXFP4);

        ActivationRecords plain = ActivationRecords.avx2SuperGroups();
        avx2Large(BlockFormat.Q2_K, plain, (rows, tokens) -> new Avx2TwoBitRunsCode(vnni, rows, tokens));
        avx2Large(BlockFormat.Q3_K, plain, (rows, tokens) -> new Avx2ThreeBitRunsCode(vnni, rows, tokens));
        avx2Large(BlockFormat.Q4_K, plain, (rows, tokens) -> new Avx2NibbleRunsCode(false, vnni, rows, tokens));
        avx2Large(BlockFormat.Q5_K, plain, (rows, tokens) -> new Avx2NibbleRunsCode(true, vnni, rows, tokens));
        avx2Large(BlockFormat.Q6_K, plain, (rows, tokens) -> new Avx2SixBitRunsCode(vnni, rows, tokens));
        avx2Large(BlockFormat.IQ4_XS, minus128, (rows, tokens) -> new Avx2TableRunsCode(vnni, rows, tokens));

        ActivationRecords floats = ActivationRecords.avx2Floats();
        avx2Exact(BlockFormat.F32, floats, FloatCode.Layout.F32);
        avx2Exact(BlockFormat.F16, floats, FloatCode.Layout.F16);
        avx2Exact(BlockFormat.BF16, floats, FloatCode.Layout.BF16);
    }

    private void avx2Small(BlockFormat format, ActivationRecords records, boolean vnni, Layout layout) {
        Generator generator = (rows, tokens) -> new Avx2SmallBlockCode(layout, vnni, rows, tokens);
        formats.put(format, new Format(records, 128, 32, AVX2_SUMS, true, generator));
    }

    private void avx2Large(BlockFormat format, ActivationRecords records, Generator generator) {
        large(format, records, AVX2_LARGE_SUMS, generator);
    }

    private void avx2Exact(BlockFormat format, ActivationRecords records, FloatCode.Layout layout) {
        Generator generator = (rows, tokens) -> new Avx2FloatCode(layout, rows, tokens);
        formats.put(format, new Format(records, FloatCode.GROUP, 1, AVX2_SUMS, false, generator));
    }

    /** Blocks of 32, four a step. */
    private void small(BlockFormat format, ActivationRecords records, Layout layout) {
        Generator generator = (rows, tokens) -> new SmallBlockCode(layout, rows, tokens);
        formats.put(format, new Format(records, 128, 32, OTHER_SUMS, true, generator));
    }

    /** Blocks of 256. */
    private void large(BlockFormat format, ActivationRecords records, int sums, Generator generator) {
        formats.put(format, new Format(records, 256, 256, sums, true, generator));
    }

    /** Single weights. */
    private void exact(BlockFormat format, ActivationRecords records, FloatCode.Layout layout) {
        Generator generator = (rows, tokens) -> new FloatCode(layout, rows, tokens);
        formats.put(format, new Format(records, FloatCode.GROUP, 1, OTHER_SUMS, false, generator));
    }

    private static Code assemble(Generator generator, int sums, int tokens) {
        int rows = Math.min(MOST_ROWS, sums / tokens);
        ProductCode code = generator.code(rows, tokens);
        Routine several = code.routine();
        Routine single = rows == 1 ? several : generator.code(1, tokens).routine();
        return new Code(rows, code.fetching(), several, single);
    }

    private Format format(BlockFormat format) {
        Format found = formats.get(format);
        if (found == null) {
            throw new IllegalArgumentException("no code for " + format);
        }
        return found;
    }

    /** All code that {@link #multiply} may run, made if it was not yet. */
    List<Routine> routines() {
        List<Routine> routines = new ArrayList<>();
        for (Format format : formats.values()) {
            routines.add(format.records.routine());
            for (int i = 0; i < TOKENS.length; i++) {
                Code code = format.code(i);
                routines.add(code.fetching);
                routines.add(code.several);
                routines.add(code.single);
            }
        }
        return routines;
    }

    /** Whether there is code for the format. */
    boolean supports(BlockFormat format) {
        return formats.containsKey(format);
    }

    /**
     * Whether there is code for {@code weights} and it may be used.
     *
     * @param smallest matrices of fewer weights are not to be multiplied with rounded activations
     */
    boolean takes(WeightMatrix weights, long smallest) {
        Format found = formats.get(weights.format());
        return found != null
                && weights.columns() % found.piece == 0
                && weights.columns() > 0
                && (!found.rounding || (long) weights.rows() * weights.columns() >= smallest);
    }

    /** Whether activations are rounded; else products are as exact as float32 allows. */
    boolean rounds(BlockFormat format) {
        return format(format).rounding;
    }

    /** {@code out[t][r] = weights[r] · x[t]}, all addresses in bytes, strides too. */
    void multiply(
            WeightMatrix weights, int rowFrom, int rowTo, long x, long xStride, int tokens, long out, long outStride) {
        Format format = format(weights.format());
        ActivationRecords records = format.records;
        Scratch memory = scratch.get();
        int columns = weights.columns();
        int token = 0;
        for (int i = 0; i < TOKENS.length; i++) {
            int count = TOKENS[i];
            while (tokens - token >= count) {
                Code code = format.code(i);
                int together = (rowTo - rowFrom) / code.rows;
                memory.rows(weights, rowFrom, together);
                memory.call(code.fetching);
                long laidOut = memory.records(records.bytes(columns, count));
                for (int t = 0; t < count; t++) {
                    memory.layOut(
                            records,
                            columns,
                            x + (token + t) * xStride,
                            laidOut + (long) t * records.bytes(),
                            (long) count * records.bytes());
                }
                memory.set(ProductCode.RECORDS, laidOut);
                memory.set(ProductCode.STEPS, columns / format.step);
                memory.set(ProductCode.TAIL, columns % format.step / format.piece);
                memory.set(ProductCode.OUT_STRIDE, outStride);
                if (together > 0) {
                    memory.rows(weights, rowFrom, together);
                    memory.set(ProductCode.OUT, out + token * outStride + (long) Float.BYTES * rowFrom);
                    memory.call(code.several);
                }
                int done = rowFrom + together * code.rows;
                if (done < rowTo) {
                    memory.rows(weights, done, rowTo - done);
                    memory.set(ProductCode.OUT, out + token * outStride + (long) Float.BYTES * done);
                    memory.call(code.single);
                }
                token += count;
            }
        }
    }

    /** A thread's argument block and its activations as the code wants them. */
    private static final class Scratch {
        private final Arguments arguments = new Arguments(ProductCode.ARGUMENT_BYTES);
        private @Nullable MemorySegment records;

        void set(int place, long value) {
            arguments.set(place, value);
        }

        /** The rows from {@code first} on, {@code groups} to each stream. */
        void rows(WeightMatrix weights, int first, int groups) {
            set(ProductCode.WEIGHTS, weights.data().address() + first * weights.rowBytes());
            set(ProductCode.STREAM_BYTES, groups * weights.rowBytes());
            set(ProductCode.ROW_GROUPS, groups);
        }

        void call(Routine routine) {
            arguments.call(routine);
        }

        long records(long bytes) {
            MemorySegment held = records;
            if (held == null || held.byteSize() < bytes) {
                held = Arena.ofAuto().allocate(bytes, 64);
                records = held;
            }
            return held.address();
        }

        void layOut(ActivationRecords layout, int columns, long x, long target, long step) {
            set(Quantization.X, x);
            set(Quantization.RECORDS, target);
            set(Quantization.GROUPS, columns / layout.counted());
            set(Quantization.STEP, step);
            set(Quantization.REST, (1L << columns % layout.counted()) - 1);
            set(Quantization.REST_COUNT, columns % layout.counted());
            call(layout.routine());
        }
    }
}
