package org.llmspell.local.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullProgress;
import org.llmspell.local.TinyGguf;
import org.llmspell.local.store.ImportRequest.Placement;
import org.llmspell.testing.TestData;

class FileImportTest {
    @TempDir
    Path temporary;

    private Path root;
    private ModelStore store;

    @BeforeEach
    void place() {
        root = temporary.resolve("models");
        store = new ModelStore(root);
    }

    private Path source(String name) {
        return TinyGguf.write(temporary.resolve("source").resolve(name));
    }

    private static ImportRequest request(Path file, Placement placement, boolean force) {
        return new ImportRequest(file, "mine", "x", placement, force, progress -> {});
    }

    private LocalModelException refused(ImportRequest request) {
        return catchThrowableOfType(LocalModelException.class, () -> store.importFile(request));
    }

    /** Nothing but models, and nothing of an import that failed. */
    private void assertNothingLeft() throws Exception {
        assertThat(store.list().models()).isEmpty();
        if (Files.exists(root)) {
            try (var files = Files.walk(root)) {
                assertThat(files.filter(Files::isRegularFile).map(file -> String.valueOf(file.getFileName())))
                        .allMatch(name -> name.endsWith(".lock"));
            }
        }
    }

    @Test
    void copiesTheFileBesideAManifestWithItsHash() throws Exception {
        Path file = source("tiny-Q4_K_M.gguf");
        List<PullProgress> progress = new ArrayList<>();

        StoredModel model =
                store.importFile(new ImportRequest(file, "Mine", "Q4_K_M", Placement.COPY, false, progress::add));

        assertThat(model.id()).isEqualTo("Mine:Q4_K_M");
        assertThat(model.file()).isEqualTo(root.resolve("Mine/Q4_K_M/tiny-Q4_K_M.gguf"));
        assertThat(model.file()).hasSameBinaryContentAs(file);
        assertThat(model.linked()).isFalse();
        Manifest manifest = Objects.requireNonNull(model.manifest());
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        assertThat(manifest.files()).containsExactly(new Manifest.Entry("tiny-Q4_K_M.gguf", Files.size(file), sha256));
        assertThat(manifest.source()).isEqualTo(file.toString());
        assertThat(manifest.origin()).isEqualTo(Manifest.Origin.COPIED);
        assertThat(manifest.quantization()).isEqualTo("Q4_K_M");
        assertThat(progress).last().isEqualTo(new PullProgress("success", 100, Files.size(file), Files.size(file)));
        assertThat(progress).first().extracting(PullProgress::status).isEqualTo("copying");
        try (var staged = Files.list(root.resolve(".staging"))) {
            assertThat(staged).isEmpty();
        }
    }

    @Test
    void makesAHardLinkWhenAsked() throws Exception {
        Path file = source("tiny.gguf");

        StoredModel model = store.importFile(request(file, Placement.HARD_LINK, false));

        assertThat(Files.isSameFile(model.file(), file)).isTrue();
        assertThat(Files.isSymbolicLink(model.file())).isFalse();
        assertThat(Objects.requireNonNull(model.manifest()).origin()).isEqualTo(Manifest.Origin.LINKED);
        store.remove(model);
        assertThat(file).exists();
    }

    @Test
    void makesASymbolicLinkToTheRealFileWhenAsked() throws Exception {
        Path file = source("blob");
        Path pointer = Files.createSymbolicLink(temporary.resolve("tiny.gguf"), file);

        StoredModel model = store.importFile(request(pointer, Placement.SYMBOLIC_LINK, false));

        assertThat(model.linked()).isTrue();
        assertThat(Files.readSymbolicLink(model.file())).isEqualTo(file.toRealPath());
        store.remove(model);
        assertThat(file).exists();
        assertThat(Files.exists(model.file(), LinkOption.NOFOLLOW_LINKS)).isFalse();
    }

    @Test
    void importsASplitModelWholeThroughAnyOfItsParts() throws Exception {
        Path folder = Files.createDirectories(temporary.resolve("source"));
        List<Path> parts = TinyGguf.writer(15).writeSplit(folder, "big-Q4_K_M", 1);

        StoredModel model = store.importFile(ImportRequest.of(parts.get(1)));

        assertThat(model.id()).isEqualTo("big:Q4_K_M");
        assertThat(model.files())
                .extracting(file -> file.getFileName().toString())
                .containsExactly("big-Q4_K_M-00001-of-00002.gguf", "big-Q4_K_M-00002-of-00002.gguf");
        assertThat(GgufFacts.read(model.file()).files()).hasSize(2);
        assertThat(model.sizeBytes()).isEqualTo(Files.size(parts.get(0)) + Files.size(parts.get(1)));
    }

    @Test
    void importsTheReferenceModels() {
        StoredModel split =
                store.importFile(ImportRequest.of(TestData.path("models/split/stories260K-f32-00002-of-00003.gguf")));
        assertThat(split.id()).isEqualTo("stories260k:F32");
        assertThat(split.files()).hasSize(3);

        StoredModel quantized =
                store.importFile(ImportRequest.of(TestData.path("models/stories260K/stories260K-q4_0.gguf")));
        assertThat(quantized.id()).isEqualTo("stories260k:Q4_0");
    }

