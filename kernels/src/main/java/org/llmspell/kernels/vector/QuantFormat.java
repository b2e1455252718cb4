package org.llmspell.kernels.vector;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;

/**
 * How a quantized format is split by its {@link Unpack}: the registry of formats with a vector kernel, one line each. A format
 * without a line is decoded by its scalar codec and multiplied as floats.
 *
 * @param subBlock elements that share a scale, 16 or 32
 * @param minima whether there are minima
 */
record QuantFormat(int subBlock, boolean minima, Unpack unpack) {
    private static final Map<BlockFormat, QuantFormat> ALL = new EnumMap<>(BlockFormat.class);

    static {
        ALL.put(BlockFormat.Q4_0, new QuantFormat(32, false, UnpackSmall::q40));
        ALL.put(BlockFormat.Q4_1, new QuantFormat(32, true, UnpackSmall::q41));
        ALL.put(BlockFormat.Q5_0, new QuantFormat(32, false, UnpackSmall::q50));
        ALL.put(BlockFormat.Q5_1, new QuantFormat(32, true, UnpackSmall::q51));
        ALL.put(BlockFormat.Q8_0, new QuantFormat(32, false, UnpackSmall::q80));
        ALL.put(BlockFormat.Q2_K, new QuantFormat(16, true, UnpackSuper::q2k));
        ALL.put(BlockFormat.Q3_K, new QuantFormat(16, false, UnpackSuper::q3k));
        ALL.put(BlockFormat.Q4_K, new QuantFormat(32, true, UnpackSuper::q4k));
        ALL.put(BlockFormat.Q5_K, new QuantFormat(32, true, UnpackSuper::q5k));
        ALL.put(BlockFormat.Q6_K, new QuantFormat(16, false, UnpackSuper::q6k));
        ALL.put(BlockFormat.IQ4_NL, new QuantFormat(32, false, UnpackTable::iq4nl));
        ALL.put(BlockFormat.IQ4_XS, new QuantFormat(32, false, UnpackTable::iq4xs));
        ALL.put(BlockFormat.MXFP4, new QuantFormat(32, false, UnpackTable::mxfp4));
    }

    static @Nullable QuantFormat of(BlockFormat format) {
        return ALL.get(format);
    }
}
