package org.llmspell.local.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.TinyGguf;
import org.llmspell.local.store.ImportRequest.Placement;

class ModelStoreTest {
    @TempDir
    Path temporary;

    private Path root;
    private ModelStore store;

    @BeforeEach
    void place() {
        root = temporary.resolve("models");
        store = new ModelStore(root);
    }

    private StoredModel install(String id) {
        ModelSpec spec = ModelSpec.parse(id);
        return store.importFile(new ImportRequest(
                TinyGguf.write(temporary.resolve("source.gguf")),
                spec.name(),
                spec.variant(),
                Placement.COPY,
                false,
                progress -> {}));
    }

    private List<String> ids() {
        return store.list().models().stream().map(StoredModel::id).toList();
    }

    private StoredModel find(String spec) {
        return store.find(ModelSpec.parse(spec));
    }

    @Test
    void listsNothingWhereTheDirectoryIsMissingAndMakesNone() {
        assertThat(store.list().models()).isEmpty();
        assertThat(root).doesNotExist();
    }

    @Test
    void refusesAFileInPlaceOfTheDirectory() throws Exception {
        Files.createFile(root);

        for (LocalModelException refused : List.of(
                catchThrowableOfType(LocalModelException.class, () -> store.list()),
                catchThrowableOfType(LocalModelException.class, () -> install("x:y")))) {
            assertThat(refused.kind()).isEqualTo(Kind.STORE);
            assertThat(refused).hasMessage("The model directory " + root + " is not a directory");
            assertThat(refused.solutions()).last().asString().contains("LLMSPELL_MODEL_DIR");
        }
    }

    /** Root may write anywhere but where the kernel says no: below a file, and in /proc. */
    @Test
    void saysThatTheDirectoryCannotBeMade() throws Exception {
        Path below = Files.createFile(temporary.resolve("file")).resolve("models");

        LocalModelException refused =
                catchThrowableOfType(LocalModelException.class, () -> new ModelStore(below).install("x", "y", false));

        assertThat(refused.kind()).isEqualTo(Kind.STORE);
        assertThat(refused).hasMessageStartingWith("The model directory " + below + " cannot be written: ");
    }

    @Test
    void findsInstalledModelsInAnyCase() {
        install("TinyLlama:Q4_K_M");

        assertThat(find("tinyllama:q4_k_m").id()).isEqualTo("TinyLlama:Q4_K_M");
        assertThat(find("TINYLLAMA").id()).isEqualTo("TinyLlama:Q4_K_M");
        assertThat(store.has(ModelSpec.parse("tinyllama"))).isTrue();
        assertThat(store.has(ModelSpec.parse("tinyllama:Q8_0"))).isFalse();
    }

