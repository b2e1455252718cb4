package org.llmspell.kernels;

import java.util.LinkedHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.x86.Avx2Kernels;
import org.llmspell.kernels.x86.X86Kernels;

/** The kernels that every test of behaviour runs against; the assembled ones here take matrices of any size. */
final class Implementations {
    private Implementations() {}

    static Stream<Kernels> all() {
        Stream<Kernels> everywhere =
                Stream.of(KernelProvider.scalar(), KernelProvider.portable()).distinct();
        return Stream.of(
                        everywhere,
                        assembled(() -> X86Kernels.assemble(KernelProvider.portable(), 0)),
                        assembled(() -> Avx2Kernels.assemble(KernelProvider.portable(), 0, true)),
                        assembled(() -> Avx2Kernels.assemble(KernelProvider.portable(), 0, false)))
                .flatMap(kernels -> kernels)
                .collect(Collectors.toMap(Kernels::name, kernels -> kernels, (one, same) -> one, LinkedHashMap::new))
                .values()
                .stream();
    }

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

    /** Whether the kernels round the activations of products of quantized weights to 8 bits. */
    static boolean rounds(Kernels kernels) {
        return kernels instanceof X86Kernels || kernels instanceof Avx2Kernels;
    }

    /** How far a product may be from the exact one, relative to Σ|w·x|: by float32 sums, or by activations of 8 bits. */
    static double bound(Kernels kernels, BlockFormat format) {
        return rounds(kernels) && format.blockElements() > 1 ? 1e-2 : 1e-5;
    }
}
