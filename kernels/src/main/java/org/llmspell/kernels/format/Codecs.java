package org.llmspell.kernels.format;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.llmspell.gguf.BlockFormat;

/** The block formats that can be computed with: one line each. */
public final class Codecs {
    private static final Map<BlockFormat, Codec> ALL = new EnumMap<>(BlockFormat.class);

    static {
        ALL.put(BlockFormat.F32, PlainFormats::f32);
        ALL.put(BlockFormat.F16, PlainFormats::f16);
        ALL.put(BlockFormat.BF16, PlainFormats::bf16);
        ALL.put(BlockFormat.Q4_0, SmallBlocks::q40);
        ALL.put(BlockFormat.Q4_1, SmallBlocks::q41);
        ALL.put(BlockFormat.Q5_0, SmallBlocks::q50);
        ALL.put(BlockFormat.Q5_1, SmallBlocks::q51);
        ALL.put(BlockFormat.Q8_0, SmallBlocks::q80);
        ALL.put(BlockFormat.Q2_K, SuperBlocks::q2k);
        ALL.put(BlockFormat.Q3_K, SuperBlocks::q3k);
        ALL.put(BlockFormat.Q4_K, SuperBlocks::q4k);
        ALL.put(BlockFormat.Q5_K, SuperBlocks::q5k);
        ALL.put(BlockFormat.Q6_K, SuperBlocks::q6k);
        ALL.put(BlockFormat.IQ4_NL, TableBlocks::iq4nl);
        ALL.put(BlockFormat.IQ4_XS, TableBlocks::iq4xs);
        ALL.put(BlockFormat.MXFP4, TableBlocks::mxfp4);
        ALL.put(BlockFormat.NVFP4, TableBlocks::nvfp4);
        ALL.put(BlockFormat.IQ1_S, GridBlocks::iq1s);
        ALL.put(BlockFormat.IQ1_M, GridBlocks::iq1m);
        ALL.put(BlockFormat.IQ2_XXS, GridBlocks::iq2xxs);
        ALL.put(BlockFormat.IQ2_XS, GridBlocks::iq2xs);
        ALL.put(BlockFormat.IQ2_S, GridBlocks::iq2s);
        ALL.put(BlockFormat.IQ3_XXS, GridBlocks::iq3xxs);
        ALL.put(BlockFormat.IQ3_S, GridBlocks::iq3s);
        ALL.put(BlockFormat.Q1_0, TernaryBlocks::q10);
        ALL.put(BlockFormat.Q2_0, TernaryBlocks::q20);
        ALL.put(BlockFormat.TQ1_0, TernaryBlocks::tq10);
        ALL.put(BlockFormat.TQ2_0, TernaryBlocks::tq20);
    }

    private Codecs() {}

    /** The formats that have a codec, in order of their ggml numbers' declaration. */
    public static Set<BlockFormat> supported() {
        return Collections.unmodifiableSet(ALL.keySet());
    }

    /**
     * The codec of {@code format}.
     *
     * @throws UnsupportedFormatException if there is none
     */
    public static Codec of(BlockFormat format) {
        Codec codec = ALL.get(format);
        if (codec == null) {
            throw new UnsupportedFormatException(format, ALL.keySet());
        }
        return codec;
    }
}
