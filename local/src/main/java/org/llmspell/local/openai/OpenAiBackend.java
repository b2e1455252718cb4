package org.llmspell.local.openai;

import java.net.URI;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.local.Backend;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.config.OpenAiConfig;
import org.llmspell.local.json.JsonFields;

/**
 * Models on servers of the OpenAI interface, several of which may stand for each other. A request goes to the one with the fewest
 * under way; one that fails before it has said anything is replaced by the next. Thread-safe; nothing is asked before it is needed.
 */
public final class OpenAiBackend implements Backend {
    private final OpenAiConfig config;
    private final OpenAiErrors errors;
    private final Endpoints endpoints;
    private final ServerModels models;

    public OpenAiBackend(OpenAiConfig config) {
        this.config = config;
        this.errors = new OpenAiErrors(config.name());
        this.endpoints = new Endpoints(config, errors);
        this.models = new ServerModels(config, endpoints);
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public BackendStatus status() {
        Map<String, String> details = new LinkedHashMap<>();
        String error = null;
        ServerModels.Listing listing = models.list(config.timeout());
        List<Endpoints.Endpoint> servers = endpoints.all();
        for (Endpoints.Endpoint server : servers) {
            LocalModelException failure = listing.failures().get(server);
            String label = servers.size() == 1 ? "server" : "server_" + (details.size() + 1);
            details.put(label, server.address() + " " + state(failure));
            if (failure != null && error == null) {
                String detail = failure.detail();
                error = detail == null ? failure.getMessage() : failure.getMessage() + " (" + detail + ")";
            }
        }
        boolean available = listing.failures().size() < servers.size();
        return new BackendStatus(name(), available, listing.models().size(), null, available ? null : error, details);
    }

    private static String state(@Nullable LocalModelException failure) {
        if (failure == null) {
            return "answers";
        }
        if (!OpenAiErrors.isBroken(failure)) {
            return "refuses: " + failure.getMessage();
        }
        return OpenAiErrors.isUnreachable(failure) ? "does not answer" : "fails: " + failure.getMessage();
    }

    @Override
    public boolean isReachable() {
        return endpoints.oneAnswers(config.probeTimeout());
    }

    @Override
    public boolean has(ModelSpec model) {
        if (model.isPath()) {
            return false;
        }
        try {
            return models.find(model, models.ask(config.probeTimeout())) != null;
        } catch (LocalModelException e) {
            return false;
        }
    }

    @Override
    public List<ModelEntry> list() {
        List<ModelEntry> entries = new ArrayList<>();
        models.ask(config.timeout())
                .forEach((id, model) -> entries.add(new ModelEntry(
                        id, name(), size(model), null, time(JsonFields.integer(model, "created")), false)));
        entries.sort(Comparator.comparing(ModelEntry::modifiedAt).reversed());
        return entries;
    }

    @Override
    public ModelInfo info(ModelSpec model) {
        String name = serverName(model);
        Map<?, ?> described = models.ask(config.timeout()).get(name);
        if (described == null) {
            throw errors.status(config.urls().getFirst(), 404, "", model.id());
        }
        Map<String, String> details = new LinkedHashMap<>();
        putIfPresent(details, "owned_by", JsonFields.string(described, "owned_by"));
        putIfPresent(details, "root", JsonFields.string(described, "root"));
        // vLLM and SGLang say max_model_len, llama-server says it and more in meta.
        Map<?, ?> meta = JsonFields.object(described, "meta");
        Integer context = JsonFields.count(described, "max_model_len");
        context = context == null ? JsonFields.count(meta, "n_ctx_train") : context;
        return new ModelInfo(
                name,
                name(),
                size(described),
                null,
                null,
                null,
                JsonFields.integer(meta, "n_params"),
                context,
                true,
                null,
                details);
    }

    private static long size(Map<?, ?> model) {
        return Math.max(0, JsonFields.integer(JsonFields.object(model, "meta"), "size", 0));
    }

    private static void putIfPresent(Map<String, String> map, String key, @Nullable String value) {
        if (value != null) {
            map.put(key, value);
        }
    }

    private static Instant time(@Nullable Long seconds) {
        try {
            return seconds == null ? Instant.EPOCH : Instant.ofEpochSecond(seconds);
        } catch (DateTimeException e) {
            return Instant.EPOCH;
        }
    }

    @Override
    public PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress) {
        throw errors.unsupported(
                "The servers of " + name() + " offer the models that they were started with",
                "Start a server with the model, for instance: `vllm serve " + model.id() + "`",
                "Pull it to this machine: `llmspell model pull " + model.id() + "@candle`");
    }

    @Override
    public ChatStream chat(ChatRequest request) {
        return OpenAiChat.start(config, errors, request, serverName(request.model()), endpoints);
    }

    @Override
    public Embeddings embed(ModelSpec model, List<String> texts, EmbeddingOptions options) {
        if (options.pooling() != null || !options.normalized()) {
            throw errors.unsupported(
                    "The OpenAI interface pools and normalizes embeddings as the server does, and in no other way",
                    "Leave the pooling out",
                    "Use the embedded backend: NAME:VARIANT@candle");
        }
        if (texts.isEmpty()) {
            return new Embeddings(List.of(), 0);
        }
        String name = serverName(model);
        Map<String, @Nullable Object> question = new LinkedHashMap<>();
        question.put("model", name);
        question.put("input", texts);
        question.put("encoding_format", "float");
        if (options.truncated() && config.extensions()) {
            question.put("truncate_prompt_tokens", -1);
        }
        LocalModelException failure = null;
        for (Endpoints.Endpoint server : endpoints.inOrder()) {
            server.began();
            try {
                return embeddings(
                        server.address(),
                        server.service().ask("POST", "/embeddings", question, name, config.idleTimeout()),
                        texts.size());
            } catch (LocalModelException e) {
                server.failed(e);
                if (!OpenAiErrors.anotherMight(e)) {
                    throw e;
                }
                failure = e;
            } finally {
                server.ended();
            }
        }
        throw failure == null ? errors.cancelled() : failure;
    }

    private Embeddings embeddings(URI address, Map<?, ?> reply, int texts) {
        float[] @Nullable [] vectors = new float[texts][];
        List<Map<?, ?>> data = JsonFields.objects(reply, "data");
        for (int i = 0; i < data.size(); i++) {
            long index = JsonFields.integer(data.get(i), "index", i);
            if (index >= 0 && index < texts) {
                vectors[(int) index] = JsonFields.floats(data.get(i).get("embedding"));
            }
        }
        List<float[][]> all = new ArrayList<>(texts);
        for (float[] vector : vectors) {
            if (vector == null) {
                throw errors.protocol(address, "it did not embed every text as a list of numbers");
            }
            all.add(new float[][] {vector});
        }
        return new Embeddings(all, JsonFields.count(JsonFields.object(reply, "usage"), "prompt_tokens"));
    }

    @Override
    public void remove(ModelSpec model) {
        throw errors.unsupported("The models of " + name() + " are its servers' own and are not removed from here");
    }

    private String serverName(ModelSpec model) {
        if (model.isPath()) {
            throw errors.unsupported(
                    "The servers of " + name() + " cannot run the file '" + model.name() + "'",
                    "Run it on the embedded backend: " + model.name() + "@candle");
        }
        return models.nameFor(model);
    }

    @Override
    public void close() {
        endpoints.close();
    }
}
