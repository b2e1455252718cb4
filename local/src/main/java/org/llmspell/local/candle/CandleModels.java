package org.llmspell.local.candle;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.Quoted;
import org.llmspell.local.store.GgufFacts;
import org.llmspell.local.store.Listing;
import org.llmspell.local.store.ModelStore;
import org.llmspell.local.store.StoredModel;

/**
 * The models that candle can run, wherever they are, and which of them a specification means: a file anywhere, one of the store, one of
 * Ollama's, the one that is built in, in this order where several have the name. Thread-safe.
 */
final class CandleModels implements AutoCloseable {
    static final String BACKEND = "candle";

    /** The backend's: its name stands before every warning, and how this package is divided is not the reader's business. */
    private static final System.Logger LOG = System.getLogger(CandleBackend.class.getName());

    private final ModelStore store;
    private final OllamaModels shared;
    private final BuiltInModel builtIn;

    CandleModels(ModelStore store, OllamaModels shared, BuiltInModel builtIn) {
        this.store = store;
        this.shared = shared;
        this.builtIn = builtIn;
    }

    ModelStore store() {
        return store;
    }

    BuiltInModel builtIn() {
        return builtIn;
    }

    /** All of them, newest first; the built-in one last, where nothing takes its name. */
    List<ModelEntry> list() {
        Listing listing = store.list();
        listing.warnings().forEach(warning -> LOG.log(System.Logger.Level.WARNING, warning));
        List<ModelEntry> entries =
                new ArrayList<>(listing.models().stream().map(this::entry).toList());
        for (OllamaModels.Found model : shared.list()) {
            if (entries.stream().noneMatch(own -> own.id().equalsIgnoreCase(model.id()))) {
                String quantization = quantization(model.id(), model.file());
                entries.add(
                        new ModelEntry(model.id(), BACKEND, model.sizeBytes(), quantization, model.modifiedAt(), true));
            }
        }
        entries.sort(Comparator.comparing(ModelEntry::modifiedAt).reversed());
        if (!isHidden()) {
            entries.add(builtIn.entry(BACKEND));
        }
        return entries;
    }

    private ModelEntry entry(StoredModel model) {
        String quantization =
                model.quantization() == null ? quantization(model.id(), model.file()) : model.quantization();
        return new ModelEntry(model.id(), BACKEND, model.sizeBytes(), quantization, model.modifiedAt(), model.linked());
    }

    private static @Nullable String quantization(String id, Path file) {
        try {
            return GgufFacts.read(file).quantization();
        } catch (LocalModelException e) {
            LOG.log(System.Logger.Level.WARNING, id + ": " + e.getMessage());
            return null;
        }
    }

    /** Whether there is one that {@code model} means. */
    boolean has(ModelSpec model) {
        try {
            return model.isPath()
                    ? Files.isRegularFile(model.path())
                    : store.has(model) || shared.find(model).isPresent() || isBuiltIn(model);
        } catch (LocalModelException e) {
            return false;
        }
    }

    /**
     * The file that runs when {@code model} is asked for: its first part, if it is split.
     *
     * @throws LocalModelException of kind {@code MODEL_NOT_FOUND} if there is none
     */
    Path locate(ModelSpec model) {
        if (!model.isPath()) {
            return stored(model).file();
        }
        Path file = model.path();
        if (Files.isRegularFile(file)) {
            return file;
        }
        throw new LocalModelException(
                LocalModelException.Kind.MODEL_NOT_FOUND,
                Files.isDirectory(file)
                        ? file + " is a folder, not a GGUF file"
                        : "There is no file " + Quoted.of(file.toString()),
                "Check the path",
                "Name an installed model: `llmspell model list --backend candle` shows them");
    }

