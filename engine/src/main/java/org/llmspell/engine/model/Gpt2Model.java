package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.PlainMlp.Activation;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code gpt2} and {@code starcoder}: learned positions in place of a rotation, layer norms, biases on every product, GELU without
 * gate (Radford et al. 2019); StarCoder's query heads share one key-value head (Li et al. 2023).
 */
final class Gpt2Model {
    private Gpt2Model() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        DecoderShape shape = parts.shape();
        Dimension context = new Dimension("context_length", shape.contextLength());
        Scores scores = parts.scores();
        return new Decoder(
                shape,
                List.of(),
                new InputEmbedding(
                        parts.embedding(),
                        1,
                        source.tensors()
                                .matrix("position_embd.weight", context, shape.embeddingDimension())), // [context][n]
                parts.layers(i -> SequentialLayer.preNorm(
                        parts.layerNorm(i, "attn_norm"),
                        parts.attention(i, null, scores),
                        parts.layerNorm(i, "ffn_norm"),
                        parts.plain(i, Activation.GELU))),
                new OutputHead(parts.layerNorm("output_norm"), parts.output()));
    }
}
