package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.fixtures.SyntheticModel;

/** llama.cpp with several sequences; skipped where there is none. */
class LlamaModelTest {
    @TempDir
    Path folder;

    @Test
    void sequencesInOneBatchGoOnAsEachWouldAlone() throws IOException {
        try {
            LlamaCpp.check(LlamaCpp.FOLDER);
        } catch (BenchException absent) {
            Assumptions.abort(absent.getMessage());
        }
        Path file = folder.resolve("tiny.gguf");
        SyntheticModel.tiny().write(file);
        LlamaCpp library = new LlamaCpp(LlamaCpp.FOLDER, null);
        library.logOnlyFaults();
        int[][] prompts = {{5, 77, 130, 9}, {200, 31, 8, 64}, {3, 3, 301, 12}};

        int[] alone = new int[prompts.length];
        try (LlamaModel model = new LlamaModel(library, file, 1, 64)) {
            for (int i = 0; i < prompts.length; i++) {
                model.clear();
                model.decode(prompts[i]);
                alone[i] = model.greedy();
            }
        }
        int[] together = new int[prompts.length];
        try (LlamaModel model = new LlamaModel(library, file, 1, 64, prompts.length)) {
            LlamaModel.Row[] rows = new LlamaModel.Row[prompts.length * 4];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = new LlamaModel.Row(prompts[i / 4][i % 4], i % 4, i / 4, i % 4 == 3);
            }
            model.decode(rows);
            Arrays.setAll(together, i -> model.greedy(4 * i + 3));
            assertThat(new LlamaBatches(model, prompts.length).generate(8, 4)).isPositive();
        }

        assertThat(together).isEqualTo(alone);
        assertThat(alone).doesNotHaveDuplicates(); // or an answer to another prompt would pass
    }
}
