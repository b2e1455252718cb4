package org.llmspell.server.ollama;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.GgufArray;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufMetadata;
import org.llmspell.gguf.GgufString;
import org.llmspell.gguf.GgufValue;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.store.Sha256;

/** What is known of a model, most of it from its GGUF file, in the fields of Ollama's replies. */
final class ModelFacts {
    private static final String TEMPLATE = "tokenizer.chat_template";

    private final ModelInfo info;
    private final Map<String, @Nullable Object> metadata;
    private final String template;
    private final boolean tools;

    private ModelFacts(ModelInfo info, Map<String, @Nullable Object> metadata, String template, boolean tools) {
        this.info = info;
        this.metadata = metadata;
        this.template = template;
        this.tools = tools;
    }

    /**
     * Reads the header of the model's file.
     *
     * @param verbose long arrays too, such as the vocabulary
     */
    static ModelFacts read(ModelInfo info, Path file, boolean verbose) throws IOException {
        try (GgufFile gguf = GgufFile.open(file)) {
            GgufMetadata values = gguf.metadata();
            Map<String, @Nullable Object> metadata = new LinkedHashMap<>();
            for (Map.Entry<String, GgufValue> entry : values.values().entrySet()) {
                if (!entry.getKey().equals(TEMPLATE)) {
                    metadata.put(entry.getKey(), plain(entry.getValue(), verbose));
                }
            }
            metadata.put("general.parameter_count", info.parameterCount());
            String template = values.string(TEMPLATE).orElse("");
            // A template that takes tools says their name.
            return new ModelFacts(info, metadata, template, template.contains("tools"));
        }
    }

    /** Facts of a model whose file is on another machine: it is taken to do what its server's interface can ask for. */
    static ModelFacts elsewhere(ModelInfo info) {
        Map<String, @Nullable Object> metadata = new LinkedHashMap<>();
        metadata.put("general.parameter_count", info.parameterCount());
        return new ModelFacts(info, metadata, "", true);
    }

    private static @Nullable Object plain(GgufValue value, boolean verbose) {
        return switch (value) {
            case GgufString text -> text.text();
            case GgufValue.BoolValue truth -> truth.value();
            case GgufValue.FloatValue number -> number.value();
            case GgufValue.IntegerValue integer -> integer.bits();
            case GgufArray array when verbose -> elements(array);
            case GgufArray array -> null;
        };
    }

    private static List<@Nullable Object> elements(GgufArray array) {
        List<@Nullable Object> elements = new ArrayList<>(array.size());
        for (int i = 0; i < array.size(); i++) {
            elements.add(plain(array.get(i), true));
        }
        return elements;
    }

    String template() {
        return template;
    }

    Map<String, @Nullable Object> metadata() {
        return metadata;
    }

    String license() {
        return metadata.get("general.license") instanceof String license ? license : "";
    }

    List<String> capabilities() {
        List<String> capabilities = new ArrayList<>(List.of("completion"));
        if (tools) {
            capabilities.add("tools");
        }
        return capabilities;
    }

    Map<String, @Nullable Object> details() {
        Map<String, @Nullable Object> details = details(info);
        Object length = info.architecture() == null ? null : metadata.get(info.architecture() + ".embedding_length");
        details.put("embedding_length", length);
        return details;
    }

    /** The details that need no file. */
    static Map<String, @Nullable Object> details(ModelInfo info) {
        Map<String, @Nullable Object> details = new LinkedHashMap<>();
        String family = info.architecture() == null ? "" : info.architecture();
        details.put("parent_model", "");
        details.put("format", info.format() == null ? "" : info.format().toLowerCase(Locale.ROOT));
        details.put("family", family);
        details.put("families", family.isEmpty() ? List.of() : List.of(family));
        details.put("parameter_size", info.parameterCount() == null ? "" : size(info.parameterCount()));
        details.put("quantization_level", info.quantization() == null ? "" : info.quantization());
        details.put("context_length", info.contextLength());
        return details;
    }

    /** A count as Ollama writes it: 1.1B, 137M, 260K. */
    static String size(long count) {
        if (count >= 1_000_000_000) {
            return short1(count / 1e9, "B", 1);
        }
        if (count >= 1_000_000) {
            return short1(count / 1e6, "M", 2);
        }
        return count >= 1000 ? Math.round(count / 1e3) + "K" : String.valueOf(count);
    }

    private static String short1(double number, String unit, int digits) {
        return number == Math.rint(number)
                ? String.format(Locale.ROOT, "%.0f%s", number, unit)
                : String.format(Locale.ROOT, "%." + digits + "f%s", number, unit);
    }

    /**
     * What tells a model from every other: the hash of its file where it is known, else one over name, size and time, since
     * a listing cannot read gigabytes.
     */
    static String digest(ModelEntry entry, @Nullable ModelInfo info) {
        String known = info == null ? null : info.details().get("sha256");
        if (known != null) {
            return known;
        }
        String identity = entry.id() + "\n" + entry.sizeBytes() + "\n" + entry.modifiedAt();
        return Sha256.of(identity.getBytes(StandardCharsets.UTF_8));
    }
}
