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
 * {@code qwen2} (Qwen 2 and 2.5: biases on query, key and value) and {@code qwen3} (none, but query and key heads normalized
 * before rotation). Rotation of halves, gated SiLU feed-forward. {@code qwen2moe} and {@code qwen3moe} are the same with experts:
 * the former with shares as they are and a gated shared expert, the latter with shares that sum to 1 (Yang et al. 2024, 2025).
 */
final class QwenModel {
    private QwenModel() {}

    static Model load(ModelSource source) {
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        float epsilon = shape.epsilon();
        Scores scores = Scores.of(heads.keyDimension());
        String architecture = source.parameters().architecture();
        boolean headNorms = architecture.startsWith("qwen3");
        boolean renormalized = architecture.equals("qwen3moe");
        ExpertReader experts = new ExpertReader(source, shape, Activation.SILU, Gating.SOFTMAX, renormalized);
        RopeTable rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(true);

        WeightMatrix embedding = t.matrix("token_embd.weight", source.vocabularyDimension(), n); // [vocabulary][n]
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            layers.add(SequentialLayer.preNorm(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(
                            i,
                            shape.projections(t, block, i),
                            headNorms ? shape.headNorms(t, block) : null,
                            rope,
                            scores),
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
