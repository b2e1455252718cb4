package org.llmspell.kernels;

import java.util.stream.Stream;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.x86.X86Kernels;

/** The kernels that every test of behaviour runs against; the assembled ones here take matrices of any size. */
final class Implementations {
    private Implementations() {}

    static Stream<Kernels> all() {
        Stream<Kernels> everywhere =
                Stream.of(KernelProvider.scalar(), KernelProvider.portable()).distinct();
        try {
            return Stream.concat(everywhere, Stream.of(X86Kernels.assemble(KernelProvider.portable(), 0)));
        } catch (X86Kernels.Unavailable e) {
            return everywhere;
        }
    }

    /** How far a product may be from the exact one, relative to Σ|w·x|: by float32 sums, or by activations of 8 bits. */
    static double bound(Kernels kernels, BlockFormat format) {
        boolean rounded = kernels instanceof X86Kernels && format.blockElements() > 1;
        return rounded ? 1e-2 : 1e-5;
    }
}
