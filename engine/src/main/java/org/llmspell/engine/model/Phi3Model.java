package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code phi3}: Phi 3, 3.5 and 4 mini. Query, key and value in one tensor, gate and up in another; rotation of halves, with long
 * and short factors in the long-context variants; a window on every layer (Abdin et al. 2024).
 */
final class Phi3Model {
    private Phi3Model() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        float epsilon = shape.epsilon();
        int window = p.countOr("attention.sliding_window", 0);
        Scores scores = Scores.of(heads.keyDimension()).withWindow(window == 0 ? Integer.MAX_VALUE : window);
        RopeTable rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(true);

        WeightMatrix embedding = t.matrix("token_embd.weight", source.vocabularyDimension(), n); // [vocabulary][n]
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            Dimension f = shape.feedForwardDimension(i);
            List<Linear> gateUp = t.fused(block + "ffn_up", n, f, f); // [f + f][n]
            layers.add(SequentialLayer.preNorm(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(i, shape.projections(t, block, i), null, rope, scores),
                    t.norm(block + "ffn_norm", n, epsilon), // [n]
                    new GatedMlp(
                            gateUp.get(0),
                            gateUp.get(1),
                            t.linear(block + "ffn_down", n, f), // [n][f]
                            Activation.SILU)));
        }
        return new Decoder(
                shape,
                List.of(rope),
                new InputEmbedding(embedding),
                layers,
                new OutputHead(t.norm("output_norm", n, epsilon), shape.output(t, embedding)));
    }
}
