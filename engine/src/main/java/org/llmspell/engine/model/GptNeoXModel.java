package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.ParallelLayer;
import org.llmspell.engine.layer.PlainMlp;
import org.llmspell.engine.layer.PlainMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code gptneox}: GPT-NeoX, Pythia. Layer norms, biases on every product, partial rotation of halves, GELU without gate; attention
 * and feed-forward side by side, or one after the other where the file says so (Black et al. 2022).
 */
final class GptNeoXModel {
    private GptNeoXModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        boolean parallel = source.parameters().flag("use_parallel_residual", true);
        RopeTable rope = parts.ropeOfHalves();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> layer(parts, i, parts.attention(i, rope, scores), parallel),
                new OutputHead(parts.layerNorm("output_norm"), parts.output()));
    }

    private static DecoderLayer layer(DecoderParts parts, int i, Attention attention, boolean parallel) {
        LayerNorm attentionNorm = parts.layerNorm(i, "attn_norm");
        LayerNorm feedForwardNorm = parts.layerNorm(i, "ffn_norm");
        PlainMlp feedForward = parts.plain(i, Activation.GELU);
        return parallel
                ? new ParallelLayer(attentionNorm, attention, feedForwardNorm, feedForward)
                : SequentialLayer.preNorm(attentionNorm, attention, feedForwardNorm, feedForward);
    }
}
