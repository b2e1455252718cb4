package org.llmspell.local.candle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.engine.ChatInput;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ChatPrompt;
import org.llmspell.engine.Embedding;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.Generation;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.ResidentModel;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullResult;
import org.llmspell.local.TinyGguf;
import org.llmspell.local.config.CandleConfig;
import org.llmspell.local.config.DownloadConfig;
import org.llmspell.local.store.ModelStore;

/** The backend without a real model: what it finds, and how it words what fails. */
class CandleBackendTest {
    private static final DownloadConfig OFFLINE = new DownloadConfig(
            URI.create("http://hub.invalid"), URI.create("http://registry.invalid"), true, null, List.of(), Map.of());

    @TempDir
    Path temporary;

    private Path root;
    private CandleBackend backend;

    @BeforeEach
    void open() {
        root = temporary.resolve("models");
        backend = new CandleBackend(config(root, "auto"), OFFLINE);
    }

    @AfterEach
    void close() {
        backend.close();
    }

    private static CandleConfig config(Path root, String device) {
        return new CandleConfig(true, root, device, null, 1, null, "f16", 0, Duration.ofMinutes(5), 2);
    }

    private CandleBackend failing(Problem problem, String... advice) {
        return opening(() -> {
            throw new EngineException(problem, "what the engine says", List.of(advice));
        });
    }

