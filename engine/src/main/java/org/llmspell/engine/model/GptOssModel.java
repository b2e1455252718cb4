package org.llmspell.engine.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
 * {@code gpt-oss}: biases on every matrix, a sink for each query head, a window on every other layer from the first on, rotation
 * of halves with YaRN, and experts with a clamped gate whose shares are the softmax over the chosen (OpenAI 2025). The bounds of
 * YaRN's ramp are rounded to whole pairs as llama.cpp does, which the published code does not.
 */
final class GptOssModel {
    private GptOssModel() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        Dimension queries = new Dimension("attention.head_count", heads.query());
        float epsilon = shape.epsilon();
        int window = p.positive("attention.sliding_window");
        int period = p.positiveOr("attention.sliding_window_pattern", 2);
        RopeTable rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(true);
        ExpertReader experts =
                new ExpertReader(source, shape, Activation.CLAMPED_SILU, Gating.SOFTMAX_OF_CHOSEN, false);

        WeightMatrix embedding = t.matrix("token_embd.weight", source.vocabularyDimension(), n); // [vocabulary][n]
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            Scores scores = Scores.of(heads.keyDimension())
                    .withSinks(floats(t.vector(block + "attn_sinks.weight", queries))); // [heads]
            boolean local = i % period < period - 1;
            layers.add(SequentialLayer.preNorm(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(
                            i, shape.projections(t, block, i), null, rope, local ? scores.withWindow(window) : scores),
                    t.norm(block + "post_attention_norm", n, epsilon), // [n]
                    experts.layer(i)));
        }
        return new Decoder(
                shape,
                List.of(rope),
                new InputEmbedding(embedding),
                layers,
                new OutputHead(t.norm("output_norm", n, epsilon), shape.output(t, embedding)));
    }

    private static float[] floats(MemorySegment vector) {
        return vector.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
}
