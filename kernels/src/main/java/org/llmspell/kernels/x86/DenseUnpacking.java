package org.llmspell.kernels.x86;

import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;

/** The table of the code that expands weights into dense elements. */
final class DenseUnpacking {
    private DenseUnpacking() {}

    /** The code for {@code format}, or null if there is none. */
    static @Nullable DenseUnpackCode code(BlockFormat format, DenseElement element) {
        return switch (format) {
            case F32, F16, BF16 -> new DenseUnpackPlain(format, element);
            case Q2_K -> new DenseUnpackTwoBits(element);
            case Q3_K -> DenseUnpackSignedScales.q3k(element);
            case IQ4_XS -> DenseUnpackSignedScales.iq4xs(element);
            case Q4_K -> new DenseUnpackNibbles(false, element);
            case Q5_K -> new DenseUnpackNibbles(true, element);
            case Q6_K -> new DenseUnpackSixBits(element);
            default -> DenseUnpackSmall.of(format, element);
        };
    }
}
