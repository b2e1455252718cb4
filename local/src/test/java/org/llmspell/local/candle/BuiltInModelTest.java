package org.llmspell.local.candle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.store.GgufFacts;
import org.llmspell.local.store.Sha256;

/** How the built-in model gets from the jar to a file, whatever the disk is like. */
class BuiltInModelTest {
    private static final byte[] BYTES = "weights".repeat(1000).getBytes(StandardCharsets.UTF_8);
    private static final BuiltInModel.Facts FACTS = new BuiltInModel.Facts(
            "apprentice", "Q8_0", BYTES.length, Sha256.of(BYTES), Instant.parse("2026-01-01T00:00:00Z"));

    @TempDir
    Path folder;

    private Path models;
    private Path temporary;

    @BeforeEach
    void folders() throws IOException {
        models = folder.resolve("home/models");
        temporary = Files.createDirectory(folder.resolve("tmp"));
    }

    private BuiltInModel model() {
        return new BuiltInModel(FACTS, BYTES::clone, models, temporary);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void isCopiedOnceToTheModelDirectory() throws Exception {
        Path file;
        try (BuiltInModel first = model()) {
            assertThat(models).doesNotExist();
            file = first.file();
        }

        assertThat(file).startsWith(models).hasBinaryContent(BYTES);
        assertThat(files(folder)).containsExactly(file);
        Instant written = Files.getLastModifiedTime(file).toInstant();
        BuiltInModel again = new BuiltInModel(
                FACTS,
                () -> {
                    throw new AssertionError("read again");
                },
                models,
                temporary);
        assertThat(again.file()).isEqualTo(file);
        assertThat(Files.getLastModifiedTime(file).toInstant()).isEqualTo(written);
    }

    @Test
    void aCopyThatWasChangedOrCutIsReplaced() throws Exception {
        Path file = model().file();
        byte[] changed = BYTES.clone();
        changed[500]++;

        for (byte[] damaged : List.of(changed, new byte[0])) {
            Files.write(file, damaged);
            assertThat(model().file()).isEqualTo(file).hasBinaryContent(BYTES);
        }
    }

    @Test
    void manyMayStartTogether() throws Exception {
        List<Future<Path>> copies = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                copies.add(threads.submit(() -> model().file()));
            }
        }

        for (Future<Path> copy : copies) {
            assertThat(copy.get()).startsWith(models).hasBinaryContent(BYTES);
        }
        assertThat(files(folder)).hasSize(1);
    }

    @Test
    void whereTheModelDirectoryCannotBeWrittenATemporaryCopyDoes() throws Exception {
        Files.createDirectories(folder.resolve("home"));
        Files.writeString(models, "a file in the way");
        Path file;
        try (BuiltInModel model = model()) {
            file = model.file();
            assertThat(file).startsWith(temporary).hasBinaryContent(BYTES);
            assertThat(model.file()).isEqualTo(file);
        }

        assertThat(file).doesNotExist();
        assertThat(files(temporary)).isEmpty();
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void whereNothingCanBeWrittenBothPlacesAreNamed() throws Exception {
        Files.createDirectories(folder.resolve("home"));
        Files.writeString(models, "a file in the way");
        Files.delete(temporary);

        LocalModelException e = catchThrowableOfType(LocalModelException.class, () -> model().file());

        assertThat(e.kind()).isEqualTo(Kind.STORE);
        assertThat(e.getMessage()).contains(models.toString(), temporary.toString(), "can be written");
        assertThat(e.solutions()).anyMatch(solution -> solution.contains("LLMSPELL_MODEL_DIR"));
    }

    @Test
    void aDamagedProgramIsNotTakenForTheModel() throws Exception {
        byte[] other = BYTES.clone();
        other[0]++;
        for (BuiltInModel.Content content : List.<BuiltInModel.Content>of(() -> other, () -> {
            throw new IOException("the jar is broken");
        })) {
            BuiltInModel model = new BuiltInModel(FACTS, content, models, temporary);

            LocalModelException e = catchThrowableOfType(LocalModelException.class, model::file);

            assertThat(e.kind()).isEqualTo(Kind.MODEL_UNUSABLE);
            assertThat(e).hasMessageContaining("apprentice is damaged");
            assertThat(files(folder)).isEmpty();
        }
    }

    @Test
    void isMeantByItsNameAndVariantOnly() {
        BuiltInModel model = model();

        assertThat(List.of("apprentice", "Apprentice@candle", "local/apprentice:q8_0"))
                .allMatch(text -> model.isMeant(ModelSpec.parse(text)));
        assertThat(List.of("apprentice2", "user/apprentice", "apprentice:Q4_0", "./apprentice"))
                .noneMatch(text -> model.isMeant(ModelSpec.parse(text)));
    }

    @Test
    void theFileOfThisBuildIsWhatItsFactsSay() throws Exception {
        try (BuiltInModel model = new BuiltInModel(models)) {
            GgufFacts facts = GgufFacts.read(model.file());

            assertThat(model.entry("candle").id()).isEqualTo("apprentice");
            assertThat(model.entry("candle").builtIn()).isTrue();
            assertThat(facts.sizeBytes())
                    .isEqualTo(model.entry("candle").sizeBytes())
                    .isLessThanOrEqualTo(4_000_000);
            assertThat(facts.quantization()).isEqualTo(model.entry("candle").quantization());
            assertThat(facts.name()).isEqualTo("Apprentice");
            assertThat(facts.contextLength()).isEqualTo(512);
            assertThat(facts.details()).containsEntry("license", "apache-2.0").containsEntry("chat_template", "yes");
        }
    }
}
