package org.llmspell.server.ollama;

import java.util.LinkedHashMap;
import java.util.Map;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Embeddings;
import org.llmspell.server.api.Generations;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.Routes;

/** The Ollama interface: {@code /api/…}, as its clients of 2026 know it. */
public final class OllamaRoutes {
    /** The version of Ollama whose interface this is: clients compare it with the one that they need. */
    private static final String INTERFACE_VERSION = "0.33.0";

    private OllamaRoutes() {}

    /** Adds its routes. */
    public static void add(Routes routes, Catalog catalog, Generations generations, Embeddings embeddings) {
        OllamaChat chat = new OllamaChat(catalog, generations);
        OllamaCatalog models = new OllamaCatalog(catalog);
        OllamaBlobs blobs = new OllamaBlobs(catalog);
        OllamaTransfers transfers = new OllamaTransfers(catalog, blobs);
        OllamaEmbed embed = new OllamaEmbed(catalog, embeddings);
        routes.on("GET", "/api/version", exchange -> exchange.json(200, version()))
                .on("POST", "/api/generate", chat::generate)
                .on("POST", "/api/chat", chat::chat)
                .on("POST", "/api/embed", embed::embed)
                .on("POST", "/api/embeddings", embed::embeddings)
                .on("GET", "/api/tags", models::tags)
                .on("GET", "/api/ps", models::ps)
                .on("POST", "/api/show", models::show)
                .on("DELETE", "/api/delete", models::delete)
                .on("POST", "/api/pull", transfers::pull)
                .on("POST", "/api/create", transfers::create)
                .on("POST", "/api/copy", transfers::copy)
                .on("HEAD", "/api/blobs/*", blobs::head)
                .onUpload("POST", "/api/blobs/*", blobs::receive)
                .on("POST", "/api/push", exchange -> {
                    throw new HttpFailure(501, "push is not supported");
                });
    }

    private static Map<String, Object> version() {
        Map<String, Object> version = new LinkedHashMap<>();
        version.put("version", INTERFACE_VERSION);
        String own = OllamaRoutes.class.getPackage().getImplementationVersion();
        version.put("llmspell", own == null ? "development" : own);
        return version;
    }
}
