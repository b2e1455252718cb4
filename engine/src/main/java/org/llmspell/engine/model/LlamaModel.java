package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code llama}: Llama 1 to 3, TinyLlama, Mistral, SmolLM2, and the mixture of experts of Mixtral. Pre-norm decoder with
 * grouped heads, rotation of neighbouring elements, gated SiLU feed-forward (Touvron et al. 2023, Jiang et al. 2024).
 */
final class LlamaModel {
    private LlamaModel() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        float epsilon = shape.epsilon();
        int window = p.positiveOr("attention.sliding_window", Integer.MAX_VALUE);
        Scores scores = Scores.of(heads.keyDimension()).withWindow(window);
        ExpertReader experts = new ExpertReader(source, shape, Activation.SILU, Gating.SOFTMAX, true);
        RopeTable rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(false);

        WeightMatrix embedding = t.matrix("token_embd.weight", source.vocabularyDimension(), n); // [vocabulary][n]
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            layers.add(SequentialLayer.preNorm(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(i, shape.projections(t, block, i), null, rope, scores),
                    t.norm(block + "ffn_norm", n, epsilon), // [n]
                    experts.layer(i)));
        }
        return new Decoder(
                shape,
                List.of(rope),
                new InputEmbedding(embedding),
                layers,
                new OutputHead(t.norm("output_norm", n, epsilon), shape.output(t, embedding)));
    }
}