    @ParameterizedTest
    @CsvSource({
        "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf, tinyllama:Q4_K_M",
        "qwen2-0_5b-instruct-q8_0.gguf,        qwen2-0.5b:Q8_0",
        "Phi-2.Q5_K_M.gguf,                    phi-2:Q5_K_M",
        "Llama-3.2-1B-Instruct-UD-Q4_K_XL.gguf, llama3.2-1b:UD-Q4_K_XL",
        "My Model.gguf,                        my-model:Q4_K_M",
        "model.gguf,                           tiny-llama:Q4_K_M",
        "sha256-0123,                          tiny-llama:Q4_K_M",
    })
    void guessesNameAndVariantFromFileNameAndMetadata(String fileName, String id) {
        StoredModel model = store.importFile(ImportRequest.of(source(fileName)));

        assertThat(model.id()).isEqualTo(id);
        assertThat(model.file().getFileName().toString()).doesNotContain(" ").endsWith(".gguf");
        assertThat(store.find(ModelSpec.parse(id)).file()).isEqualTo(model.file());
    }

    @Test
    void refusesAModelThatIsThereUnlessForced() throws Exception {
        StoredModel first = store.importFile(request(source("a.gguf"), Placement.COPY, false));

        LocalModelException refused = refused(request(source("b.gguf"), Placement.COPY, false));
        assertThat(refused.kind()).isEqualTo(Kind.STORE);
        assertThat(refused).hasMessageContaining("mine:x is installed already");
        assertThat(refused.solutions()).first().isEqualTo("Replace it: --force");
        assertThat(first.file()).exists();

        StoredModel second = store.importFile(request(source("b.gguf"), Placement.COPY, true));
        assertThat(second.file()).exists();
        assertThat(first.file()).doesNotExist();
        assertThat(store.list().models()).hasSize(1);
    }

    @Test
    void replacesADroppedFileOfThatNameWhenForced() {
        Path dropped = TinyGguf.write(root.resolve("mine-Q4_0.gguf"));

        store.importFile(new ImportRequest(source("n.gguf"), "mine", "q4_0", Placement.COPY, true, p -> {}));

        assertThat(dropped).doesNotExist();
        assertThat(store.list().models()).extracting(StoredModel::id).containsExactly("mine:q4_0");
    }

    @Test
    void doesNotTakeAFolderWithForeignFiles() throws Exception {
        Files.createDirectories(root.resolve("mine/x"));
        Path foreign = Files.createFile(root.resolve("mine/x/notes.txt"));

        assertThat(refused(request(source("a.gguf"), Placement.COPY, true)))
                .hasMessageContaining("holds files that are not of model mine:x");
        assertThat(foreign).exists();
    }

    @Test
    void refusesWhatIsNoSoundLanguageModel() throws Exception {
        assertThat(refused(ImportRequest.of(temporary.resolve("missing.gguf"))).kind())
                .isEqualTo(Kind.MODEL_NOT_FOUND);

        LocalModelException folder = refused(ImportRequest.of(temporary));
        assertThat(folder.kind()).isEqualTo(Kind.MODEL_UNUSABLE);

        Path text = Files.writeString(temporary.resolve("text.gguf"), "hello");
        assertThat(refused(ImportRequest.of(text)).kind()).isEqualTo(Kind.MODEL_UNUSABLE);

        Path whole = source("whole.gguf");
        Path truncated = Files.write(
                temporary.resolve("truncated.gguf"),
                java.util.Arrays.copyOf(Files.readAllBytes(whole), (int) Files.size(whole) - 40));
        assertThat(refused(ImportRequest.of(truncated)).kind()).isEqualTo(Kind.MODEL_UNUSABLE);

        Path vocabulary = TinyGguf.write(
                temporary.resolve("vocabulary.gguf"),
                new GgufWriter().put("general.architecture", "llama").put("tokenizer.ggml.model", "llama"));
        assertThat(refused(ImportRequest.of(vocabulary)))
                .hasMessageContaining("is no language model: the file holds a vocabulary and no weights");

        Path adapter = TinyGguf.write(
                temporary.resolve("adapter.gguf"), TinyGguf.writer(0).put("general.type", "adapter\u001b[31m"));
        assertThat(refused(ImportRequest.of(adapter)))
                .hasMessageContaining("the file is a \"adapter\\u001b[31m\" of architecture \"llama\"");

        Path nameless = TinyGguf.write(temporary.resolve("nameless.gguf"), new GgufWriter().put("x", 1));
        assertThat(refused(ImportRequest.of(nameless))).hasMessageContaining("names no architecture");
        assertNothingLeft();
    }

    @Test
    void refusesTheReferenceProjector() throws Exception {
        LocalModelException refused = refused(ImportRequest.of(TestData.path("models/other/mmproj-tinygemma3.gguf")));

        assertThat(refused.kind()).isEqualTo(Kind.MODEL_UNUSABLE);
        assertThat(refused).hasMessageContaining("clip");
        assertNothingLeft();
    }

