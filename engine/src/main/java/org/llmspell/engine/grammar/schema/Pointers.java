package org.llmspell.engine.grammar.schema;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.GrammarErrors;

/** JSON pointers (RFC 6901) into a schema: places in messages, and what a {@code $ref} refers to. */
final class Pointers {
    private Pointers() {}

    /** The place {@code key} below {@code path}; the root is {@code #}. */
    static String below(String path, String key) {
        return path + "/" + key.replace("~", "~0").replace("/", "~1");
    }

    /**
     * The schema that {@code reference}, found at {@code path}, refers to.
     *
     * @throws EngineException of kind {@code INVALID_OPTION} if there is none in this document
     */
    static Object resolve(@Nullable Object root, String reference, String path) {
        if (!reference.startsWith("#") || (reference.length() > 1 && reference.charAt(1) != '/')) {
            throw GrammarErrors.invalid("The JSON Schema's " + path + " refers to " + GrammarErrors.quote(reference)
                    + "; only places in the same schema can be referred to, such as \"#/$defs/name\"");
        }
        Object value = root;
        if (reference.length() > 1) {
            for (String escaped : decoded(reference.substring(2)).split("/", -1)) {
                String key = escaped.replace("~1", "/").replace("~0", "~");
                value = step(value, key);
                if (value == null) {
                    throw GrammarErrors.invalid("The JSON Schema's " + path + " refers to "
                            + GrammarErrors.quote(reference) + ", which is not there");
                }
            }
        }
        if (!(value instanceof Map<?, ?>) && !(value instanceof Boolean)) {
            throw GrammarErrors.invalid("The JSON Schema's " + path + " refers to " + GrammarErrors.quote(reference)
                    + ", which is no schema");
        }
        return value;
    }

    private static @Nullable Object step(@Nullable Object value, String key) {
        return switch (value) {
            case Map<?, ?> map -> map.get(key);
            case List<?> list -> {
                int index = key.matches("0|[1-9][0-9]{0,8}") ? Integer.parseInt(key) : -1;
                yield index >= 0 && index < list.size() ? list.get(index) : null;
            }
            case null, default -> null;
        };
    }

    /** Without the percent-encoding of URIs. */
    private static String decoded(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        byte[] encoded = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        for (int i = 0; i < encoded.length; i++) {
            int high = i + 2 < encoded.length ? Character.digit(encoded[i + 1], 16) : -1;
            int low = i + 2 < encoded.length ? Character.digit(encoded[i + 2], 16) : -1;
            if (encoded[i] == '%' && high >= 0 && low >= 0) {
                bytes.write(high << 4 | low);
                i += 2;
            } else {
                bytes.write(encoded[i]);
            }
        }
        return bytes.toString(java.nio.charset.StandardCharsets.UTF_8);
    }
}
