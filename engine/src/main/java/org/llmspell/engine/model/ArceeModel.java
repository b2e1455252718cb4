package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.PlainMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/** {@code arcee}: AFM 4.5B. Llama with a feed-forward without gate, bent by the squared ReLU (Arcee 2025). */
final class ArceeModel {
    private ArceeModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfNeighbours();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.plain(i, Activation.RELU_SQUARED)));
    }
}