    @Test
    void refusesNamesThatCouldNotBeAskedForLater() throws Exception {
        Path file = source("a.gguf");
        for (String name : List.of("..", "a b", "con", "a/../b", "x@y")) {
            assertThat(refused(new ImportRequest(file, name, "v", Placement.COPY, false, p -> {}))
                            .kind())
                    .isEqualTo(Kind.INVALID_REQUEST);
        }
        assertThat(temporary.resolve("v")).doesNotExist();
        assertNothingLeft();
    }

    @Test
    void checksTheDiskBeforeItCopiesAndNotBeforeItLinks() throws Exception {
        ModelStore full = new ModelStore(root, folder -> 1_500_000);
        Path file = source("a.gguf");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.wrap(new byte[1]), 3_000_000); // what follows the tensors is padding
        }

        LocalModelException refused = catchThrowableOfType(
                LocalModelException.class, () -> full.importFile(request(file, Placement.COPY, false)));

        assertThat(refused.kind()).isEqualTo(Kind.STORE);
        assertThat(refused).hasMessage("Not enough disk space in " + root + ": the model needs 4 MB, 2 MB are free");
        assertNothingLeft();
        assertThat(full.importFile(request(file, Placement.HARD_LINK, false)).id())
                .isEqualTo("mine:x");
    }

    @ParameterizedTest
    @EnumSource(Placement.class)
    void leavesNothingBehindWhenItIsInterrupted(Placement placement) throws Exception {
        Path file = source("a.gguf");
        ImportRequest request = new ImportRequest(
                file,
                "mine",
                "x",
                placement,
                false,
                progress -> Thread.currentThread().interrupt());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.wrap(new byte[1]), 3_000_000);
        }

        LocalModelException refused = refused(request);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(refused.kind()).isEqualTo(Kind.CANCELLED);
        assertNothingLeft();
        assertThat(store.importFile(request(file, Placement.COPY, false)).id()).isEqualTo("mine:x");
    }

    @Test
    void leavesNothingBehindWhenTheListenerFails() throws Exception {
        Path file = source("a.gguf");

        assertThatThrownBy(() -> store.importFile(new ImportRequest(file, "mine", "x", Placement.COPY, false, p -> {
                    throw new IllegalStateException("listener");
                })))
                .hasMessage("listener");

        assertNothingLeft();
    }

    @Test
    void keepsTheOldModelWhenAReplacingProcessIsKilled() throws Exception {
        StoredModel old = store.importFile(request(source("a.gguf"), Placement.COPY, false));
        Path replacement = source("b.gguf");

        Process killed = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledImport.class.getName(),
                        root.toString(),
                        replacement.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(killed.waitFor()).isEqualTo(KilledImport.STATUS);

        assertThat(root.resolve(".staging/mine@x")).isNotEmptyDirectory();
        assertThat(store.list().models()).containsExactly(old);
        StoredModel replaced = store.importFile(request(replacement, Placement.COPY, true));
        assertThat(replaced.file()).hasSameBinaryContentAs(replacement);
        assertThat(root.resolve(".staging")).isEmptyDirectory();
    }

    @Test
    void clearsWhatAKilledImportLeft() throws Exception {
        Files.createDirectories(root.resolve(".staging/mine@x/deep"));
        Files.writeString(root.resolve(".staging/mine@x/a.gguf"), "half");

        StoredModel model = store.importFile(request(source("a.gguf"), Placement.COPY, false));

        assertThat(model.file()).hasSameBinaryContentAs(source("a.gguf"));
        assertThat(model.file().resolveSibling("deep")).doesNotExist();
    }

    @Test
    void letsOneOfManyImportsOfOneModelWin() throws Exception {
        Path file = source("a.gguf");
        int count = 8;
        CyclicBarrier start = new CyclicBarrier(count);
        List<Callable<String>> imports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            imports.add(() -> {
                start.await();
                try {
                    return new ModelStore(root)
                            .importFile(request(file, Placement.COPY, false))
                            .id();
                } catch (LocalModelException e) {
                    return e.kind().name();
                }
            });
        }
        List<String> outcomes = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(count)) {
            for (Future<String> outcome : pool.invokeAll(imports)) {
                outcomes.add(outcome.get());
            }
        }

        assertThat(outcomes).containsOnlyOnce("mine:x");
        assertThat(outcomes).filteredOn(outcome -> !outcome.equals("mine:x")).containsOnly("STORE");
        assertThat(store.find(ModelSpec.parse("mine:x")).file()).hasSameBinaryContentAs(file);
        assertThat(store.list().warnings()).isEmpty();
    }

    @Test
    void doesNotLinkIntoItself() {
        Path file = TinyGguf.write(root.resolve("dropped.gguf"));

        assertThat(refused(request(file, Placement.SYMBOLIC_LINK, false)))
                .hasMessageContaining("is in the model directory already");
        assertThat(file).exists();
    }
}
