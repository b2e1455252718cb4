package org.llmspell.local.ollama;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.local.Backend;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.config.OllamaConfig;
import org.llmspell.local.json.JsonFields;

/** Models on an Ollama server. Thread-safe; nothing is asked of the server before it is needed. */
public final class OllamaBackend implements Backend {
    public static final String NAME = "ollama";

    private final OllamaConfig config;
    private final OllamaClient client;

    public OllamaBackend(OllamaConfig config) {
        this.config = config;
        this.client = new OllamaClient(config);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public BackendStatus status() {
        Map<String, String> details = Map.of("url", config.url().toString());
        try {
            String version = JsonFields.string(client.ask("GET", "/api/version", null, null), "version");
            return new BackendStatus(NAME, true, list().size(), version, null, details);
        } catch (LocalModelException e) {
            String why = e.detail() == null ? e.getMessage() : e.getMessage() + " (" + e.detail() + ")";
            return new BackendStatus(NAME, false, 0, null, why, details);
        }
    }

    @Override
    public boolean isReachable() {
        return probe("GET", "/api/version", null, null);
    }

    @Override
    public boolean has(ModelSpec model) {
        String name = serverName(model);
        return probe("POST", "/api/show", Map.of("model", name, "name", name), name);
    }

    @Override
    public List<ModelEntry> list() {
        List<ModelEntry> entries = new ArrayList<>();
        for (Map<?, ?> model : JsonFields.objects(client.ask("GET", "/api/tags", null, null), "models")) {
            String id = firstOf(JsonFields.string(model, "name"), JsonFields.string(model, "model"));
            if (id != null) {
                entries.add(new ModelEntry(
                        id,
                        NAME,
                        Math.max(0, JsonFields.integer(model, "size", 0)),
                        JsonFields.string(JsonFields.object(model, "details"), "quantization_level"),
                        time(JsonFields.string(model, "modified_at")),
                        false));
            }
        }
        entries.sort(Comparator.comparing(ModelEntry::modifiedAt).reversed());
        return entries;
    }

    @Override
    public ModelInfo info(ModelSpec model) {
        String name = serverName(model);
        Map<?, ?> shown = client.ask("POST", "/api/show", Map.of("model", name, "name", name), name);
        Map<?, ?> details = JsonFields.object(shown, "details");
        Map<?, ?> facts = JsonFields.object(shown, "model_info");
        ModelEntry entry = list().stream()
                .filter(candidate -> sameModel(candidate.id(), name))
                .findFirst()
                .orElse(null);
        String architecture =
                firstOf(JsonFields.string(facts, "general.architecture"), JsonFields.string(details, "family"));
        Integer context = architecture == null ? null : JsonFields.count(facts, architecture + ".context_length");
        Map<String, String> more = new LinkedHashMap<>();
        putIfPresent(more, "parameter_size", JsonFields.string(details, "parameter_size"));
        if (shown.get("capabilities") instanceof List<?> list && !list.isEmpty()) {
            more.put(
                    "capabilities",
                    String.join(", ", list.stream().map(String::valueOf).toList()));
        }
        String format = JsonFields.string(details, "format");
        return new ModelInfo(
                entry == null ? name : entry.id(),
                NAME,
                entry == null ? 0 : entry.sizeBytes(),
                format == null ? null : format.equals("gguf") ? "GGUF" : format,
                architecture,
                JsonFields.string(details, "quantization_level"),
                JsonFields.integer(facts, "general.parameter_count"),
                context,
                isLoaded(name),
                null,
                more);
    }

    @Override
    public PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress) {
        return OllamaPull.run(client, serverName(model), progress);
    }

    @Override
    public ChatStream chat(ChatRequest request) {
        return OllamaChat.start(client, request, serverName(request.model()));
    }

    /**
     * The embedding of each text, as the server makes it.
     *
     * @return one vector a text, L2-normalised by the server
     */
    public List<float[]> embed(ModelSpec model, List<String> texts) {
        return embed(model, texts, Map.of()).vectors();
    }

    @Override
    public Embeddings embed(ModelSpec model, List<String> texts, EmbeddingOptions options) {
        if (options.pooling() != null || !options.normalized()) {
            throw new LocalModelException(
                    Kind.UNSUPPORTED,
                    "Ollama pools and normalizes embeddings as the model says, and in no other way",
                    "Leave the pooling out",
                    "Use the embedded backend: NAME:VARIANT@candle");
        }
        return texts.isEmpty()
                ? new Embeddings(List.of(), 0)
                : embed(model, texts, Map.of("truncate", options.truncated()));
    }

