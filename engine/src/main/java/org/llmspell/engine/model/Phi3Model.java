package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code phi3}: Phi 3, 3.5 and 4 mini. Query, key and value in one tensor, gate and up in another; rotation of halves, with long
 * and short factors in the long-context variants; a window on every layer (Abdin et al. 2024), which llama.cpp leaves out.
 */
final class Phi3Model {
    private Phi3Model() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        int window = source.parameters().countOr("attention.sliding_window", 0);
        Scores scores = parts.scores().withWindow(window == 0 ? Integer.MAX_VALUE : window);
        RopeTable rope = parts.ropeOfHalves();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gatedInOne(i, Activation.SILU)));
    }
}
