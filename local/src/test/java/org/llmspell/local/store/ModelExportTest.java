package org.llmspell.local.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullProgress;
import org.llmspell.local.TinyGguf;
import org.llmspell.local.store.ImportRequest.Placement;

/** A model's way to another machine: out of one store into a folder, and from there into another store. */
class ModelExportTest {
    @TempDir
    Path temporary;

    private ModelStore here;
    private ModelStore there;
    private Path stick;
    private StoredModel model;

    @BeforeEach
    void installAModelAsDownloadsDo() throws IOException {
        here = new ModelStore(temporary.resolve("here"));
        there = new ModelStore(temporary.resolve("there"));
        stick = temporary.resolve("stick");
        try (Installation installation = here.install("mine", "Q4_K_M", false)) {
            Path file = TinyGguf.write(installation.folder().resolve("tiny.gguf"));
            installation.commit(new Manifest(
                    "mine",
                    "Q4_K_M",
                    "https://hub/u/r",
                    "abc123",
                    Manifest.Origin.DOWNLOADED,
                    "Q4_K_M",
                    Instant.parse("2026-01-02T03:04:05Z"),
                    List.of(new Manifest.Entry("tiny.gguf", Files.size(file), Sha256.of(file)))));
        }
        model = here.find(ModelSpec.parse("mine:Q4_K_M"));
    }

    private ModelExport.Exported export(StoredModel what, boolean force) {
        return new ModelExport(stick, force, progress -> {}).run(what);
    }

    private StoredModel take(Path folder) {
        return there.importFile(ImportRequest.of(folder));
    }

