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

    /** The code in AVX2 that expands {@code format} to float32, or null if there is none. */
    static @Nullable DenseUnpackCode avx2(BlockFormat format) {
        return switch (format) {
            case F32 -> new Avx2DenseUnpackPlain(FloatCode.Layout.F32);
            case F16 -> new Avx2DenseUnpackPlain(FloatCode.Layout.F16);
            case BF16 -> new Avx2DenseUnpackPlain(FloatCode.Layout.BF16);
            default -> null;
        };
    }
}
