package org.llmspell.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model in several files: joined when complete, refused with the part at fault when not. */
class SplitModelTest {
    @TempDir
    Path folder;

    private List<Path> parts = List.of();

    private static GgufWriter model() {
        GgufWriter writer = new GgufWriter().put("general.architecture", "llama");
        for (int i = 0; i < 7; i++) {
            writer.tensor("t" + i, BlockFormat.I8, List.of(2L), new byte[] {(byte) i, 1});
        }
        return writer;
    }

    @BeforeEach
    void writeThreeParts() throws Exception {
        parts = model().writeSplit(folder, "model", 3);
    }

    @Test
    void partsAreNamedAndJoinedInOrder() throws Exception {
        assertThat(parts)
                .extracting(path -> String.valueOf(path.getFileName()))
                .containsExactly("model-00001-of-00003.gguf", "model-00002-of-00003.gguf", "model-00003-of-00003.gguf");
        for (Path part : parts) {
            try (GgufFile file = GgufFile.open(part)) {
                assertThat(file.files()).isEqualTo(parts);
                assertThat(file.metadata().string("general.architecture")).hasValue("llama");
                assertThat(file.tensors())
                        .extracting(TensorInfo::name)
                        .containsExactly("t0", "t1", "t2", "t3", "t4", "t5", "t6");
                assertThat(file.tensor("t4").orElseThrow().data().get(ValueLayout.JAVA_BYTE, 0))
                        .isEqualTo((byte) 4);
            }
        }
    }

    @Test
    void onePartAloneCanBeLookedAt() throws Exception {
        try (GgufFile file = GgufFile.openPart(parts.get(2))) {
            assertThat(file.tensors()).extracting(TensorInfo::name).containsExactly("t6");
        }
    }

    @Test
    void aMissingPartIsNamed() throws Exception {
        Files.delete(parts.get(1));
        assertThatThrownBy(() -> GgufFile.open(parts.getFirst()))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("model-00002-of-00003.gguf is missing");
        Files.delete(parts.get(2));
        assertThatThrownBy(() -> GgufFile.open(parts.getFirst()))
                .hasMessageContaining("model-00002-of-00003.gguf is missing, and 1 more");
    }

    @Test
    void aRenamedPartIsRefusedSayingWhatItsNameShouldBe() throws Exception {
        Path renamed = Files.move(parts.get(1), folder.resolve("renamed.gguf"));
        assertThatThrownBy(() -> GgufFile.open(renamed))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("part 2 of 3")
                .hasMessageContaining("NAME-00002-of-00003.gguf");
    }

    @Test
    void aPartInTheWrongPlaceIsRefused() throws Exception {
        Files.copy(parts.get(2), parts.get(1), StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> GgufFile.open(parts.getFirst()))
                .isInstanceOf(GgufException.class)
                .hasMessageStartingWith(parts.get(1).toString())
                .hasMessageContaining("should be part 2 of 3")
                .hasMessageContaining("split.no is 2");
    }

    @Test
    void aTruncatedPartIsRefusedByItsName() throws Exception {
        byte[] bytes = Files.readAllBytes(parts.get(2));
        Files.write(parts.get(2), Arrays.copyOf(bytes, bytes.length - 32));
        assertThatThrownBy(() -> GgufFile.open(parts.getFirst()))
                .isInstanceOf(GgufException.class)
                .hasMessageStartingWith(parts.get(2).toString())
                .hasMessageContaining("2 are missing");
    }

    @Test
    void partsThatShareATensorOrLackOneAreRefused() throws Exception {
        GgufWriter again = new GgufWriter()
                .put("split.no", GgufValue.integer(GgufType.UINT16, 2))
                .put("split.count", GgufValue.integer(GgufType.UINT16, 3));
        again.tensor("t0", BlockFormat.I8, List.of(1L), new byte[1]).write(parts.get(2));
        assertThatThrownBy(() -> GgufFile.open(parts.getFirst())).hasMessageContaining("duplicate tensor 't0'");

        GgufWriter extra = new GgufWriter()
                .put("split.no", GgufValue.integer(GgufType.UINT16, 2))
                .put("split.count", GgufValue.integer(GgufType.UINT16, 3));
        extra.tensor("t6", BlockFormat.I8, List.of(1L), new byte[1])
                .tensor("t7", BlockFormat.I8, List.of(1L), new byte[1])
                .write(parts.get(2));
        assertThatThrownBy(() -> GgufFile.open(parts.getFirst()))
                .hasMessageContaining("split.tensors.count is 7, but the 3 parts hold 8");
    }

    @Test
    void aPartOfAnotherArchitectureIsRefused() throws Exception {
        new GgufWriter()
                .put("general.architecture", "gemma")
                .put("split.no", GgufValue.integer(GgufType.UINT16, 2))
                .put("split.count", GgufValue.integer(GgufType.UINT16, 3))
                .tensor("t6", BlockFormat.I8, List.of(1L), new byte[1])
                .write(parts.get(2));
        assertThatThrownBy(() -> GgufFile.open(parts.getFirst())).hasMessageContaining("part of another model");
    }

    @Test
    void aWholeModelMayBeNamedLikeAPart() throws Exception {
        Path path = folder.resolve("whole-00001-of-00002.gguf");
        model().write(path);
        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.tensors()).hasSize(7);
        }
    }
}
