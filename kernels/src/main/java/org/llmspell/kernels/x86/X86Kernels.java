package org.llmspell.kernels.x86;

import org.llmspell.kernels.Kernels;

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
public final class X86Kernels extends X86ProductKernels {
    /**
     * Weights of a matrix from which on rounding pays: smaller ones are read in microseconds, as exactly as float32 allows.
     * Every matrix of a model that takes a user's time is larger, but for some key and value projections.
     */
    static final long WORTH_ROUNDING = 1 << 18;

    /** Whether nothing that takes time is left to the other kernels. */
    public static final boolean COMPLETE = true;

    private final String name;

    private X86Kernels(
            String name, Rows rows, X86Products products, BatchProducts batches, Kernels others, long smallest) {
        super(
                others,
                rows,
                X86Recurrence.avx512(rows),
                products,
                batches,
                new ExactProducts(products, format -> DenseUnpacking.code(format, DenseElement.FLOAT32)),
                new X86Attention(AttentionCodes.AVX512),
                smallest);
        this.name = name;
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
            return new X86Kernels(name, new X86Rows(), products, batches, others, smallest);
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
                    "amx (BF16; VNNI)",
                    new X86Rows(),
                    new X86Products(),
                    BatchProducts.tiles(tiles, others),
                    others,
                    smallest);
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
}
