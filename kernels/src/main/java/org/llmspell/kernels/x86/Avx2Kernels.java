package org.llmspell.kernels.x86;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.NativeMemory;
import org.llmspell.kernels.WeightMatrix;

/**
 * Kernels assembled at start for x86-64 processors with AVX2, FMA and F16C: products of the quantized formats in use with activations
 * rounded to 8 bits, where the matrix is large enough for that to matter, and of F32, F16 and BF16 in float32. Everything else is left
 * to other kernels. Thread-safe. Products are as exact as those of {@link X86Kernels}.
 */
public final class Avx2Kernels extends ForwardingKernels {
    /** Whether nothing that takes time is left to the other kernels. */
    public static final boolean COMPLETE = false;

    private final String name;
    private final X86Products products;
    private final long smallest;

    private Avx2Kernels(Kernels others, long smallest, boolean vnni) {
        super(others);
        name = "avx2 (%selse %s)".formatted(vnni ? "VNNI; " : "", others.name());
        products = X86Products.avx2(vnni);
        this.smallest = smallest;
    }

    /**
     * Assembles the kernels for this processor.
     *
     * @param others compute what these do not
     * @throws X86Kernels.Unavailable if the processor has not the instructions, or the system gives no executable memory
     */
    public static Kernels assemble(Kernels others) throws X86Kernels.Unavailable {
        return assemble(others, X86Kernels.WORTH_ROUNDING, true);
    }

    /**
     * {@link #assemble(Kernels)} with other limits.
     *
     * @param smallest matrices of fewer weights are left to {@code others}
     * @param vnni whether AVX-VNNI may be used where there is any
     */
    public static Kernels assemble(Kernels others, long smallest, boolean vnni) throws X86Kernels.Unavailable {
        try {
            CpuFeatures features = CpuFeatures.detect();
            if (!features.avx2()) {
                throw new X86Kernels.Unavailable("the processor has no AVX2 with FMA and F16C");
            }
            return new Avx2Kernels(others, smallest, vnni && features.avxVnni());
        } catch (ExecutableMemory.Refused e) {
            throw new X86Kernels.Unavailable(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public String name() {
        return name;
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
        boolean able = products.takes(weights, smallest);
        if (able) {
            Bounds.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
        }
        if (!able
                || !NativeMemory.reachable(weights.data())
                || !NativeMemory.reachable(x)
                || !NativeMemory.writable(out)) {
            others.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
            return;
        }
        if (rowFrom < rowTo && tokens > 0) {
            products.multiply(
                    weights,
                    rowFrom,
                    rowTo,
                    x.address() + Float.BYTES * xIndex,
                    Float.BYTES * xStride,
                    tokens,
                    out.address() + Float.BYTES * outIndex,
                    Float.BYTES * outStride);
        }
        NativeMemory.keep(weights.data(), x, out);
    }
}
