package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code gpt-oss}: biases on every matrix, a sink for each query head, a window on every other layer from the first on, rotation
 * of halves with YaRN, and experts with a clamped gate whose shares are the softmax over the chosen (OpenAI 2025). The bounds of
 * YaRN's ramp are rounded to whole pairs as llama.cpp does, which the published code does not.
 */
final class GptOssModel {
    private GptOssModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        int window = parts.parameters().positive("attention.sliding_window");
        int period = parts.parameters().positiveOr("attention.sliding_window_pattern", 2);
        ExpertReader experts = new ExpertReader(parts, Activation.CLAMPED_SILU, Gating.SOFTMAX_OF_CHOSEN, false);
        RopeTable rope = parts.ropeOfHalves();
        return parts.decoder(List.of(rope), i -> {
            Scores scores = parts.scores().withSinks(parts.perHead(i, "attn_sinks")); // [heads]
            boolean local = i % period < period - 1;
            return SequentialLayer.preNorm(
                    parts.rmsNorm(i, "attn_norm"),
                    parts.attention(i, rope, local ? scores.withWindow(window) : scores),
                    parts.rmsNorm(i, "post_attention_norm"),
                    experts.layer(i));
        });
    }
}
