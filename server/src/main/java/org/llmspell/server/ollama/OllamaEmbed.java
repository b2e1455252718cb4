package org.llmspell.server.ollama;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Embeddings;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;

/** {@code /api/embed}, and {@code /api/embeddings} of older clients. */
final class OllamaEmbed {
    private final Catalog catalog;
    private final Embeddings embeddings;

    OllamaEmbed(Catalog catalog, Embeddings embeddings) {
        this.catalog = catalog;
        this.embeddings = embeddings;
    }

    void embed(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        OllamaOptions.read(body);
        if (!body.has("input")) {
            throw HttpFailure.wrong("input", "input is required: a text or a list of texts");
        }
        List<String> texts = body.strings("input", Embeddings.MOST_TEXTS);
        Long dimensions = body.whole("dimensions", 1, Integer.MAX_VALUE);
        boolean truncate = body.flag("truncate", true);
        Embeddings.Vectors made =
                embeddings.embed(target, texts, dimensions == null ? 0 : Math.toIntExact(dimensions), truncate);
        Map<String, @Nullable Object> reply = new LinkedHashMap<>();
        reply.put("model", target.name());
        reply.put("embeddings", made.lists());
        reply.put("total_duration", System.nanoTime() - exchange.startedAt());
        reply.put("load_duration", made.loadTime().toNanos());
        reply.put("prompt_eval_count", made.tokens());
        exchange.json(200, reply);
    }

    void embeddings(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        OllamaOptions.read(body);
        String prompt = body.string("prompt", "");
        Map<String, @Nullable Object> reply = new LinkedHashMap<>();
        reply.put(
                "embedding",
                prompt.isEmpty()
                        ? List.of()
                        : embeddings
                                .embed(target, List.of(prompt), 0, true)
                                .lists()
                                .getFirst());
        exchange.json(200, reply);
    }
}
