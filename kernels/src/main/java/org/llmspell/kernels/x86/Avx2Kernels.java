package org.llmspell.kernels.x86;

import org.llmspell.kernels.Kernels;

/**
 * Kernels assembled at start for x86-64 processors with AVX2, FMA and F16C: as {@link X86Kernels}, but that products of BF16 and of
 * formats without code of their own are in float32 with many tokens too. Thread-safe.
 */
public final class Avx2Kernels extends X86ProductKernels {
    /** Whether nothing that takes time is left to the other kernels. */
    public static final boolean COMPLETE = true;

    /** Weights of a matrix from which on rounding pays. Smaller ones are expanded in Java, which takes some 0.1 ms. */
    private static final long WORTH_ROUNDING = 1 << 16;

    private final String name;

    private Avx2Kernels(Kernels others, Rows rows, X86Products products, long smallest, boolean vnni) {
        super(
                others,
                rows,
                X86Recurrence.avx2(rows),
                products,
                BatchProducts.avx2(vnni, products, others),
                new ExactProducts(products, DenseUnpacking::avx2),
                new X86Attention(AttentionCodes.AVX2),
                smallest);
        name = vnni ? "avx2 (VNNI)" : "avx2 (no VNNI)";
    }

    /**
     * Assembles the kernels for this processor.
     *
     * @param others compute what these do not
     * @throws X86Kernels.Unavailable if the processor has not the instructions, or the system gives no executable memory
     */
    public static Kernels assemble(Kernels others) throws X86Kernels.Unavailable {
        return assemble(others, WORTH_ROUNDING, true);
    }

    /**
     * {@link #assemble(Kernels)} with other limits.
     *
     * @param smallest matrices of fewer weights are multiplied with activations that are not rounded
     * @param vnni whether AVX-VNNI may be used where there is any
     */
    public static Kernels assemble(Kernels others, long smallest, boolean vnni) throws X86Kernels.Unavailable {
        try {
            CpuFeatures features = CpuFeatures.detect();
            if (!features.avx2()) {
                throw new X86Kernels.Unavailable("the processor has no AVX2 with FMA and F16C");
            }
            boolean dots = vnni && features.avxVnni();
            return new Avx2Kernels(others, new Avx2Rows(), X86Products.avx2(dots), smallest, dots);
        } catch (ExecutableMemory.Refused e) {
            throw new X86Kernels.Unavailable(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public String name() {
        return name;
    }
}
