package org.llmspell.server.openai;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Embeddings;
import org.llmspell.server.api.Generations;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.Routes;

/** The OpenAI interface: {@code /v1/…} but for Anthropic's route. */
public final class OpenAiRoutes {
    private static final String MODEL = "/v1/models/";

    private final Catalog catalog;
    private final Embeddings embeddings;

    private OpenAiRoutes(Catalog catalog, Embeddings embeddings) {
        this.catalog = catalog;
        this.embeddings = embeddings;
    }

    /** Adds its routes. */
    public static void add(Routes routes, Catalog catalog, Generations generations, Embeddings embeddings) {
        OpenAiRoutes own = new OpenAiRoutes(catalog, embeddings);
        routes.on("POST", "/v1/chat/completions", new ChatCompletions(catalog, generations)::handle)
                .on("POST", "/v1/completions", new Completions(catalog, generations)::handle)
                .on("POST", "/v1/responses", new Responses(catalog, generations)::handle)
                .on("POST", "/v1/embeddings", own::embeddings)
                .on("GET", "/v1/models", own::models)
                .on("GET", MODEL + "*", own::model)
                .on("DELETE", MODEL + "*", own::delete);
    }

    private void models(Exchange exchange) {
        List<Map<String, @Nullable Object>> models = new ArrayList<>();
        for (Catalog.Listed listed : catalog.list()) {
            models.add(model(listed.name(), listed.entry().modifiedAt().getEpochSecond()));
        }
        exchange.json(200, OpenAiReplies.map("object", "list", "data", models));
    }

    private void model(Exchange exchange) {
        Catalog.Target target = catalog.find(exchange.path().substring(MODEL.length()));
        long created = catalog.list().stream()
                .filter(listed -> listed.name().equalsIgnoreCase(target.spec().id()))
                .map(listed -> listed.entry().modifiedAt().getEpochSecond())
                .findFirst()
                .orElse(0L);
        exchange.json(200, model(target.name(), created));
    }

    private void delete(Exchange exchange) {
        Catalog.Target target = catalog.find(exchange.path().substring(MODEL.length()));
        target.backend().remove(target.spec());
        catalog.changed();
        exchange.json(200, OpenAiReplies.map("id", target.name(), "object", "model", "deleted", true));
    }

    private static Map<String, @Nullable Object> model(String name, long created) {
        return OpenAiReplies.map("id", name, "object", "model", "created", created, "owned_by", "llmspell");
    }

    private void embeddings(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        List<String> texts = body.strings("input", Embeddings.MOST_TEXTS);
        if (texts.isEmpty()) {
            throw HttpFailure.wrong("input", "input is required: a text or a list of texts");
        }
        String format = body.string("encoding_format", "float");
        if (!format.equals("float") && !format.equals("base64")) {
            throw HttpFailure.wrong("encoding_format", "encoding_format must be float or base64");
        }
        Long dimensions = body.whole("dimensions", 1, Integer.MAX_VALUE);
        Embeddings.Vectors made =
                embeddings.embed(target, texts, dimensions == null ? 0 : Math.toIntExact(dimensions), false);
        List<List<Double>> lists = format.equals("float") ? made.lists() : List.of();
        List<Map<String, @Nullable Object>> data = new ArrayList<>();
        for (int i = 0; i < made.vectors().size(); i++) {
            Object vector = format.equals("base64") ? base64(made.vectors().get(i)) : lists.get(i);
            data.add(OpenAiReplies.map("object", "embedding", "index", i, "embedding", vector));
        }
        exchange.json(
                200,
                OpenAiReplies.map(
                        "object",
                        "list",
                        "data",
                        data,
                        "model",
                        target.name(),
                        "usage",
                        OpenAiReplies.map("prompt_tokens", made.tokens(), "total_tokens", made.tokens())));
    }

    /** Little-endian float32, as OpenAI's own clients ask for it. */
    private static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
