package org.llmspell.server.ollama;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ResidentModel;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.ollama.OllamaBackend;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.http.Exchange;

/** What models there are: {@code /api/tags}, {@code /api/ps}, {@code /api/show}, {@code /api/delete}. */
final class OllamaCatalog {
    /** For ever, in a form that clients' dates can hold. */
    private static final Duration FOR_EVER = Duration.ofDays(365 * 100);

    private final Catalog catalog;

    OllamaCatalog(Catalog catalog) {
        this.catalog = catalog;
    }

    void tags(Exchange exchange) throws IOException {
        Map<String, Map<?, ?>> asOllamaSays = new HashMap<>();
        catalog.ollama()
                .map(OllamaCatalog::tagsOrNone)
                .orElse(List.of())
                .forEach(model -> asOllamaSays.put(String.valueOf(model.get("name")), model));
        List<Map<String, @Nullable Object>> models = new ArrayList<>();
        for (Catalog.Listed listed : catalog.list()) {
            Map<?, ?> said = listed.entry().backend().equals(OllamaBackend.NAME)
                    ? asOllamaSays.get(listed.entry().id())
                    : null;
            models.add(said == null ? entry(listed) : renamed(said, listed.name()));
        }
        exchange.json(200, Map.of("models", models));
    }

    private static List<Map<?, ?>> tagsOrNone(OllamaBackend ollama) {
        try {
            return ollama.tags();
        } catch (LocalModelException e) {
            return List.of(); // it went away between two questions
        }
    }

    private static Map<String, @Nullable Object> renamed(Map<?, ?> said, String name) {
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("name", name);
        model.put("model", name);
        said.forEach((key, value) -> model.putIfAbsent(String.valueOf(key), value));
        return model;
    }

    private Map<String, @Nullable Object> entry(Catalog.Listed listed) throws IOException {
        ModelEntry entry = listed.entry();
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("name", listed.name());
        model.put("model", listed.name());
        model.put("modified_at", entry.modifiedAt().toString());
        model.put("size", entry.sizeBytes());
        ModelInfo info = null;
        ModelFacts facts = null;
        try {
            if (entry.backend().equals("candle")) {
                info = catalog.candle().orElseThrow().info(ModelSpec.parseName(entry.id()));
                facts = facts(info, false);
            }
        } catch (LocalModelException | IOException e) {
            // Listed all the same, so that it can be deleted.
            System.getLogger(OllamaCatalog.class.getName())
                    .log(System.Logger.Level.DEBUG, "cannot read " + entry.id(), e);
        }
        model.put("digest", ModelFacts.digest(entry, info));
        model.put("details", facts == null ? Map.of() : facts.details());
        model.put("capabilities", facts == null ? List.of() : facts.capabilities());
        return model;
    }

    void ps(Exchange exchange) {
        List<Map<?, ?>> models = new ArrayList<>();
        catalog.ollama().ifPresent(ollama -> {
            try {
                models.addAll(ollama.running());
            } catch (LocalModelException e) {
                System.getLogger(OllamaCatalog.class.getName())
                        .log(System.Logger.Level.DEBUG, "Ollama does not say what it runs", e);
            }
        });
        catalog.candle().ifPresent(candle -> {
            Map<Path, Catalog.Listed> byFile = byFile(candle);
            for (ResidentModel resident : candle.residentModels()) {
                models.add(resident(resident, candle, byFile.get(resident.file())));
            }
        });
        exchange.json(200, Map.of("models", models));
    }

    private Map<Path, Catalog.Listed> byFile(CandleBackend candle) {
        Map<Path, Catalog.Listed> byFile = new HashMap<>();
        for (Catalog.Listed listed : catalog.list()) {
            if (listed.entry().backend().equals(candle.name())) {
                try {
                    byFile.putIfAbsent(
                            candle.locate(ModelSpec.parseName(listed.entry().id()))
                                    .toRealPath(),
                            listed);
                } catch (LocalModelException | IOException e) {
                    System.getLogger(OllamaCatalog.class.getName())
                            .log(System.Logger.Level.DEBUG, "gone meanwhile: " + listed.name(), e);
                }
            }
        }
        return byFile;
    }

    private static Map<String, @Nullable Object> resident(
            ResidentModel resident, CandleBackend candle, Catalog.@Nullable Listed listed) {
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        String name = listed == null ? String.valueOf(resident.file().getFileName()) : listed.name();
        model.put("name", name);
        model.put("model", name);
        model.put("size", resident.sizeBytes());
        ModelInfo info = null;
        if (listed != null) {
            info = candle.info(ModelSpec.parseName(listed.entry().id()));
            model.put("digest", ModelFacts.digest(listed.entry(), info));
            model.put("details", ModelFacts.details(info));
        }
        Instant expires = Optional.ofNullable(resident.expiresAt())
                .orElseGet(() -> Instant.now().plus(FOR_EVER));
        model.put("expires_at", expires.toString());
        model.put("size_vram", 0);
        model.put("context_length", resident.contextLength());
        return model;
    }

    void show(Exchange exchange) throws IOException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(OllamaTransfers.named(body));
        boolean verbose = body.flag("verbose", false);
        switch (target.backend()) {
            case OllamaBackend ollama -> {
                Map<String, @Nullable Object> shown = new LinkedHashMap<>(ollama.show(target.spec(), verbose));
                shown.putIfAbsent("model_info", Map.of());
                exchange.json(200, shown);
            }
            default -> exchange.json(200, shown(target, verbose));
        }
    }

    private static Map<String, @Nullable Object> shown(Catalog.Target target, boolean verbose) throws IOException {
        ModelInfo info = target.backend().info(target.spec());
        ModelFacts facts = facts(info, verbose);
        Map<String, @Nullable Object> shown = new LinkedHashMap<>();
        shown.put("license", facts.license());
        shown.put("modelfile", "# Runs in this server; there is no Modelfile\nFROM " + info.id() + "\n");
        shown.put("parameters", "");
        shown.put("template", facts.template());
        shown.put("system", "");
        shown.put("details", facts.details());
        shown.put("model_info", facts.metadata());
        shown.put("capabilities", facts.capabilities());
        String installed = info.details().get("installed_at");
        shown.put("modified_at", installed == null ? Instant.EPOCH.toString() : installed);
        return shown;
    }

    private static ModelFacts facts(ModelInfo info, boolean verbose) throws IOException {
        return info.path() == null ? ModelFacts.elsewhere(info) : ModelFacts.read(info, Path.of(info.path()), verbose);
    }

    void delete(Exchange exchange) throws IOException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(OllamaTransfers.named(body));
        target.backend().remove(target.spec());
        catalog.changed();
        exchange.empty(200);
    }
}
