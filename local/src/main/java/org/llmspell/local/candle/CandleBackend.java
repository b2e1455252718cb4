package org.llmspell.local.candle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatPrompt;
import org.llmspell.engine.Embedding;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineOptions;
import org.llmspell.engine.Generation;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.ResidentModel;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.grammar.schema.JsonSchema;
import org.llmspell.local.Backend;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.OutputFormat;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.config.CandleConfig;
import org.llmspell.local.config.DownloadConfig;
import org.llmspell.local.store.GgufFacts;
import org.llmspell.local.store.Listing;
import org.llmspell.local.store.ModelStore;
import org.llmspell.local.store.StoredModel;

/** Runs GGUF files of the model store, or anywhere on disk, in this process. The engine starts when a model is first used. */
public final class CandleBackend implements Backend {
    private static final System.Logger LOG = System.getLogger(CandleBackend.class.getName());

    private final CandleConfig config;
    private final DownloadConfig download;
    private final CandleModels models;
    private final Supplier<Runner> starter;
    private final CandleErrors errors;
    private final Object engineLock = new Object();
    private @Nullable Runner runner;
    private boolean closed;

    public CandleBackend(CandleConfig config, DownloadConfig download) {
        this(config, download, new ModelStore(config.modelDirectory()), () -> Runner.engine(options(config)));
    }

    CandleBackend(CandleConfig config, DownloadConfig download, ModelStore store, Supplier<Runner> starter) {
        this(config, download, store, new BuiltInModel(config.modelDirectory()), starter);
    }

    CandleBackend(
            CandleConfig config,
            DownloadConfig download,
            ModelStore store,
            BuiltInModel builtIn,
            Supplier<Runner> starter) {
        this.download = download;
        this.models = new CandleModels(store, new OllamaModels(download.ollamaModels()), builtIn);
        this.config = config;
        this.starter = starter;
        this.errors = new CandleErrors(config);
    }

    private static EngineOptions options(CandleConfig config) {
        return new EngineOptions(
                config.threads(),
                config.keepAlive(),
                config.maxLoadedModels(),
                config.contextLength(),
                config.cacheType().equals("q8_0") ? EngineOptions.CacheType.Q8_0 : EngineOptions.CacheType.F16,
                config.draftTokens());
    }

    @Override
    public String name() {
        return CandleModels.BACKEND;
    }

    /** Where the models are; for importing. */
    public ModelStore store() {
        return models.store();
    }

    @Override
    public BackendStatus status() {
        Map<String, String> details = new LinkedHashMap<>();
        details.put("device", config.device().equals("auto") ? "cpu (auto)" : config.device());
        details.put("model_directory", config.modelDirectory().toString());
        int count = 0;
        String error = null;
        try {
            Listing listing = models.store().list();
            count = (int) list().stream().filter(model -> !model.builtIn()).count();
            for (int i = 0; i < listing.warnings().size(); i++) {
                details.put("warning " + (i + 1), listing.warnings().get(i));
            }
            details.put("built_in", models.builtIn().name());
            checkDevice();
            details.put("kernels", engine().kernels());
        } catch (LocalModelException e) {
            error = e.getMessage();
        } catch (EngineException e) {
            error = errors.of(e, name()).getMessage();
        }
        return new BackendStatus(name(), error == null, count, version(), error, details);
    }

    /** This program's version, which is the embedded engine's; unknown when run from class files. */
    private static @Nullable String version() {
        return CandleBackend.class.getPackage().getImplementationVersion();
    }

    @Override
    public List<ModelEntry> list() {
        return models.list();
    }

    @Override
    public boolean isReachable() {
        return true;
    }

    @Override
    public boolean has(ModelSpec model) {
        return models.has(model);
    }

    /**
     * The file that runs when {@code model} is asked for: its first part, if it is split.
     *
     * @throws LocalModelException of kind {@code MODEL_NOT_FOUND} if there is none
     */
    public Path locate(ModelSpec model) {
        return models.locate(model);
    }

    /**
     * The model and its files: one of the store, one of Ollama's that is used in place, or the one that is built in.
     *
     * @throws LocalModelException of kind {@code MODEL_NOT_FOUND} if there is none, {@code INVALID_REQUEST} for a path
     */
    public StoredModel stored(ModelSpec model) {
        return models.stored(model);
    }

    @Override
    public ModelInfo info(ModelSpec model) {
        return models.info(model, this::isLoaded);
    }

    @Override
    public void remove(ModelSpec model) {
        models.remove(model);
    }

    /** The models in memory now; none before the engine was first needed. */
    public List<ResidentModel> residentModels() {
        Runner running;
        synchronized (engineLock) {
            running = runner;
        }
        return running == null ? List.of() : running.residentModels();
    }

    /** Unloads a model as soon as nobody uses it; does nothing if it is not in memory. */
    public void unload(ModelSpec model) {
        if (isLoaded(locate(model))) {
            open(model, Duration.ZERO).close();
        }
    }

