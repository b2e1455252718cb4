package org.llmspell.local.openai;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.config.OpenAiConfig;
import org.llmspell.local.json.JsonFields;

/** The models that a provider's servers offer, and which of them a specification means. Thread-safe. */
final class ServerModels {
    /** Servers of engines offer what they were started with. */
    private static final long REMEMBERED_NANOS = Duration.ofMinutes(1).toNanos();

    private static final String HUGGING_FACE = "hf.co/";

    private final OpenAiConfig config;
    private final Endpoints endpoints;
    private volatile @Nullable Remembered remembered;

    private record Remembered(Map<String, Map<?, ?>> models, long until) {}

    ServerModels(OpenAiConfig config, Endpoints endpoints) {
        this.config = config;
        this.endpoints = endpoints;
    }

    /**
     * The models of all servers that answer, by their ids, each as its server describes it.
     *
     * @throws LocalModelException if no server answers
     */
    Map<String, Map<?, ?>> ask(Duration timeout) {
        Listing listing = list(timeout);
        if (listing.failures.size() == endpoints.all().size()) {
            throw listing.failures.values().iterator().next();
        }
        return listing.models;
    }

    /**
     * What the servers answer when they are asked for their models.
     *
     * @param models of all that answer, by their ids, each as its server describes it
     * @param failures of the others, in the order in which they were asked
     */
    record Listing(Map<String, Map<?, ?>> models, Map<Endpoints.Endpoint, LocalModelException> failures) {}

    /**
     * Asks every server.
     *
     * @param timeout for each
     * @throws LocalModelException of kind {@code CANCELLED} if the thread is interrupted
     */
    Listing list(Duration timeout) {
        Map<String, Map<?, ?>> models = new LinkedHashMap<>();
        Map<Endpoints.Endpoint, LocalModelException> failures = new LinkedHashMap<>();
        List<Endpoints.Endpoint> asked = endpoints.inOrder();
        for (Endpoints.Endpoint server : asked) {
            try {
                Map<?, ?> listing = server.service().ask("GET", "/models", null, null, timeout);
                for (Map<?, ?> model : JsonFields.objects(listing, "data")) {
                    String id = JsonFields.string(model, "id");
                    if (id != null) {
                        models.putIfAbsent(id, model);
                    }
                }
            } catch (LocalModelException e) {
                if (e.kind() == Kind.CANCELLED) {
                    throw e;
                }
                failures.put(server, e);
            }
        }
        if (failures.size() < asked.size()) {
            remembered = new Remembered(models, System.nanoTime() + REMEMBERED_NANOS);
        }
        return new Listing(models, failures);
    }

    /** What the servers call the model; its own name where they offer none like it, or do not say. */
    String nameFor(ModelSpec model) {
        String offered = find(model, recent());
        return offered == null ? wanted(model) : offered;
    }

    private Map<String, Map<?, ?>> recent() {
        Remembered last = remembered;
        if (last != null && last.until - System.nanoTime() > 0) {
            return last.models;
        }
        try {
            return ask(config.timeout());
        } catch (LocalModelException e) {
            if (e.kind() == Kind.CANCELLED) {
                throw e;
            }
            return Map.of(); // The request itself will say what is wrong.
        }
    }

    /**
     * The id of the model that a specification means: a name of the configuration's own, the id itself in any case, or the last part
     * of one id alone, such as {@code Qwen3-8B} for {@code Qwen/Qwen3-8B}. Null for none.
     */
    @Nullable
    String find(ModelSpec model, Map<String, ?> offered) {
        String wanted = wanted(model);
        if (offered.containsKey(wanted)) {
            return wanted;
        }
        List<String> same = new ArrayList<>();
        List<String> ends = new ArrayList<>();
        for (String id : offered.keySet()) {
            if (id.equalsIgnoreCase(wanted)) {
                same.add(id);
            } else if (lastPart(id).equals(lower(wanted)) || lastPart(id).equals(lower(wanted) + ".gguf")) {
                ends.add(id);
            }
        }
        return same.size() == 1 ? same.getFirst() : same.isEmpty() && ends.size() == 1 ? ends.getFirst() : null;
    }

    private String wanted(ModelSpec model) {
        String id = model.id();
        for (Map.Entry<String, String> alias : config.models().entrySet()) {
            if (alias.getKey().equalsIgnoreCase(id)) {
                return alias.getValue();
            }
        }
        return id.startsWith(HUGGING_FACE) ? id.substring(HUGGING_FACE.length()) : id;
    }

    private static String lastPart(String id) {
        return lower(id.substring(id.lastIndexOf('/') + 1));
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
