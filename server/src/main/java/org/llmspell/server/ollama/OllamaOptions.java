package org.llmspell.server.ollama;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.KeepAliveText;
import org.llmspell.server.api.Body;
import org.llmspell.server.http.HttpFailure;

/**
 * The options of a request as Ollama defines them, with its defaults, as {@link ChatOptions}. Options of Ollama's that have no
 * meaning here are checked for their type and passed over; unknown ones are passed over, as Ollama does.
 */
final class OllamaOptions {
    private enum Type {
        INTEGER("integer"),
        FLOAT("float32"),
        BOOLEAN("boolean"),
        STRINGS("array");

        private final String label;

        Type(String label) {
            this.label = label;
        }

        boolean accepts(Object value) {
            return switch (this) {
                case INTEGER ->
                    value instanceof Number number && number.doubleValue() == Math.rint(number.doubleValue());
                case FLOAT -> value instanceof Number;
                case BOOLEAN -> value instanceof Boolean;
                case STRINGS ->
                    value instanceof String
                            || (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance));
            };
        }
    }

    /**
     * An option.
     *
     * @param ours its name in {@link org.llmspell.local.ChatOption}; null where it has no meaning here
     */
    private record Option(Type type, @Nullable String ours) {}

    private static final Map<String, Option> OPTIONS = options();

    /** Ollama's defaults, where they are not ours. */
    static final ChatOptions DEFAULTS = ChatOptions.parse(
            Map.of("temperature", 0.8, "repeat_penalty", 1.0, "max_tokens", -1, "top_k", 40, "top_p", 0.9));

    private OllamaOptions() {}

    private static Map<String, Option> options() {
        Map<String, Option> options = new HashMap<>();
        for (String name : List.of("top_k", "repeat_last_n", "seed", "draft_tokens")) {
            options.put(name, new Option(Type.INTEGER, name));
        }
        options.put("num_predict", new Option(Type.INTEGER, "max_tokens"));
        options.put("num_ctx", new Option(Type.INTEGER, "context_length"));
        for (String name : List.of(
                "temperature",
                "top_p",
                "min_p",
                "typical_p",
                "repeat_penalty",
                "presence_penalty",
                "frequency_penalty")) {
            options.put(name, new Option(Type.FLOAT, name));
        }
        options.put("stop", new Option(Type.STRINGS, "stop"));
        for (String name : List.of("num_keep", "num_batch", "num_gpu", "main_gpu", "num_thread")) {
            options.put(name, new Option(Type.INTEGER, null));
        }
        for (String name : List.of("use_mmap", "use_mlock", "numa", "low_vram", "penalize_newline")) {
            options.put(name, new Option(Type.BOOLEAN, null));
        }
        return Map.copyOf(options);
    }

    /** The options, {@code keep_alive} and {@code logprobs} of a request. */
    static ChatOptions read(Body body) {
        Map<String, Object> ours = new LinkedHashMap<>();
        Body given = body.object("options");
        if (given != null) {
            given.fields().forEach((name, value) -> {
                Option option = OPTIONS.get(String.valueOf(name));
                if (option != null && value != null) {
                    add(ours, String.valueOf(name), option, value);
                }
            });
        }
        Object keepAlive = body.value("keep_alive");
        if (keepAlive != null) {
            ours.put("keep_alive", keepAlive(keepAlive));
        }
        if (body.flag("logprobs", false)) {
            Long most = body.whole("top_logprobs", 0, 20);
            ours.put("logprobs", most == null ? 0L : most);
        }
        Object format = body.value("format");
        if (format != null && !format.equals("")) {
            ours.put("format", format);
        }
        Object think = body.value("think");
        if (think != null) {
            ours.put("think", think);
        }
        return DEFAULTS.with(ours, Set.of());
    }

    private static void add(Map<String, Object> ours, String name, Option option, Object value) {
        if (!option.type().accepts(value)) {
            throw HttpFailure.wrong(
                    "options." + name, "option \"" + name + "\" must be of type " + option.type().label);
        }
        if (option.ours() == null) {
            return;
        }
        double number = value instanceof Number n ? n.doubleValue() : Double.NaN;
        switch (name) {
            // Zero and −2 (fill the context) are no limit; a context of zero is the default one.
            case "num_predict" -> ours.put(option.ours(), number == 0 || number == -2 ? -1 : value);
            case "num_ctx" -> {
                if (number != 0) {
                    ours.put(option.ours(), value);
                }
            }
            // Zero keeps the likeliest token alone, as the least number over zero does.
            case "top_p", "typical_p" -> ours.put(option.ours(), number == 0 ? 1e-9 : value);
            default -> ours.put(option.ours(), value);
        }
    }

    /** A number of seconds or a duration, in the text that options take. */
    private static String keepAlive(Object value) {
        String text = value instanceof Number number
                ? number.doubleValue() < 0 ? "-1" : String.valueOf(number)
                : value instanceof String given ? given : "";
        return Optional.of(text)
                .flatMap(KeepAliveText::parse)
                .map(KeepAliveText::show)
                .orElseThrow(() -> HttpFailure.wrong(
                        "keep_alive",
                        "invalid keep_alive: it must be a number of seconds or a duration such as \"5m\""));
    }
}