    private LocalModelException refused(Path folder) {
        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> take(folder));
        assertThat(refused).isNotNull();
        assertThat(there.list().models()).isEmpty();
        assertThat(there.list().warnings()).isEmpty();
        return refused;
    }

    private static List<String> all(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> !file.equals(folder))
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aModelArrivesWholeWithItsSourceAndRevision() throws IOException {
        List<PullProgress> progress = new ArrayList<>();
        ModelExport.Exported exported = new ModelExport(stick, false, progress::add).run(model);

        assertThat(exported)
                .isEqualTo(new ModelExport.Exported("mine:Q4_K_M", stick.resolve("mine/Q4_K_M"), model.sizeBytes()));
        assertThat(all(stick))
                .containsExactly("mine", "mine/Q4_K_M", "mine/Q4_K_M/manifest.json", "mine/Q4_K_M/tiny.gguf");
        assertThat(progress.getLast())
                .isEqualTo(new PullProgress("success", 100, model.sizeBytes(), model.sizeBytes()));

        StoredModel arrived = take(exported.folder());
        assertThat(arrived.id()).isEqualTo("mine:Q4_K_M");
        assertThat(arrived.file()).startsWith(there.directory()).hasSameBinaryContentAs(model.file());
        Manifest manifest = Objects.requireNonNull(arrived.manifest());
        assertThat(manifest.source()).isEqualTo("https://hub/u/r");
        assertThat(manifest.revision()).isEqualTo("abc123");
        assertThat(manifest.origin()).isEqualTo(Manifest.Origin.DOWNLOADED);
        assertThat(manifest.files())
                .isEqualTo(Objects.requireNonNull(model.manifest()).files());
    }

    @Test
    void aModelWithoutManifestGetsOne() throws IOException {
        TinyGguf.write(here.directory().resolve("dropped.Q8_0.gguf"));
        StoredModel dropped = here.find(ModelSpec.parse("dropped:Q8_0"));
        assertThat(dropped.manifest()).isNull();

        Path folder = export(dropped, false).folder();

        Manifest manifest = Manifest.read(folder.resolve(Manifest.FILE_NAME));
        assertThat(manifest.files())
                .containsExactly(
                        new Manifest.Entry("dropped.Q8_0.gguf", Files.size(dropped.file()), Sha256.of(dropped.file())));
        assertThat(take(folder).id()).isEqualTo("dropped:Q8_0");
    }

    @Test
    void aFileWithoutNameOfItsOwnIsNamedAfterTheModel() throws IOException {
        Path blob = TinyGguf.write(temporary.resolve("sha256-0123"));
        StoredModel shared = new StoredModel(
                "llama3.1", "8b", List.of(blob), Files.size(blob), Instant.EPOCH, null, true, null, null);

        Path folder = export(shared, false).folder();

        assertThat(all(folder)).containsExactly("llama3.1-8b.gguf", "manifest.json");
        assertThat(take(folder).id()).isEqualTo("llama3.1:8b");
    }

    @Test
    void whatIsThereIsReplacedOnlyByForce() throws IOException {
        Path folder = export(model, false).folder();
        Files.writeString(folder.resolve("notes.txt"), "x");

        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> export(model, false));
        assertThat(refused).hasMessage(folder + " exists already");
        assertThat(refused.solutions()).contains("Replace it: --force");
        assertThat(folder.resolve("notes.txt")).exists();

        export(model, true);
        assertThat(all(stick))
                .containsExactly("mine", "mine/Q4_K_M", "mine/Q4_K_M/manifest.json", "mine/Q4_K_M/tiny.gguf");
    }

    @Test
    void aFolderOfSomethingElseIsNeverReplaced() throws IOException {
        Path other = Files.createDirectories(stick.resolve("mine/Q4_K_M"));
        Files.writeString(other.resolve("thesis.txt"), "x");

        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> export(model, true));

        assertThat(refused).hasMessage(other + " is no exported model: it has no manifest.json");
        assertThat(other.resolve("thesis.txt")).exists();
    }

    @Test
    void aFullDiskIsNoticedBeforeTheFirstByte() {
        ModelExport full = new ModelExport(stick, false, progress -> {}, folder -> 100);

        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> full.run(model));

        assertThat(refused).hasMessage("Not enough disk space in " + stick + ": the model needs 1 MB, 1 MB are free");
        assertThat(stick).isEmptyDirectory();
    }

    @Test
    void aDamagedModelIsNotPassedOn() throws IOException {
        byte[] bytes = Files.readAllBytes(model.file());
        bytes[bytes.length - 1] ^= 1;
        Files.write(model.file(), bytes);

        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> export(model, false));

        assertThat(refused.kind()).isEqualTo(Kind.MODEL_UNUSABLE);
        assertThat(refused)
                .hasMessage("Model \"mine:Q4_K_M\" is damaged: the SHA-256 of " + model.file()
                        + " is not the one in its manifest");
        assertThat(stick).isEmptyDirectory();
    }

    @Test
    void anInterruptedExportLeavesNothing() {
        ModelExport export =
                new ModelExport(stick, false, progress -> Thread.currentThread().interrupt());

        LocalModelException cancelled = catchThrowableOfType(LocalModelException.class, () -> export.run(model));

        assertThat(Thread.interrupted()).isTrue();
        assertThat(cancelled.kind()).isEqualTo(Kind.CANCELLED);
        assertThat(stick).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"COPY", "HARD_LINK", "SYMBOLIC_LINK"})
    void aWrongHashInstallsNothingHoweverItIsPlaced(Placement placement) throws IOException {
        Path folder = export(model, false).folder();
        Path file = folder.resolve("tiny.gguf");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        LocalModelException refused = catchThrowableOfType(
                LocalModelException.class,
                () -> there.importFile(new ImportRequest(folder, null, null, placement, false, progress -> {})));

        assertThat(refused).hasMessage(file + " is damaged: its SHA-256 is not the one in the manifest");
        assertThat(there.list().models()).isEmpty();
        assertThat(all(there.directory())).noneMatch(name -> name.endsWith(".gguf"));
        assertThat(file).exists();
    }

    @Test
    void aFileOfAnotherSizeIsRefusedBeforeCopying() throws IOException {
        Path folder = export(model, false).folder();
        Path file = folder.resolve("tiny.gguf");
        Files.write(file, new byte[10]);

        assertThat(refused(folder)).hasMessage(file + " has 10 bytes where the manifest says " + model.sizeBytes());
        assertThat(there.directory()).doesNotExist();
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Path folder = export(model, false).folder();
        Files.delete(folder.resolve("tiny.gguf"));

        assertThat(refused(folder))
                .hasMessage(folder.resolve("tiny.gguf") + ": no such file or folder, and the manifest names it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../tiny.gguf", "/etc/x.gguf", "a/b.gguf"})
    void aManifestThatPointsOutOfItsFolderIsRefused(String name) throws IOException {
        Path folder = export(model, false).folder();
        Path manifest = folder.resolve(Manifest.FILE_NAME);
        Files.writeString(manifest, Files.readString(manifest).replace("\"tiny.gguf\"", "\"" + name + "\""));

        assertThat(refused(folder)).hasMessage(manifest + " cannot be used: naming a file outside its folder");
    }

    @Test
    void aManifestThatNamesTheModelOutOfTheStoreIsRefused() throws IOException {
        Path folder = export(model, false).folder();
        Path manifest = folder.resolve(Manifest.FILE_NAME);
        Files.writeString(manifest, Files.readString(manifest).replace("\"mine\"", "\"../../mine\""));

        assertThat(refused(folder).kind()).isEqualTo(Kind.INVALID_REQUEST);
    }

    @Test
    void aManifestThatLeavesAPartOutIsRefused() throws IOException {
        Path folder = Files.createDirectories(temporary.resolve("split"));
        List<Path> parts = TinyGguf.writer(15).writeSplit(folder, "m", 1);
        Path first = parts.getFirst();
        Files.writeString(
                folder.resolve(Manifest.FILE_NAME),
                new Manifest(
                                "m",
                                "x",
                                "s",
                                null,
                                Manifest.Origin.COPIED,
                                null,
                                Instant.EPOCH,
                                List.of(new Manifest.Entry(
                                        String.valueOf(first.getFileName()), Files.size(first), Sha256.of(first))))
                        .toJson());

        assertThat(refused(folder)).hasMessage("The manifest in " + folder + " names 1 of the model's 2 files");
    }

    @Test
    void aFolderWithoutManifestIsRefused() throws IOException {
        Path folder = Files.createDirectories(temporary.resolve("plain"));

        assertThat(refused(folder))
                .hasMessage(folder.resolve("manifest.json") + " cannot be used: no such file or folder");
    }

    @Test
    void theModelMayBeImportedUnderAnotherName() {
        Path folder = export(model, false).folder();

        StoredModel arrived =
                there.importFile(new ImportRequest(folder, "other", "x", Placement.COPY, false, progress -> {}));

        assertThat(arrived.id()).isEqualTo("other:x");
        assertThat(Objects.requireNonNull(arrived.manifest()).revision()).isEqualTo("abc123");
    }
}
