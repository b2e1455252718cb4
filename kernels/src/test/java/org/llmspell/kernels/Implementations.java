package org.llmspell.kernels;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.x86.Avx2Kernels;
import org.llmspell.kernels.x86.X86Kernels;

/** The kernels that every test of behaviour runs against; the assembled ones here take matrices of any size. */
final class Implementations {
    private Implementations() {}

    static Stream<Kernels> all() {
        Kernels portable = KernelProvider.portable();
        Kernels scalar = KernelProvider.scalar();
        return Stream.of(
                Stream.of(scalar, portable),
                assembled(() -> X86Kernels.assemble(scalar, 0)),
                assembled(() -> X86Kernels.assembleTiled(scalar, scalar, 0)),
                assembled(() -> Avx2Kernels.assemble(portable, 0, true)),
                assembled(() -> Avx2Kernels.assemble(portable, 0, false)))
                .flatMap(kernels -> kernels)
                .collect(Collectors.toMap(Kernels::name, kernels -> kernels, (one, same) -> one, LinkedHashMap::new))
                .values()
                .stream();
    }

    /** Those that round activations of large matrices, for which here no matrix is large enough. */
    static Stream<Kernels> unrounded() {
        return UNROUNDED.stream();
    }

    private static final List<Kernels> UNROUNDED = assembled(
                    () -> X86Kernels.assemble(KernelProvider.scalar(), Long.MAX_VALUE))
            .toList();

    private interface Maker {
        Kernels make() throws X86Kernels.Unavailable;
    }

    private static Stream<Kernels> assembled(Maker maker) {
        try {
            return Stream.of(maker.make());
        } catch (X86Kernels.Unavailable e) {
            return Stream.empty();
        }
    }

    /** Whether the kernels' products round activations to 8 bits, of all quantized weights that they have code for. */
    static boolean rounds(Kernels kernels) {
        return kernels instanceof Avx2Kernels || kernels instanceof X86Kernels && !tiled(kernels);
    }

    private static boolean tiled(Kernels kernels) {
        return kernels.name().startsWith("amx");
    }

    /**
     * How far a product may be from the exact one, relative to Σ|w·x|: by float32 sums, or by activations of 8 bits. Of bfloat16
     * the mantissa has 8 bits too, which shows where there are few terms.
     */
    static double bound(Kernels kernels, BlockFormat format) {
        if (UNROUNDED.contains(kernels)) {
            return 1e-5;
        }
        boolean exact = switch (format) {
            case F32, F16 -> !tiled(kernels);
            case BF16 -> !(kernels instanceof X86Kernels);
            default -> !rounds(kernels) && !tiled(kernels);
        };
        return exact ? 1e-5 : 1e-2;
    }

    /** How often a comparison is made before it counts; vector kernels are compiled by then. */
    private static final int ATTEMPTS = 100;

    /**
     * Makes a comparison of two runs that must agree to the bit. {@code FloatVector.reduceLanes} leaves the order of its additions open,
     * and compiled code takes another than interpreted code, so that one which fails as the compiler takes over is made again.
     */
    static void settle(Runnable comparison) {
        for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
            try {
                comparison.run();
                return;
            } catch (AssertionError e) {
                // again
            }
        }
        comparison.run();
    }
}
