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
 * {@code granite}: Granite 3. Llama's layers with four scales from the metadata, on the embeddings, the attention scores, what a
 * layer adds, and (dividing) the logits (IBM 2024). {@code granitemoe} has experts, in later models a shared one too.
 */
final class GraniteModel {
    private GraniteModel() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        float epsilon = shape.epsilon();
        float scale = orDefault(p.numberOr("attention.scale", 0), (float) (1 / Math.sqrt(heads.keyDimension())));
        float embeddingScale = orDefault(p.numberOr("embedding_scale", 0), 1);
        float residualScale = orDefault(p.numberOr("residual_scale", 0), 1);
        float logitScale = 1 / orDefault(p.numberOr("logit_scale", 0), 1);
        ExpertReader experts = new ExpertReader(source, shape, Activation.SILU, Gating.SOFTMAX, true);
        RopeTable rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(false);

        WeightMatrix embedding = t.matrix("token_embd.weight", source.vocabularyDimension(), n); // [vocabulary][n]
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            layers.add(SequentialLayer.preNorm(
                            t.norm(block + "attn_norm", n, epsilon), // [n]
                            shape.attention(i, shape.projections(t, block, i), null, rope, new Scores(scale)),
                            t.norm(block + "ffn_norm", n, epsilon), // [n]
                            experts.layer(i))
                    .withResidualScale(residualScale));
        }
        return new Decoder(
                shape,
                List.of(rope),
                new InputEmbedding(embedding, embeddingScale, null),
                layers,
                new OutputHead(t.norm("output_norm", n, epsilon), shape.output(t, embedding), logitScale, 0));
    }

    /** A scale of 0 stands for none. */
    private static float orDefault(float value, float absent) {
        return value == 0 ? absent : value;
    }
}
