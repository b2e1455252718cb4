package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.NativeMemory;
import org.llmspell.kernels.WeightMatrix;

/**
 * Kernels assembled at start for x86-64 processors with AVX-512 VNNI: products of the quantized formats in use with
 * activations rounded to 8 bits, where the matrix is large enough for that to matter, and of F32, F16 and BF16 in float32; dense
 * products with many tokens, in float32, bfloat16 or the tiles of AMX; products of small matrices and of all other formats, attention, the
 * operations on rows and recurrences in float32. What is left to other kernels takes no time that matters: memory on the Java heap,
 * dequantization, and the heads and pages of sizes that no model has. Thread-safe.
 *
 * <p>Rounding to 8 bits moves a product by some 0.3% of {@code Σ |w · a|}, as other engines do, and the tests hold it to 1%; rounding
 * to bfloat16 moves it by less than 0.1%. What {@link Kernels#multiply} gives for a row and a token does not depend on the other
 * rows, nor on the other tokens but for whether there are enough of them for a {@linkplain #batchProduct dense product}.
 */
public final class X86Kernels extends X86RowKernels {
    /**
     * Weights of a matrix from which on rounding pays: smaller ones are read in microseconds, as exactly as float32 allows.
     * Every matrix of a model that takes a user's time is larger, but for some key and value projections.
     */
    static final long WORTH_ROUNDING = 1 << 18;

    /** Whether nothing that takes time is left to the other kernels. */
    public static final boolean COMPLETE = true;

    private final String name;
    private final X86Products products;
    private final BatchProducts batches;
    private final X86Attention attention = new X86Attention();
    private final ExactProducts exact;
    private final long smallest;
    private final ThreadLocal<MemorySegment> prepared = ThreadLocal.withInitial(() -> MemorySegment.NULL);

    private X86Kernels(String name, X86Products products, BatchProducts batches, Kernels others, long smallest) {
        super(others);
        this.name = name;
        this.products = products;
        this.batches = batches;
        exact = new ExactProducts(products);
        this.smallest = smallest;
    }

    /** These kernels cannot run here; the message says why. */
    public static final class Unavailable extends Exception {
        private static final long serialVersionUID = 1;

        private final boolean faulty;

        Unavailable(String message, boolean faulty) {
            super(message);
            this.faulty = faulty;
        }

        Unavailable(String message) {
            this(message, false);
        }

        /** Whether they should run but compute wrongly, which someone ought to know. */
        public boolean faulty() {
            return faulty;
        }
    }

    /**
     * Assembles the kernels for this processor, without AMX.
     *
     * @param others compute what these do not
     * @throws Unavailable if the processor has not the instructions, or the system gives no executable memory
     */
    public static Kernels assemble(Kernels others) throws Unavailable {
        return assemble(others, WORTH_ROUNDING);
    }

    /**
     * {@link #assemble(Kernels)} with another limit.
     *
     * @param smallest matrices of fewer weights are multiplied with activations that are not rounded
     */
    public static Kernels assemble(Kernels others, long smallest) throws Unavailable {
        try {
            CpuFeatures features = features();
            X86Products products = new X86Products();
            String refused = features.amxBf16() ? Tiles.unavailable(features) : null;
            String name = "avx512 (VNNI%s%s)"
                    .formatted(features.avx512Bf16() ? ", BF16" : "", refused == null ? "" : "; no AMX: " + refused);
            BatchProducts batches = BatchProducts.vectors(features, products, others);
            return new X86Kernels(name, products, batches, others, smallest);
        } catch (ExecutableMemory.Refused e) {
            throw new Unavailable(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Assembles the kernels for this processor with products of many tokens in the tiles of AMX, once those have computed a
     * product as {@code scalar} does.
     *
     * @param others compute what these do not
     * @throws Unavailable likewise, also if the system does not lend tiles; {@linkplain Unavailable#faulty faulty} if they compute
     *     something else
     */
    public static Kernels assembleTiled(Kernels others, Kernels scalar) throws Unavailable {
        return assembleTiled(others, scalar, WORTH_ROUNDING);
    }

    /**
     * {@link #assembleTiled(Kernels, Kernels)} with another limit.
     *
     * @param smallest likewise
     */
    public static Kernels assembleTiled(Kernels others, Kernels scalar, long smallest) throws Unavailable {
        try {
            CpuFeatures features = features();
            String reason = Tiles.unavailable(features);
            if (reason != null) {
                throw new Unavailable(reason);
            }
            DenseProduct tiles = DenseProduct.tiles(others);
            String wrong = Tiles.disagreement(tiles, scalar);
            if (wrong != null) {
                throw new Unavailable(wrong, true);
            }
            return new X86Kernels(
                    "amx (BF16; VNNI)", new X86Products(), BatchProducts.tiles(tiles, others), others, smallest);
        } catch (ExecutableMemory.Refused e) {
            throw new Unavailable(String.valueOf(e.getMessage()));
        }
    }

    private static CpuFeatures features() throws ExecutableMemory.Refused, Unavailable {
        CpuFeatures features = CpuFeatures.detect();
        if (!features.avx512Vnni()) {
            throw new Unavailable("the processor has no AVX-512 with VNNI");
        }
        return features;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public @Nullable BatchProduct batchProduct(WeightMatrix weights, int tokens) {
        return batches.of(weights, tokens, smallest);
    }

    @Override
    public void multiply(
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
        BatchProduct batch = batchProduct(weights, tokens);
        Bounds.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
        if (weights.columns() == 0
                || !supports(weights.format())
                || !NativeMemory.reachable(weights.data())
                || !NativeMemory.reachable(x)
                || !NativeMemory.writable(out)) {
            others.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
            return;
        }
        if (batch != null) {
            MemorySegment prepared = preparing(batch.preparedBytes(weights.columns(), tokens));
            batch.prepare(x, xIndex, xStride, weights.columns(), tokens, 0, tokens, prepared);
            batch.multiply(weights, rowFrom, rowTo, prepared, tokens, out, outIndex, outStride);
        } else if (rowFrom < rowTo && tokens > 0) {
            long from = at(x, xIndex);
            long to = at(out, outIndex);
            long fromStride = Float.BYTES * xStride;
            long toStride = Float.BYTES * outStride;
            if (products.takes(weights, smallest)) {
                products.multiply(weights, rowFrom, rowTo, from, fromStride, tokens, to, toStride);
            } else {
                exact.multiply(weights, rowFrom, rowTo, from, fromStride, tokens, to, toStride);
            }
        }
        NativeMemory.keep(weights.data(), x, out);
    }

    @Override
    public void attention(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        Bounds.attention(call, kvHead, rowFrom, rowTo);
        if (rowFrom == rowTo) {
            return;
        }
        if (!attention.supports(call) || !NativeMemory.reachable(call, rowFrom, rowTo)) {
            others.attention(call, kvHead, rowFrom, rowTo);
            return;
        }
        attention.run(call, kvHead, rowFrom, rowTo);
        NativeMemory.keep(call, call, call);
    }

    /** This thread's memory for activations that are prepared for one call alone. */
    private MemorySegment preparing(long bytes) {
        MemorySegment memory = prepared.get();
        if (memory.byteSize() < bytes) {
            memory = Arena.ofAuto().allocate(bytes, 64);
            prepared.set(memory);
        }
        return memory;
    }
}
