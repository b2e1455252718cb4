package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/** {@code smollm3}: SmolLM 3. Llama with every fourth layer without positions (Bakouch et al. 2025, Yang et al. 2025). */
final class SmolLm3Model {
    private SmolLm3Model() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfNeighbours();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, (i + 1) % 4 == 0 ? null : rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gated(i, Activation.SILU)));
    }
}