    private boolean isLoaded(Path file) {
        Runner running;
        synchronized (engineLock) {
            running = runner;
        }
        if (running == null) {
            return false;
        }
        for (Path resident : running.resident()) {
            try {
                if (Files.isSameFile(resident, file)) {
                    return true;
                }
            } catch (IOException e) {
                // A resident model's file may have been deleted: then it is not this one.
                LOG.log(System.Logger.Level.DEBUG, "cannot compare " + resident, e);
            }
        }
        return false;
    }

    @Override
    public PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress) {
        if (models.isBuiltIn(model) && !options.force()) {
            ModelEntry there = models.builtIn().entry(name());
            progress.accept(new PullProgress("success", 100, there.sizeBytes(), there.sizeBytes()));
            return new PullResult(there.id(), "exists", there.sizeBytes());
        }
        return new CandlePull(models.store(), download).pull(model, options, progress);
    }

    /**
     * The model ready to run, for those who need its tokenizer or template.
     *
     * @param keepAlive how long it stays loaded after the lease; null for the configured time
     * @throws LocalModelException if it cannot be loaded; of kind {@code CANCELLED} if the thread is interrupted while it waits for
     *     that, which goes on in the background
     */
    public ModelLease open(ModelSpec model, @Nullable Duration keepAlive) {
        checkDevice();
        Path file = locate(model);
        try {
            return engine().open(file, keepAlive);
        } catch (EngineException e) {
            throw explained(e, model.id(), file);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LocalModelException(
                    LocalModelException.Kind.CANCELLED, "Loading the model was cancelled", null, List.of(), e);
        }
    }

    /** The failure to open {@code file}; what kind of file it is explains more than what the engine missed in it. */
    private LocalModelException explained(EngineException e, String model, Path file) {
        if (e.problem() == EngineException.Problem.BROKEN_MODEL
                || e.problem() == EngineException.Problem.UNSUPPORTED_MODEL) {
            try {
                GgufFacts facts = GgufFacts.read(file);
                if (facts.notLanguageModel() != null) {
                    return errors.notLanguageModel(model, facts.notLanguageModel(), e);
                }
                if (facts.tokenizer() == null && e.problem() == EngineException.Problem.BROKEN_MODEL) {
                    return errors.noTokenizer(model, e);
                }
            } catch (LocalModelException unreadable) {
                e.addSuppressed(unreadable); // broken in other ways, which the engine has said
            }
        }
        return errors.of(e, model);
    }

    @Override
    public ChatStream chat(ChatRequest request) {
        long start = System.nanoTime();
        String model = request.model().id();
        ModelLease lease = open(request.model(), request.keepAlive());
        boolean started = false;
        try {
            Grammar grammar = grammar(request.format());
            ChatPrompt prompt = lease.prompt(request.input());
            if (grammar != null && !(request.format() instanceof OutputFormat.Gbnf)) {
                // JSON leaves no room for thoughts; a grammar of the user's own may.
                prompt = prompt.answerOnly(lease.tokenizer());
            }
            Duration before = Duration.ofNanos(System.nanoTime() - start);
            Generation generation = lease.generate(
                    prompt.tokens(),
                    request.sampling(),
                    request.contextLength(),
                    grammar,
                    prompt.markers(),
                    request.draftTokens());
            started = true;
            return new CandleStream(model, lease, generation, prompt.reader(), errors, before);
        } catch (EngineException e) {
            throw errors.of(e, model);
        } finally {
            if (!started) {
                lease.close();
            }
        }
    }

    /** @throws EngineException if the schema or the grammar cannot be followed */
    private static @Nullable Grammar grammar(@Nullable OutputFormat format) {
        return switch (format) {
            case null -> null;
            case OutputFormat.Json json -> JsonSchema.anyObject();
            case OutputFormat.Schema schema -> JsonSchema.of(schema.keywords());
            case OutputFormat.Gbnf gbnf -> Grammar.gbnf(gbnf.grammar());
        };
    }

    @Override
    public Embeddings embed(ModelSpec model, List<String> texts, EmbeddingOptions options) {
        try (ModelLease lease = open(model, null)) {
            List<Embedding> embeddings = lease.embed(texts, options);
            return new Embeddings(
                    embeddings.stream().map(Embedding::vectors).toList(),
                    embeddings.stream().mapToInt(Embedding::tokens).sum());
        } catch (EngineException e) {
            throw errors.of(e, model.id());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LocalModelException(LocalModelException.Kind.CANCELLED, "The embedding was cancelled");
        }
    }

    private void checkDevice() {
        if (!config.device().equals("auto") && !config.device().equals("cpu")) {
            throw CandleErrors.noDevice(config.device());
        }
    }

    private Runner engine() {
        synchronized (engineLock) {
            if (closed) {
                throw new IllegalStateException("the backend is closed");
            }
            if (runner == null) {
                try {
                    runner = starter.get();
                } catch (EngineException e) {
                    throw errors.of(e, name());
                }
            }
            return runner;
        }
    }

    @Override
    public void close() {
        Runner last;
        synchronized (engineLock) {
            closed = true;
            last = runner;
            runner = null;
        }
        if (last != null) {
            last.close();
        }
        models.close();
    }
}