    /**
     * The model and its files: one of the store, one of Ollama's that is used in place, or the one that is built in.
     *
     * @throws LocalModelException of kind {@code MODEL_NOT_FOUND} if there is none, {@code INVALID_REQUEST} for a path
     */
    StoredModel stored(ModelSpec model) {
        if (model.isPath()) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "The file " + model.name() + " is not in the model directory",
                    "Copy it yourself, or import it first: `llmspell model import " + model.name() + "`");
        }
        return borrowed(model)
                .map(OllamaModels.Found::stored)
                .orElseGet(() -> isBuiltIn(model) ? builtIn.stored() : store.find(model));
    }

    /** The model in Ollama's folder, where the store itself has none of that name. */
    private Optional<OllamaModels.Found> borrowed(ModelSpec model) {
        return model.isPath() || store.has(model) ? Optional.empty() : shared.find(model);
    }

    /** Whether {@code model} means the model that is built in. */
    boolean isBuiltIn(ModelSpec model) {
        return builtIn.isMeant(model) && !isHidden();
    }

    /** Whether a model that the user has installed, of any variant, takes the built-in model's name. */
    private boolean isHidden() {
        ModelSpec name = new ModelSpec(builtIn.name(), null, BACKEND, false);
        return store.has(name)
                || shared.list().stream()
                        .anyMatch(model -> model.id()
                                .regionMatches(
                                        true,
                                        0,
                                        builtIn.name() + ":",
                                        0,
                                        builtIn.name().length() + 1));
    }

    /**
     * What is known of a model.
     *
     * @param loaded whether its file is in memory
     * @throws LocalModelException of kind {@code MODEL_NOT_FOUND} if there is none, {@code MODEL_UNUSABLE} if its file is damaged
     */
    ModelInfo info(ModelSpec model, Predicate<Path> loaded) {
        Optional<OllamaModels.Found> borrowed = borrowed(model);
        boolean own = isBuiltIn(model);
        StoredModel stored = model.isPath() || borrowed.isPresent() || own ? null : store.find(model);
        Path file = stored == null ? locate(model) : stored.file();
        GgufFacts facts = GgufFacts.read(file);
        Map<String, String> details = new LinkedHashMap<>(facts.details());
        String supports = TemplateFacts.supports(file);
        if (supports != null) {
            details.put("template_supports", supports);
        }
        if (stored != null && stored.manifest() != null) {
            details.put("source", stored.manifest().source());
            String revision = stored.manifest().revision();
            if (revision != null) {
                details.put("revision", revision);
            }
            details.put("sha256", stored.manifest().files().getFirst().sha256());
        }
        if (own) {
            details.put("built_in", "part of LLMSpell: never pulled, cannot be removed");
            details.put("sha256", builtIn.sha256());
        } else if (!model.isPath() && model.name().equalsIgnoreCase(builtIn.name())) {
            details.put("hides", "the built-in model of this name");
        }
        if (borrowed.isPresent()) {
            details.put("shared", "from Ollama's models, read-only");
        }
        if (stored != null) {
            details.put("installed_at", stored.modifiedAt().toString());
            if (stored.warning() != null) {
                details.put("warning", stored.warning());
            } else if (stored.manifest() == null) {
                details.put("note", "no manifest: size and SHA-256 were never checked");
            }
        }
        return new ModelInfo(
                stored != null
                        ? stored.id()
                        : own
                                ? builtIn.name()
                                : borrowed.map(OllamaModels.Found::id).orElse(model.name()),
                BACKEND,
                stored == null ? facts.sizeBytes() : stored.sizeBytes(),
                "GGUF",
                facts.architecture(),
                facts.quantization(),
                facts.parameterCount(),
                facts.contextLength(),
                loaded.test(file),
                file.toString(),
                details);
    }

    /**
     * Deletes a model of the store.
     *
     * @throws LocalModelException of kind {@code UNSUPPORTED} if it is another program's or built in
     */
    void remove(ModelSpec model) {
        if (model.isPath()) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "The file " + model.name() + " is not in the model directory: delete it yourself");
        }
        Optional<OllamaModels.Found> borrowed = borrowed(model);
        if (borrowed.isPresent()) {
            throw new LocalModelException(
                    LocalModelException.Kind.UNSUPPORTED,
                    "The model " + borrowed.get().id() + " is Ollama's own and only read here",
                    "Remove it there: `ollama rm " + borrowed.get().id() + "`");
        }
        if (isBuiltIn(model)) {
            throw new LocalModelException(
                    LocalModelException.Kind.UNSUPPORTED,
                    "The model " + builtIn.name() + " is built into LLMSpell and cannot be removed",
                    "Leave it: it is never taken for a model that you name",
                    "Install another one under its name, which is then used instead: `llmspell model import FILE.gguf "
                            + builtIn.name() + "`");
        }
        store.remove(store.findOnly(model));
    }

    @Override
    public void close() {
        builtIn.close();
    }
}
