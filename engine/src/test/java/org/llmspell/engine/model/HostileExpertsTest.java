package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.engine.EngineException;
import org.llmspell.fixtures.Architecture;
import org.llmspell.fixtures.DecoderArchitecture;
import org.llmspell.fixtures.ExpertArchitecture;
import org.llmspell.fixtures.LatentArchitecture;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.kernels.KernelProvider;

/** Files of models with experts whose metadata contradicts itself or the tensors are refused in one line that names what. */
class HostileExpertsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "expert_count, 0, expert_count",
        "expert_count, 7, ffn_gate_inp",
        "expert_count, 16777217, expert_count",
        "expert_used_count, 0, expert_used_count",
        "expert_used_count, 9, expert_used_count",
        "expert_feed_forward_length, 49, ffn_gate_exps",
        "expert_gating_func, 9, expert_gating_func",
        "expert_group_count, 3, expert_group_used_count",
        "expert_group_count, 8, expert_group_used_count",
        "nextn_predict_layers, 2, nextn_predict_layers",
        "attention.kv_lora_rank, 16777216, attention.kv_lora_rank",
        "attention.kv_lora_rank, 0, kv_lora_rank",
        "attention.key_length_mla, 8, that turn",
        "attention.key_length_mla, 16777216, attn_",
        "attention.value_length_mla, 23, attn_",
        "attention.head_count, 5, attn_",
        "attention.head_count, 16777216, attn_",
        "rope.dimension_count, 7, rope.dimension_count",
        "attention.q_lora_rank, 41, attn_q_a"
    })
    void metadataThatDoesNotFitIsNamed(String key, int value, String mention) {
        refused(writer(latent()).put("deepseek2." + key, value), mention);
    }

    @ParameterizedTest
    @CsvSource({"3, 1", "4, 5", "4, 1", "8, 4"})
    void groupsThatCannotBeChosenFromAreRefused(int groups, int used) {
        GgufWriter writer = writer(latent())
                .put("deepseek2.expert_group_count", groups)
                .put("deepseek2.expert_group_used_count", used);
        refused(writer, "groups");
    }

    private static LatentArchitecture latent() {
        ExpertArchitecture experts = ExpertArchitecture.of(DecoderArchitecture.of("deepseek2"), 8, 3, 48)
                .withShared(48)
                .withLeadingDense(1);
        return new LatentArchitecture(experts, 40, 32, 16, 8, 24, true);
    }

    private static GgufWriter writer(Architecture architecture) {
        ModelShape shape = ModelShape.builder().build();
        return SyntheticModel.of(architecture, shape, WeightMix.uniform(BlockFormat.F32))
                .withVocabulary(SyntheticVocabulary.sentencePiece(shape.vocabulary()))
                .writer();
    }

    private void refused(GgufWriter writer, String mention) {
        Path file = folder.resolve("model.gguf");
        try {
            writer.write(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        assertThatThrownBy(() -> new BareModel(file, KernelProvider.scalar(), 1))
                .isInstanceOfSatisfying(
                        EngineException.class,
                        e -> assertThat(e.getMessage()).contains(mention).doesNotContain("\n"));
    }
}
