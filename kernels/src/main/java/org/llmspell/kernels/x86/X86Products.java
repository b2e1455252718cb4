package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.WeightMatrix;

/**
 * Products of quantized weights in assembled code: rounds the tokens to 8 bits, then runs the code that fits how many there are.
 * Thread-safe, each thread with scratch memory of its own. Arguments must be checked before.
 */
final class X86Products {
    /** Tokens that one run of code takes; sums of rows and tokens fill its registers. */
    private static final int[] TOKENS = {4, 2, 1};

    /** The code of one format for one number of tokens: for several rows at once, and for those left over. */
    private record Code(int rows, Routine several, Routine single) {}

    /**
     * How a format is computed.
     *
     * @param group activations that share a scale; rows must be a whole number of them
     * @param code by the place of the number of tokens in {@link #TOKENS}
     */
    private record Format(int group, int recordBytes, Routine quantize, List<Code> code) {}

    private interface Generator {
        ProductCode code(int rows, int tokens);
    }

    private final Map<BlockFormat, Format> formats = new EnumMap<>(BlockFormat.class);
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    X86Products() throws ExecutableMemory.Refused {
        Routine nibbles = Quantization.superGroups(Quantization.Order.NIBBLES);
        Routine plain = Quantization.superGroups(Quantization.Order.PLAIN);
        add(BlockFormat.Q4_K, 256, nibbles, (rows, tokens) -> new NibbleSuperCode(false, rows, tokens));
        add(BlockFormat.Q5_K, 256, nibbles, (rows, tokens) -> new NibbleSuperCode(true, rows, tokens));
        add(BlockFormat.Q6_K, 256, plain, SixBitSuperCode::new);
        add(BlockFormat.Q4_0, 64, Quantization.smallGroups(SmallBlockCode.Q4_OFFSET), SmallBlockCode::q4);
        add(BlockFormat.Q8_0, 64, Quantization.smallGroups(SmallBlockCode.Q8_OFFSET), SmallBlockCode::q8);
    }

    private void add(BlockFormat format, int group, Routine quantize, Generator generator)
            throws ExecutableMemory.Refused {
        List<Code> code = new ArrayList<>();
        for (int tokens : TOKENS) {
            int rows = Math.min(4, ProductCode.MOST_TOKENS / tokens);
            Routine single = generator.code(1, tokens).routine();
            code.add(new Code(
                    rows, rows == 1 ? single : generator.code(rows, tokens).routine(), single));
        }
        formats.put(
                format,
                new Format(
                        group, group == 256 ? Quantization.SUPER_RECORD : Quantization.SMALL_RECORD, quantize, code));
    }

    /** Whether there is code for such rows. */
    boolean supports(BlockFormat format, int columns) {
        Format found = formats.get(format);
        return found != null && columns % found.group == 0 && columns > 0;
    }

    /** {@code out[t][r] = weights[r] · x[t]}, all addresses in bytes, strides too. */
    void multiply(
            WeightMatrix weights, int rowFrom, int rowTo, long x, long xStride, int tokens, long out, long outStride) {
        Format format = formats.get(weights.format());
        if (format == null) {
            throw new IllegalArgumentException("no code for " + weights.format());
        }
        Scratch memory = scratch.get();
        int groups = weights.columns() / format.group;
        long data = weights.data().address() + rowFrom * weights.rowBytes();
        int token = 0;
        for (int i = 0; i < TOKENS.length; i++) {
            int count = TOKENS[i];
            while (tokens - token >= count) {
                long records = memory.records((long) groups * count * format.recordBytes);
                for (int t = 0; t < count; t++) {
                    memory.quantize(
                            format,
                            x + (token + t) * xStride,
                            records + (long) t * format.recordBytes,
                            groups,
                            (long) count * format.recordBytes);
                }
                run(
                        memory,
                        format.code.get(i),
                        weights,
                        data,
                        rowTo - rowFrom,
                        groups,
                        records,
                        out + token * outStride + 4L * rowFrom,
                        outStride);
                token += count;
            }
        }
    }

    private static void run(
            Scratch memory,
            Code code,
            WeightMatrix weights,
            long data,
            int rows,
            int groups,
            long records,
            long out,
            long outStride) {
        MemorySegment arguments = memory.arguments;
        int together = rows / code.rows;
        arguments.set(ValueLayout.JAVA_LONG, ProductCode.ROW_BYTES, weights.rowBytes());
        arguments.set(ValueLayout.JAVA_LONG, ProductCode.STEPS, groups);
        arguments.set(ValueLayout.JAVA_LONG, ProductCode.RECORDS, records);
        arguments.set(ValueLayout.JAVA_LONG, ProductCode.OUT_STRIDE, outStride);
        arguments.set(ValueLayout.JAVA_LONG, ProductCode.WEIGHTS, data);
        arguments.set(ValueLayout.JAVA_LONG, ProductCode.OUT, out);
        if (together > 0) {
            arguments.set(ValueLayout.JAVA_LONG, ProductCode.ROW_GROUPS, together);
            code.several.call(arguments.address());
        }
        int done = together * code.rows;
        if (done < rows) {
            arguments.set(ValueLayout.JAVA_LONG, ProductCode.WEIGHTS, data + done * weights.rowBytes());
            arguments.set(ValueLayout.JAVA_LONG, ProductCode.OUT, out + 4L * done);
            arguments.set(ValueLayout.JAVA_LONG, ProductCode.ROW_GROUPS, rows - done);
            code.single.call(arguments.address());
        }
    }

    /** A thread's argument block and its rounded activations. */
    private static final class Scratch {
        final MemorySegment arguments = Arena.ofAuto().allocate(ProductCode.ARGUMENT_BYTES, 64);
        private @Nullable MemorySegment records;

        long records(long bytes) {
            MemorySegment held = records;
            if (held == null || held.byteSize() < bytes) {
                held = Arena.ofAuto().allocate(bytes, 64);
                records = held;
            }
            return held.address();
        }

        void quantize(Format format, long x, long target, int groups, long step) {
            arguments.set(ValueLayout.JAVA_LONG, Quantization.X, x);
            arguments.set(ValueLayout.JAVA_LONG, Quantization.RECORDS, target);
            arguments.set(ValueLayout.JAVA_LONG, Quantization.GROUPS, groups);
            arguments.set(ValueLayout.JAVA_LONG, Quantization.STEP, step);
            format.quantize.call(arguments.address());
        }
    }
}