    @Test
    void takesTheUsualVariantOfAKnownModelAndTheOnlyOneOfAnother() {
        install("tinyllama:Q8_0");
        assertThat(find("tinyllama").variant()).isEqualTo("Q8_0");
        install("tinyllama:Q4_K_M");
        assertThat(find("tinyllama").variant()).isEqualTo("Q4_K_M");
        assertThat(find("tinyllama-1.1b:Q8_0").id()).isEqualTo("tinyllama:Q8_0");

        install("mine:a");
        assertThat(find("mine").variant()).isEqualTo("a");
        install("mine:b");
        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> find("mine"));
        assertThat(refused.kind()).isEqualTo(Kind.INVALID_REQUEST);
        assertThat(refused)
                .hasMessageStartingWith("Several variants of \"mine\" are installed: ")
                .hasMessageContaining("mine:a")
                .hasMessageContaining("mine:b");
        assertThat(store.has(ModelSpec.parse("mine"))).isTrue();
    }

    @Test
    void asksForTheVariantBeforeRemovingOneOfSeveral() {
        install("tinyllama:Q8_0");
        install("tinyllama:Q4_K_M");

        assertThatThrownBy(() -> store.findOnly(ModelSpec.parse("tinyllama"))).hasMessageContaining("Several variants");
        assertThat(store.findOnly(ModelSpec.parse("tinyllama:Q8_0")).id()).isEqualTo("tinyllama:Q8_0");
    }

    @Test
    void saysHowToGetAnUnknownModelAndWhichIsNear() {
        install("tinyllama:Q4_K_M");

        LocalModelException near = catchThrowableOfType(LocalModelException.class, () -> find("tinylama:Q4_K_M"));
        assertThat(near.kind()).isEqualTo(Kind.MODEL_NOT_FOUND);
        assertThat(near).hasMessage("Model \"tinylama:Q4_K_M\" is not installed; did you mean \"tinyllama:Q4_K_M\"?");
        assertThat(near.solutions())
                .containsExactly(
                        "Pull it: `llmspell model pull tinylama:Q4_K_M@candle`",
                        "Import a file that is on disk: `llmspell model import FILE.gguf tinylama:Q4_K_M`",
                        "See what is installed: `llmspell model list --backend candle`");
        assertThatThrownBy(() -> find("tinyllama:Q8_0"))
                .hasMessage("Model \"tinyllama:Q8_0\" is not installed; installed of it: tinyllama:Q4_K_M");
    }

    @Test
    void listsNewestFirst() throws Exception {
        Path old = TinyGguf.write(root.resolve("old.gguf"));
        Files.setLastModifiedTime(old, java.nio.file.attribute.FileTime.fromMillis(0));
        install("new:x");

        assertThat(ids()).containsExactly("new:x", "old");
    }

    @ParameterizedTest
    @CsvSource({
        "tinyllama-1.1b-chat.Q4_K_M.gguf,        tinyllama-1.1b-chat:Q4_K_M, Q4_K_M",
        "phi-2-q8_0.gguf,                        phi-2:Q8_0,                 Q8_0",
        "some model (1).gguf,                    some-model-1,               ",
        "-x.gguf,                                x,                          ",
        "mine/x.gguf,                            mine:x,                     ",
        "mine/mine.gguf,                         mine,                       ",
        "mine/x-IQ4_XS.gguf,                     mine:IQ4_XS,                IQ4_XS",
        "mine/Q5_K_M/x.gguf,                     mine:Q5_K_M,                Q5_K_M",
        "TheBloke/phi-2-GGUF/phi-2.Q4_0.gguf,    TheBloke/phi-2-GGUF:Q4_0,   Q4_0",
        "hf.co/Qwen/Qwen2-GGUF/x-F16.gguf,       hf.co/Qwen/Qwen2-GGUF:F16,  F16",
        "hf.co--Qwen--Qwen2-GGUF/x-F16.gguf,     hf.co/Qwen/Qwen2-GGUF:F16,  F16",
    })
    void listsFilesThatWereDroppedIn(String path, String id, String quantization) {
        Path file = TinyGguf.write(root.resolve(path));

        Listing listing = store.list();

        assertThat(listing.warnings()).isEmpty();
        assertThat(listing.models()).singleElement().satisfies(model -> {
            assertThat(model.id()).isEqualTo(id);
            assertThat(model.quantization()).isEqualTo(quantization);
            assertThat(model.file()).isEqualTo(file);
            assertThat(model.manifest()).isNull();
        });
        assertThat(find(id).file()).as("what is listed can be named").isEqualTo(file);
        store.remove(find(id));
        assertThat(ids()).isEmpty();
        assertThat(file).doesNotExist();
        assertThat(root).exists();
    }

    @Test
    void tellsDroppedFilesOfOneNameApart() {
        TinyGguf.write(root.resolve("mine/a-Q4_0.gguf"));
        TinyGguf.write(root.resolve("mine/b-Q4_0.gguf"));
        TinyGguf.write(root.resolve("x y.gguf"));
        TinyGguf.write(root.resolve("x+y.gguf"));

        assertThat(ids()).containsExactlyInAnyOrder("mine:Q4_0", "mine:b-Q4_0", "x-y", "x-y:x-y");
    }

    @Test
    void listsASplitModelOnceAndSaysWhichPartIsMissing() throws Exception {
        Files.createDirectories(root.resolve("mine"));
        List<Path> parts = TinyGguf.writer(15).writeSplit(root.resolve("mine"), "x-Q4_K_M", 1);
        assertThat(parts).hasSize(2);

        assertThat(store.list().models()).singleElement().satisfies(model -> {
            assertThat(model.id()).isEqualTo("mine:Q4_K_M");
            assertThat(model.files()).isEqualTo(parts);
            assertThat(model.warning()).isNull();
        });

        Files.delete(parts.get(1));
        assertThat(store.list().warnings()).singleElement().asString().contains("has 2 parts and 1 are there");
        assertThat(ids()).containsExactly("mine:Q4_K_M");
    }

    @Test
    void ignoresHiddenFilesAndOtherKinds() throws Exception {
        TinyGguf.write(root.resolve(".hidden/x.gguf"));
        TinyGguf.write(root.resolve(".x.gguf"));
        Files.createFile(root.resolve("x.gguf.part"));
        Files.createFile(root.resolve("readme.txt"));
        Files.createFile(root.resolve(".gguf"));

        assertThat(ids()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "[]",
                "{}",
                "{\"format\":2}",
                "{\"format\":1,\"files\":[]}",
                "{\"format\":1,\"files\":[{\"name\":\"../x.gguf\",\"size_bytes\":1,\"sha256\":\"\"}]}",
                "{\"format\":1,\"files\":[{\"name\":\"gone.gguf\",\"size_bytes\":1}]}",
                "{\"format\":1,\"name\":7}"
            })
    void listsAModelFromItsFileWhenTheManifestIsDamaged(String manifest) throws Exception {
        StoredModel model = install("mine:some-variant");
        Path file = model.file().resolveSibling(Manifest.FILE_NAME);
        Files.writeString(file, manifest);

        Listing listing = store.list();

        assertThat(listing.models()).singleElement().satisfies(found -> {
            assertThat(found.id()).isEqualTo("mine:some-variant");
            assertThat(found.file()).isEqualTo(model.file());
            assertThat(found.warning()).isNotNull();
        });
        assertThat(listing.warnings())
                .singleElement()
                .asString()
                .contains("is damaged")
                .doesNotContain("\n");
        store.remove(find("mine"));
        assertThat(Files.exists(model.file().getParent())).isFalse();
    }

    @Test
    void listsAModelFromItsFileWhenTheManifestIsGone() throws Exception {
        StoredModel model = install("mine:Q4_K_M");
        Files.delete(model.file().resolveSibling(Manifest.FILE_NAME));

        assertThat(ids()).containsExactly("mine:Q4_K_M");
    }

    @Test
    void trustsNoManifestThatPointsOutOfItsFolder() throws Exception {
        Path outside = TinyGguf.write(temporary.resolve("outside.gguf"));
        StoredModel model = install("mine:x");
        Path file = model.file().resolveSibling(Manifest.FILE_NAME);
        Files.writeString(file, Files.readString(file).replace("source.gguf", "../../../outside.gguf"));

        store.list().models().forEach(store::remove);

        assertThat(outside).exists();
    }

    @Test
    void saysThatAFileHasAnotherSizeThanItShould() throws Exception {
        StoredModel model = install("mine:x");
        Files.write(model.file(), new byte[7]);

        assertThat(store.list().warnings()).singleElement().asString().contains("has 7 bytes and should have");
        assertThat(find("mine:x").warning()).isNotNull();
    }

    @Test
    void survivesLinksIntoNowhereAndCircles() throws Exception {
        Files.createDirectories(root);
        Files.createSymbolicLink(root.resolve("gone.gguf"), temporary.resolve("missing"));
        Files.createSymbolicLink(root.resolve("circle"), root);
        TinyGguf.write(root.resolve("here.gguf"));

        Listing listing = store.list();

        assertThat(listing.models()).extracting(StoredModel::id).containsExactly("here");
        assertThat(listing.warnings()).hasSize(2);
    }

    @Test
    void removesTheModelAndNothingElse() throws Exception {
        StoredModel model = install("mine:x");
        install("mine:y");
        Path stray = Files.createFile(model.file().resolveSibling("notes.txt"));

        store.remove(model);

        assertThat(ids()).containsExactly("mine:y");
        assertThat(stray).exists();
        store.remove(find("mine:y"));
        assertThat(root.resolve("mine/y")).doesNotExist();
    }

    @Test
    void removesALinkAndNotWhatItPointsTo() throws Exception {
        Path target = TinyGguf.write(temporary.resolve("elsewhere/x.gguf"));
        Files.createDirectories(root);
        Files.createSymbolicLink(root.resolve("x.gguf"), target);
        assertThat(find("x").linked()).isTrue();

        store.remove(find("x"));

        assertThat(Files.exists(root.resolve("x.gguf"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
        assertThat(target).exists();
    }

    @ParameterizedTest
    @ValueSource(strings = {"con", "NUL", "com1", "lpt9.x", "x.", "a:b", "..", "../x", "a\\b", "", "x\u0000"})
    void refusesNamesThatAreNoFolders(String name) {
        for (LocalModelException refused : List.of(
                catchThrowableOfType(LocalModelException.class, () -> store.install(name, "v", false)),
                catchThrowableOfType(LocalModelException.class, () -> store.install("n", name, false)))) {
            assertThat(refused.kind()).isEqualTo(Kind.INVALID_REQUEST);
            assertThat(refused).hasMessageContaining("cannot be stored").hasMessageNotContaining("\n");
        }
        assertThat(root).doesNotExist();
    }

    @Test
    void letsOneInstallationOfAModelRunAtATime() {
        Installation first = store.install("mine", "x", false);
        try (first) {
            assertThatThrownBy(() -> new ModelStore(root).install("MINE", "X", false))
                    .isInstanceOf(LocalModelException.class)
                    .hasMessageContaining("is being installed or removed by another process");
            try (Installation other = store.install("mine", "y", false)) {
                assertThat(other.folder()).isDirectory().isNotEqualTo(first.folder());
            }
        }
        try (Installation again = store.install("mine", "x", false)) {
            assertThat(again.folder()).isDirectory();
        }
        assertThat(ids()).isEmpty();
    }

    @Test
    void keepsTheLockAgainstOtherProcessesAfterASecondThreadWasTurnedAway() throws Exception {
        try (Installation first = store.install("mine", "x", false)) {
            assertThat(first.folder()).isDirectory();
            assertThatThrownBy(() -> store.install("mine", "x", false)).isInstanceOf(LocalModelException.class);

            assertThat(otherProcessLocks(root.resolve(".locks/mine@x.lock"))).isEqualTo("busy");
        }
        assertThat(otherProcessLocks(root.resolve(".locks/mine@x.lock"))).isEqualTo("free");
    }

    @Test
    void isTurnedAwayByAnotherProcess() throws Exception {
        store.install("mine", "x", false).close();
        Process holder = process(root.resolve(".locks/mine@x.lock"), "hold");
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("free");
            assertThatThrownBy(() -> store.install("mine", "x", false)).hasMessageContaining("by another process");
        } finally {
            holder.destroyForcibly().waitFor();
        }
        // Killed, not closed: the system gives the lock back.
        try (Installation free = store.install("mine", "x", false)) {
            assertThat(free.folder()).isDirectory();
        }
    }

    private static String otherProcessLocks(Path file) throws Exception {
        Process process = process(file, "try");
        String answer = process.inputReader().readLine();
        process.waitFor();
        return answer;
    }

    private static Process process(Path file, String mode) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LockProcess.class.getName(),
                        file.toString(),
                        mode)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    @Test
    void resumesWhatWasKeptAndDropsWhatWasNot() throws Exception {
        try (Installation first = store.install("mine", "x", false)) {
            Files.writeString(first.folder().resolve("x.part"), "half");
            first.keepForResuming();
        }
        try (Installation second = store.install("mine", "x", false)) {
            assertThat(second.folder().resolve("x.part")).hasContent("half");
        }
        try (Installation third = store.install("mine", "x", false)) {
            assertThat(third.folder()).isEmptyDirectory();
        }
    }

    @Test
    void bringsAModelBackThatAKilledReplacementHadMovedAway() throws Exception {
        StoredModel model = install("mine:x");
        Path folder = model.file().getParent();
        Files.createDirectories(root.resolve(".staging"));
        Files.move(folder, root.resolve(".staging/mine@x.replaced"));
        assertThat(ids()).isEmpty();

        store.install("mine", "x", true).close();

        assertThat(ids()).containsExactly("mine:x");
        assertThat(root.resolve(".staging/mine@x.replaced")).doesNotExist();
    }
}
