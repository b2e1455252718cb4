package org.llmspell.bench.kernels;

import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.x86.Avx2Kernels;
import org.llmspell.kernels.x86.X86Kernels;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The kernels that a benchmark measures, by name. */
@State(Scope.Benchmark)
public class ChosenKernels {
    private static final String BEST = "best";

    /** {@code scalar}, {@code vector}, {@code avx2}, {@code avx512}, {@code amx}, or {@code best} for what the engine would take. */
    @Param(BEST)
    public String kernels = BEST;

    private Kernels chosen = KernelProvider.scalar();

    /** Makes them anew, so that several can be measured in one process, and says which are the best. */
    @Setup
    public void choose() {
        try {
            chosen = named(kernels);
        } catch (X86Kernels.Unavailable e) {
            throw new IllegalStateException(kernels + " cannot be had: " + e.getMessage(), e);
        }
        if (kernels.equals(BEST)) {
            System.out.print("(" + chosen.name() + ") ");
        }
    }

    private static Kernels named(String name) throws X86Kernels.Unavailable {
        Kernels portable = KernelProvider.portable();
        return switch (name) {
            case BEST -> KernelProvider.best();
            case "scalar" -> KernelProvider.scalar();
            case "vector" -> portable;
            case "avx2" -> Avx2Kernels.assemble(portable);
            case "avx512" -> X86Kernels.assemble(portable);
            case "amx" -> X86Kernels.assembleTiled(portable, KernelProvider.scalar());
            default ->
                throw new IllegalArgumentException(
                        name + " names no kernels; there are best, scalar, vector, avx2, avx512 and amx");
        };
    }

    Kernels get() {
        return chosen;
    }
}
