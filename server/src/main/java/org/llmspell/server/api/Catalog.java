package org.llmspell.server.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.Backend;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.Quoted;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.ollama.OllamaBackend;
import org.llmspell.server.http.HttpFailure;

/**
 * The models of all backends under the names that clients use: as Ollama's users write them, or as full specifications with
 * {@code @BACKEND}. Thread-safe.
 */
public final class Catalog {
    /** How long a found model's backend is remembered: asking Ollama costs a request. */
    private static final long REMEMBERED_NANOS = Duration.ofSeconds(10).toNanos();

    private static final int MOST_REMEMBERED = 1000;
    private static final String LATEST = "latest";

    private final LocalModels models;
    private final Map<String, Remembered> remembered = new ConcurrentHashMap<>();

    /** @param models not closed by this class */
    public Catalog(LocalModels models) {
        this.models = models;
    }

    /**
     * A model and who runs it.
     *
     * @param name as the client called it
     */
    public record Target(String name, ModelSpec spec, Backend backend) {}

    /**
     * An installed model under the name to list it by.
     *
     * @param name with a tag, which {@link #find} finds
     */
    public record Listed(String name, ModelEntry entry) {}

    private record Remembered(Target target, long until) {}

    /** The embedded backend, if it is enabled. */
    public Optional<CandleBackend> candle() {
        return models.backends().stream()
                .filter(CandleBackend.class::isInstance)
                .map(CandleBackend.class::cast)
                .findFirst();
    }

    /** The Ollama backend, if it is enabled and answers. */
    public Optional<OllamaBackend> ollama() {
        return models.backends().stream()
                .filter(OllamaBackend.class::isInstance)
                .map(OllamaBackend.class::cast)
                .filter(Backend::isReachable)
                .findFirst();
    }

    /**
     * Reads a name; never as a path.
     *
     * @throws HttpFailure 400 if it is missing or malformed
     */
    public static ModelSpec parse(@Nullable String name) {
        if (name == null || name.isBlank()) {
            throw new HttpFailure(400, "model is required", null, "model", null);
        }
        try {
            return ModelSpec.parseName(name);
        } catch (LocalModelException e) {
            throw new HttpFailure(400, "invalid model name", "invalid_model_name", "model", e);
        }
    }

    /**
     * The installed model that a client names.
     *
     * @throws HttpFailure 400 for a malformed name, 404 if there is none
     */
    public Target find(@Nullable String name) {
        ModelSpec spec = parse(name);
        String key = spec.full().toLowerCase(Locale.ROOT);
        Remembered last = remembered.get(key);
        if (last != null && last.until - System.nanoTime() > 0) {
            return new Target(String.valueOf(name), last.target.spec(), last.target.backend());
        }
        Target found = lookUp(String.valueOf(name), spec);
        if (found == null && LATEST.equalsIgnoreCase(spec.variant())) {
            // A client that adds the usual tag itself means what it was told without one.
            found = lookUp(String.valueOf(name), new ModelSpec(spec.name(), null, spec.backend(), false));
        }
        if (found == null) {
            throw notFound(String.valueOf(name));
        }
        if (remembered.size() >= MOST_REMEMBERED) {
            remembered.clear();
        }
        remembered.put(key, new Remembered(found, System.nanoTime() + REMEMBERED_NANOS));
        return found;
    }

    private @Nullable Target lookUp(String name, ModelSpec spec) {
        for (Backend backend : candidates(spec)) {
            if (backend.has(spec)) {
                return new Target(name, spec, backend);
            }
        }
        return null;
    }

    private List<Backend> candidates(ModelSpec spec) {
        return spec.backend() == null ? models.backends() : List.of(models.backend(spec.backend()));
    }

    /** In Ollama's words. */
    public static HttpFailure notFound(String name) {
        return new HttpFailure(404, "model " + single(name) + " not found", "model_not_found", "model", null);
    }

    private static String single(String name) {
        return "'" + Quoted.plain(name.length() > 200 ? name.substring(0, 200) + "…" : name) + "'";
    }

    /** Who fetches a model: the backend named, else the one that has it already, else the first that answers. */
    public Target forPull(@Nullable String name) {
        ModelSpec spec = parse(name);
        Target there = lookUp(String.valueOf(name), spec);
        if (there != null) {
            return there;
        }
        List<Backend> candidates = candidates(spec);
        for (Backend backend : candidates) {
            if (backend.isReachable()) {
                return new Target(String.valueOf(name), spec, backend);
            }
        }
        if (candidates.isEmpty()) {
            throw new HttpFailure(500, "every backend is disabled in the configuration");
        }
        return new Target(String.valueOf(name), spec, candidates.getFirst());
    }

    /** Forgets where models were found; after one came or went. */
    public void changed() {
        remembered.clear();
    }

    /** All models, newest first; one that another backend's of the same name hides is listed with its backend. */
    public List<Listed> list() {
        List<Listed> listed = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (Backend backend : models.backends()) {
            for (ModelEntry entry : entries(backend)) {
                String id = entry.id().indexOf(':', entry.id().lastIndexOf('/') + 1) < 0
                        ? entry.id() + ":" + LATEST
                        : entry.id();
                if (taken.add(id.toLowerCase(Locale.ROOT))) {
                    listed.add(new Listed(id, entry));
                } else if (!entry.shared()) {
                    listed.add(new Listed(id + "@" + entry.backend(), entry));
                }
            }
        }
        listed.sort((a, b) -> b.entry().modifiedAt().compareTo(a.entry().modifiedAt()));
        return listed;
    }

    private static List<ModelEntry> entries(Backend backend) {
        try {
            return backend.isReachable() ? backend.list() : List.of();
        } catch (LocalModelException e) {
            if (e.kind() == LocalModelException.Kind.BACKEND_UNAVAILABLE) {
                return List.of();
            }
            throw e;
        }
    }
}
