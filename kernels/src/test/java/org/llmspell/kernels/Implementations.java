package org.llmspell.kernels;

import java.util.stream.Stream;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.x86.X86Kernels;

/** The kernels that every test of behaviour runs against; the assembled ones here take matrices of any size. */
final class Implementations {
    private Implementations() {}

    static Stream<Kernels> all() {
        Kernels portable = KernelProvider.portable();
        Stream<Kernels> everywhere =
                Stream.of(KernelProvider.scalar(), portable).distinct();
        try {
            everywhere = Stream.concat(everywhere, Stream.of(X86Kernels.assemble(portable, 0)));
            return Stream.concat(everywhere, Stream.of(X86Kernels.assembleTiled(portable, KernelProvider.scalar(), 0)));
        } catch (X86Kernels.Unavailable e) {
            return everywhere;
        }
    }

    /**
     * How far a product may be from the exact one, relative to Σ|w·x|: by float32 sums, or by activations of 8 bits. Of bfloat16
     * the mantissa has 8 bits too, which shows where there are few terms.
     */
    static double bound(Kernels kernels, BlockFormat format) {
        boolean exact = format == BlockFormat.F32 || format == BlockFormat.F16;
        boolean rounded =
                kernels instanceof X86Kernels && (!exact || kernels.name().startsWith("amx"));
        return rounded ? 1e-2 : 1e-5;
    }
}
