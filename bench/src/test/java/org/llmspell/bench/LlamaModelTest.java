package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.fixtures.SyntheticModel;

/** llama.cpp with several sequences; skipped where there is none. */
class LlamaModelTest {
    @TempDir
    Path folder;

    private static LlamaCpp load(LlamaRelease release) {
        try {
            LlamaCpp.check(release.folder());
        } catch (BenchException absent) {
            Assumptions.abort(absent.getMessage());
        }
        LlamaCpp library = new LlamaCpp(release.folder(), null);
        library.logOnlyFaults();
        return library;
    }

    private Path tiny() throws IOException {
        Path file = folder.resolve("tiny.gguf");
        SyntheticModel.tiny().write(file);
        return file;
    }

    @ParameterizedTest
    @EnumSource
    void sequencesInOneBatchGoOnAsEachWouldAlone(LlamaRelease release) throws IOException {
        LlamaCpp library = load(release);
        Path file = tiny();
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

    @Test
    void bothReleasesChooseTheSameTokens() throws IOException {
        Path file = tiny();
        List<List<Integer>> replies = new ArrayList<>();
        for (LlamaRelease release : LlamaRelease.values()) {
            try (LlamaModel model = new LlamaModel(load(release), file, 2, 64)) {
                List<Integer> reply = new ArrayList<>();
                model.decode(new int[] {5, 77, 130, 9});
                for (int i = 0; i < 12; i++) {
                    reply.add(model.greedy());
                    model.decode(new int[] {model.greedy()});
                }
                // A reply that is taken back is given again.
                assertThat(model.truncate(4)).isTrue();
                model.decode(new int[] {reply.getFirst()});
                assertThat(model.greedy()).isEqualTo(reply.get(1));
                replies.add(reply);
            }
        }

        assertThat(replies.getFirst()).isEqualTo(replies.getLast());
    }

    @Test
    void theOlderReleaseHasOneBackendAndItsOwnLayout() {
        assertThat(load(LlamaRelease.MAVEN).describe()).startsWith("b4916, avx");
        assertThatThrownBy(() -> new LlamaCpp(LlamaRelease.MAVEN.folder(), "zen4"))
                .isInstanceOf(BenchException.class)
                .hasMessageContaining("no variants");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zeros = arena.allocate(LlamaRelease.MAVEN.contextParams());
            assertThatThrownBy(() -> LlamaRelease.MAVEN.checkDefaults(zeros))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("b4916");
        }
    }
}