    private CandleBackend opening(Callable<ModelLease> open) {
        return new CandleBackend(config(root, "auto"), OFFLINE, new ModelStore(root), () -> new Runner() {
            @Override
            public ModelLease open(Path file, @Nullable Duration keepAlive) throws InterruptedException {
                try {
                    return open.call();
                } catch (InterruptedException | RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public List<ResidentModel> residentModels() {
                return List.of();
            }

            @Override
            public List<Path> resident() {
                return List.of();
            }

            @Override
            public String kernels() {
                return "none";
            }

            @Override
            public void close() {}
        });
    }

    @Test
    void whoIsInterruptedWhileAModelIsLoadedLeavesAsCancelled() {
        TinyGguf.write(root.resolve("a.gguf"));
        try (CandleBackend loading = opening(() -> {
            new CountDownLatch(1).await();
            throw new AssertionError();
        })) {
            Thread.currentThread().interrupt();
            LocalModelException cancelled = refused(loading, "a");
            assertThat(Thread.interrupted()).as("still interrupted").isTrue();
            assertThat(cancelled.kind()).isEqualTo(Kind.CANCELLED);
        } finally {
            Thread.interrupted();
        }
    }

    private static ChatRequest request(String model) {
        return ChatOptions.DEFAULTS.request(ModelSpec.parse(model), List.of(ChatMessage.user("hi")));
    }

    private static LocalModelException refused(CandleBackend backend, String model) {
        return catchThrowableOfType(LocalModelException.class, () -> backend.chat(request(model)));
    }

    private static List<ModelEntry> installed(CandleBackend backend) {
        return backend.list().stream().filter(model -> !model.builtIn()).toList();
    }

    @Test
    void theBuiltInModelIsListedLastWithoutBeingInstalledOrCounted() {
        TinyGguf.write(root.resolve("a.gguf"));

        assertThat(backend.list()).extracting(ModelEntry::id).containsExactly("a", "apprentice");
        assertThat(backend.list()).extracting(ModelEntry::builtIn).containsExactly(false, true);
        assertThat(backend.status().models()).isOne();
        assertThat(backend.status().details()).containsEntry("built_in", "apprentice");
        assertThat(backend.has(ModelSpec.parse("apprentice"))).isTrue();
        ModelInfo info = backend.info(ModelSpec.parse("apprentice"));
        assertThat(info.id()).isEqualTo("apprentice");
        assertThat(info.details()).containsKey("built_in").containsKey("sha256");
        assertThat(backend.locate(ModelSpec.parse("apprentice"))).startsWith(root);
        assertThat(installed(backend)).hasSize(1);
    }

    @Test
    void theBuiltInModelCannotBeRemovedAndNeedNotBePulled() {
        ModelSpec spec = ModelSpec.parse("apprentice@candle");

        assertThatThrownBy(() -> backend.remove(spec)).hasMessageContaining("built into LLMSpell");
        PullResult pulled = backend.pull(spec, new PullOptions(false, null), progress -> {});
        assertThat(pulled.status()).isEqualTo("exists");
        assertThat(root).doesNotExist();
    }

    @Test
    void aModelThatTheUserInstalledUnderItsNameTakesItsPlace() {
        Path own = TinyGguf.write(root.resolve("apprentice/Q4_0/own.gguf"));
        ModelSpec spec = ModelSpec.parse("apprentice@candle");

        assertThat(backend.list()).extracting(ModelEntry::id).containsExactly("apprentice:Q4_0");
        assertThat(backend.locate(spec)).isEqualTo(own);
        assertThat(backend.has(ModelSpec.parse("apprentice:Q8_0"))).isFalse();
        assertThat(backend.info(spec).details()).containsEntry("hides", "the built-in model of this name");
        backend.remove(spec);
        assertThat(own).doesNotExist();
        assertThat(backend.list()).extracting(ModelEntry::id).containsExactly("apprentice");
    }

    @Test
    void isReadyWithoutAnyModel() {
        BackendStatus status = backend.status();

        assertThat(status.available()).isTrue();
        assertThat(status.models()).isZero();
        assertThat(status.error()).isNull();
        assertThat(status.details())
                .containsEntry("device", "cpu (auto)")
                .containsEntry("model_directory", root.toString())
                .hasEntrySatisfying("kernels", kernels -> assertThat(kernels).isNotBlank());
        assertThat(root).doesNotExist();
    }

    @Test
    void countsModelsAndTellsOfDamage() throws Exception {
        TinyGguf.write(root.resolve("a-Q4_0.gguf"));
        TinyGguf.write(root.resolve("b/b.gguf"));
        Files.createSymbolicLink(root.resolve("gone.gguf"), root.resolve("missing"));

        BackendStatus status = backend.status();

        assertThat(status.models()).isEqualTo(2);
        assertThat(status.details())
                .hasEntrySatisfying(
                        "warning 1",
                        warning -> assertThat(warning).contains("gone.gguf is a link to a file that is gone"));
    }

    @Test
    void saysInItsStatusWhatIsWrongWithTheDirectory() throws Exception {
        Files.createFile(root);

        BackendStatus status = backend.status();

        assertThat(status.available()).isFalse();
        assertThat(status.error()).isEqualTo("The model directory " + root + " is not a directory");
    }

    @ParameterizedTest
    @CsvSource({"cuda", "metal"})
    void refusesDevicesThatItDoesNotHaveAndNamesTheOthers(String device) {
        TinyGguf.write(root.resolve("a.gguf"));
        CandleBackend gpu = new CandleBackend(config(root, device), OFFLINE);

        BackendStatus status = gpu.status();
        assertThat(status.available()).isFalse();
        assertThat(status.error()).startsWith("device = \"" + device + "\" is not available");
        LocalModelException refused = refused(gpu, "a");
        assertThat(refused.kind()).isEqualTo(Kind.UNSUPPORTED);
        assertThat(refused.solutions()).first().asString().contains("\"cpu\"").contains("\"auto\"");
        assertThat(installed(gpu)).hasSize(1);
        gpu.close();
    }

    @Test
    void listsQuantizationsFromNamesAndElseFromTheFiles() throws Exception {
        TinyGguf.write(root.resolve("a.gguf"));
        TinyGguf.write(root.resolve("b-q8_0.gguf"));
        Files.writeString(root.resolve("c.gguf"), "damaged");

        assertThat(installed(backend))
                .extracting(ModelEntry::id, ModelEntry::quantization)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("a", "Q4_K_M"),
                        org.assertj.core.groups.Tuple.tuple("b:Q8_0", "Q8_0"),
                        org.assertj.core.groups.Tuple.tuple("c", null));
    }

    @Test
    void describesAModelFromItsFile() throws Exception {
        Path file = TinyGguf.write(root.resolve("mine/Q4_K_M/x.gguf"));

        ModelInfo info = backend.info(ModelSpec.parse("local/MINE@candle"));

        assertThat(info)
                .usingRecursiveComparison()
                .ignoringFields("details")
                .isEqualTo(new ModelInfo(
                        "mine:Q4_K_M",
                        "candle",
                        Files.size(file),
                        "GGUF",
                        "llama",
                        "Q4_K_M",
                        128L,
                        2048,
                        false,
                        file.toString(),
                        Map.of()));
        assertThat(info.details()).containsKey("note");
        assertThat(backend.info(ModelSpec.parse(file.toString())).id()).isEqualTo(file.toString());
    }

    @Test
    void saysWhatIsWrongWithAPath() {
        for (String path : List.of(temporary + "/missing.gguf", temporary.toString())) {
            LocalModelException refused = refused(backend, path);
            assertThat(refused.kind()).isEqualTo(Kind.MODEL_NOT_FOUND);
            assertThat(backend.has(ModelSpec.parse(path))).isFalse();
        }
    }

    @Test
    void removesStoredModelsAndNoOtherFiles() {
        TinyGguf.write(root.resolve("a.gguf"));
        Path outside = TinyGguf.write(temporary.resolve("b.gguf"));

        backend.remove(ModelSpec.parse("a"));
        assertThat(installed(backend)).isEmpty();
        assertThatThrownBy(() -> backend.remove(ModelSpec.parse(outside.toString())))
                .hasMessageContaining("delete it yourself");
        assertThat(outside).exists();
        assertThatThrownBy(() -> backend.remove(ModelSpec.parse("a"))).hasMessageContaining("is not installed");
    }

    @Test
    void answersPullsOfWhatIsThereAndSaysHowToImportTheRest() {
        Path file = TinyGguf.write(root.resolve("tinyllama/Q4_K_M/x.gguf"));
        assertThat(backend.pull(ModelSpec.parse("tinyllama"), new PullOptions(false), progress -> {}))
                .isEqualTo(new PullResult(
                        "tinyllama:Q4_K_M", "exists", file.toFile().length()));

        LocalModelException refused = catchThrowableOfType(
                LocalModelException.class,
                () -> backend.pull(ModelSpec.parse("phi-2"), new PullOptions(false), progress -> {}));
        assertThat(refused).hasMessage("Failed to download model");
        assertThat(refused.detail()).startsWith("phi-2:Q4_K_M: downloads are switched off");
        assertThat(refused.solutions().getLast()).contains("`llmspell model import FILE.gguf phi-2:Q4_K_M`");
    }

    @Test
    void wordsAShortageOfMemoryAsTheGuideDoes() {
        TinyGguf.write(root.resolve("a.gguf"));

        LocalModelException refused = refused(failing(Problem.OUT_OF_MEMORY, "Use a context of 512"), "a");

        assertThat(refused.kind()).isEqualTo(Kind.OUT_OF_MEMORY);
        assertThat(refused).hasMessage("Failed to allocate tensor");
        assertThat(refused.detail()).isEqualTo("a: what the engine says");
        assertThat(refused.solutions())
                .containsExactly(
                        "Use a context of 512",
                        "Use smaller model: `tinyllama:Q4_K_M` instead of larger models",
                        "Use Ollama for large models instead");
    }

    @Test
    void wordsAMissingTokenizerAsTheGuideDoes() {
        Path file = TinyGguf.write(
                root.resolve("a.gguf"),
                new GgufWriter()
                        .put("general.architecture", "llama")
                        .put("llama.block_count", 1)
                        .tensor("token_embd.weight", BlockFormat.Q8_0, List.of(32L, 3L), new byte[3 * 34]));

        for (CandleBackend each : List.of(failing(Problem.BROKEN_MODEL), backend)) {
            LocalModelException refused = refused(each, "a");
            assertThat(refused.kind()).isEqualTo(Kind.MODEL_UNUSABLE);
            assertThat(refused).hasMessage("Tokenizer file not found");
            assertThat(refused.solutions())
                    .containsExactly(
                            "Re-download model: `llmspell model pull MODEL:VARIANT@candle`",
                            "Check model directory: `" + root + "`",
                            "Set HFHUB_API_KEY for authenticated downloads");
        }
        assertThat(refused(backend, file.toString())).hasMessage("Tokenizer file not found");
    }

    @ParameterizedTest
    @CsvSource({
        "BROKEN_MODEL, MODEL_UNUSABLE, 'a: '",
        "UNSUPPORTED_MODEL, MODEL_UNUSABLE, 'a: '",
        "TEMPLATE_FAILED, MODEL_UNUSABLE, 'a: '",
        "CONTEXT_EXCEEDED, CONTEXT_EXCEEDED, ''",
        "INVALID_OPTION, INVALID_REQUEST, ''"
    })
    void passesOtherFailuresOnAndNamesTheModelThatIsToBlame(Problem problem, Kind kind, String blame) {
        TinyGguf.write(root.resolve("a.gguf"));

        LocalModelException refused = refused(failing(problem, "do this"), "a");

        assertThat(refused.kind()).isEqualTo(kind);
        assertThat(refused).hasMessage(blame + "what the engine says");
        assertThat(refused.solutions()).containsExactly("do this");
    }

    @Test
    void refusesATruncatedFileInOneLine() throws Exception {
        Path file = TinyGguf.write(root.resolve("a.gguf"));
        byte[] whole = Files.readAllBytes(file);
        for (int length : new int[] {0, 3, 20, whole.length / 2, whole.length - 40}) {
            Files.write(file, java.util.Arrays.copyOf(whole, length));
            LocalModelException refused = refused(backend, "a");
            assertThat(refused.kind()).isEqualTo(Kind.MODEL_UNUSABLE);
            assertThat(refused).hasMessageNotContaining("\n");
        }
    }

    @Test
    void givesTheModelBackWhenTheReplyCannotStart() {
        TinyGguf.write(root.resolve("a.gguf"));
        AtomicInteger open = new AtomicInteger();
        CandleBackend refusing =
                new CandleBackend(config(root, "auto"), OFFLINE, new ModelStore(root), () -> new Runner() {
                    @Override
                    public ModelLease open(Path file, @Nullable Duration keepAlive) {
                        open.incrementAndGet();
                        return new RefusingLease(open::decrementAndGet);
                    }

                    @Override
                    public List<ResidentModel> residentModels() {
                        return List.of();
                    }

                    @Override
                    public List<Path> resident() {
                        return List.of();
                    }

                    @Override
                    public String kernels() {
                        return "none";
                    }

                    @Override
                    public void close() {}
                });

        assertThat(refused(refusing, "a")).hasMessage("a: roles must alternate");
        assertThat(open).hasValue(0);
    }

    /** A lease on a model whose template refuses every conversation. */
    private record RefusingLease(Runnable onClose) implements ModelLease {
        @Override
        public Tokenizer tokenizer() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int trainedContextLength() {
            return 1;
        }

        @Override
        public Duration loadTime() {
            return Duration.ZERO;
        }

        @Override
        public ChatPrompt prompt(ChatInput input) {
            throw new EngineException(Problem.TEMPLATE_FAILED, "roles must alternate", List.of());
        }

        @Override
        public Generation generate(
                int[] prompt,
                SamplingOptions sampling,
                @Nullable Integer contextLength,
                @Nullable Grammar grammar,
                Set<Integer> shown,
                @Nullable Integer draftTokens) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Scoring scoring(int texts, int contextLength, int batch) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Passes passes(int contextLength) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<Embedding> embed(List<String> texts, EmbeddingOptions options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            onClose.run();
        }
    }

    @Test
    void startsOneEngineAndOnlyWhenItIsNeeded() {
        AtomicInteger started = new AtomicInteger();
        CandleBackend lazy = new CandleBackend(config(root, "auto"), OFFLINE, new ModelStore(root), () -> {
            started.incrementAndGet();
            return Runner.engine(new org.llmspell.engine.EngineOptions(1, Duration.ZERO, 1, null));
        });
        TinyGguf.write(root.resolve("a.gguf"));
        lazy.list();
        lazy.info(ModelSpec.parse("a"));
        lazy.has(ModelSpec.parse("a"));
        assertThat(started).hasValue(0);

        lazy.status();
        lazy.status();
        assertThat(started).hasValue(1);
        lazy.close();
        lazy.close();
        assertThatThrownBy(() -> lazy.chat(request("a"))).isInstanceOf(IllegalStateException.class);
    }
}
