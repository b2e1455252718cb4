package org.llmspell.kernels.encode;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.llmspell.gguf.BlockFormat;

/** The block formats that can be written: one line each. */
public final class Encoders {
    private static final Map<BlockFormat, Encoder> ALL = new EnumMap<>(BlockFormat.class);

    static {
        ALL.put(BlockFormat.F32, PlainEncoders::f32);
        ALL.put(BlockFormat.F16, PlainEncoders::f16);
        ALL.put(BlockFormat.BF16, PlainEncoders::bf16);
        ALL.put(BlockFormat.Q4_0, SmallEncoders::q40);
        ALL.put(BlockFormat.Q4_1, SmallEncoders::q41);
        ALL.put(BlockFormat.Q5_0, SmallEncoders::q50);
        ALL.put(BlockFormat.Q5_1, SmallEncoders::q51);
        ALL.put(BlockFormat.Q8_0, SmallEncoders::q80);
        ALL.put(BlockFormat.Q2_K, AffineEncoders::q2k);
        ALL.put(BlockFormat.Q3_K, SymmetricEncoders::q3k);
        ALL.put(BlockFormat.Q4_K, AffineEncoders::q4k);
        ALL.put(BlockFormat.Q5_K, AffineEncoders::q5k);
        ALL.put(BlockFormat.Q6_K, SymmetricEncoders::q6k);
        ALL.put(BlockFormat.IQ3_S, GridEncoders::iq3s);
        ALL.put(BlockFormat.IQ4_NL, TableEncoders::iq4nl);
        ALL.put(BlockFormat.IQ4_XS, TableEncoders::iq4xs);
        ALL.put(BlockFormat.MXFP4, TableEncoders::mxfp4);
        ALL.put(BlockFormat.TQ1_0, TernaryEncoders::tq10);
        ALL.put(BlockFormat.TQ2_0, TernaryEncoders::tq20);
    }

    private Encoders() {}

    /** The formats that have an encoder. */
    public static Set<BlockFormat> supported() {
        return Collections.unmodifiableSet(ALL.keySet());
    }

    /**
     * The encoder of {@code format}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Encoder of(BlockFormat format) {
        Encoder encoder = ALL.get(format);
        if (encoder == null) {
            throw new IllegalArgumentException(format + " cannot be written; these can: " + ALL.keySet());
        }
        return encoder;
    }
}