    private Embeddings embed(ModelSpec model, List<String> texts, Map<String, ?> options) {
        String name = serverName(model);
        Map<String, Object> question = new LinkedHashMap<>(options);
        question.put("model", name);
        question.put("input", texts);
        Map<?, ?> reply = client.ask("POST", "/api/embed", question, name, config.idleTimeout());
        if (!(reply.get("embeddings") instanceof List<?> vectors) || vectors.size() != texts.size()) {
            throw OllamaErrors.ERRORS.protocol(config.url(), "it did not embed every text");
        }
        return new Embeddings(
                vectors.stream().map(numbers -> new float[][] {vector(numbers)}).toList(),
                JsonFields.count(reply, "prompt_eval_count"));
    }

    /** The server's own listing, {@code /api/tags}: its entries as it wrote them. */
    public List<Map<?, ?>> tags() {
        return JsonFields.objects(client.ask("GET", "/api/tags", null, null), "models");
    }

    /** The models in the server's memory, {@code /api/ps}: its entries as it wrote them. */
    public List<Map<?, ?>> running() {
        return JsonFields.objects(client.ask("GET", "/api/ps", null, null), "models");
    }

    /** All that the server tells of a model, {@code /api/show}, as it wrote it. */
    public Map<String, @Nullable Object> show(ModelSpec model, boolean verbose) {
        String name = serverName(model);
        return client.ask("POST", "/api/show", Map.of("model", name, "name", name, "verbose", verbose), name);
    }

    /** Loads a model without asking it anything; a {@code keepAlive} of zero unloads it, null takes the server's default. */
    public void load(ModelSpec model, @Nullable Duration keepAlive) {
        String name = serverName(model);
        Map<String, Object> body = new LinkedHashMap<>(Map.of("model", name, "stream", false));
        if (keepAlive != null) {
            body.put("keep_alive", keepAlive.isNegative() ? -1 : keepAlive.toSeconds());
        }
        client.ask("POST", "/api/generate", body, name, config.idleTimeout());
    }

    /** Gives a model of the server a second name. */
    public void copy(ModelSpec model, ModelSpec to) {
        String name = serverName(model);
        client.ask("POST", "/api/copy", Map.of("source", name, "destination", serverName(to)), name);
    }

    @Override
    public void remove(ModelSpec model) {
        String name = serverName(model);
        client.ask("DELETE", "/api/delete", Map.of("model", name, "name", name), name);
    }

    @Override
    public void close() {
        client.close();
    }

    private float[] vector(@Nullable Object numbers) {
        float[] vector = JsonFields.floats(numbers);
        if (vector == null) {
            throw OllamaErrors.ERRORS.protocol(config.url(), "an embedding is no list of numbers");
        }
        return vector;
    }

    private boolean probe(String method, String path, @Nullable Map<String, ?> body, @Nullable String model) {
        try {
            client.ask(method, path, body, model, config.probeTimeout());
            return true;
        } catch (LocalModelException e) {
            return false;
        }
    }

    private boolean isLoaded(String name) {
        try {
            return JsonFields.objects(client.ask("GET", "/api/ps", null, null), "models").stream()
                    .map(model -> JsonFields.string(model, "name"))
                    .filter(Objects::nonNull)
                    .anyMatch(loaded -> sameModel(loaded, name));
        } catch (LocalModelException e) {
            // Servers before 0.1.33 have no /api/ps; what is loaded is then not known.
            return false;
        }
    }

    private static String serverName(ModelSpec model) {
        if (model.isPath()) {
            throw new LocalModelException(
                    Kind.UNSUPPORTED,
                    "Ollama cannot run the file '" + model.name() + "'",
                    "Run it on the embedded backend: " + model.name() + "@candle");
        }
        return model.id();
    }

    /** Ollama lists {@code NAME:latest} for what was asked for as {@code NAME}. */
    private static boolean sameModel(String listed, String asked) {
        return listed.equalsIgnoreCase(asked) || listed.equalsIgnoreCase(asked + ":latest");
    }

    private static @Nullable String firstOf(@Nullable String first, @Nullable String second) {
        return first == null ? second : first;
    }

    private static void putIfPresent(Map<String, String> map, String key, @Nullable String value) {
        if (value != null) {
            map.put(key, value);
        }
    }

    private static Instant time(@Nullable String text) {
        try {
            return text == null ? Instant.EPOCH : OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            return Instant.EPOCH;
        }
    }
}
