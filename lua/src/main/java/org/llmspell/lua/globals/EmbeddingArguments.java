package org.llmspell.lua.globals;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.Pooling;
import org.llmspell.lua.vm.LuaFault;
import org.llmspell.lua.vm.LuaStack;

/** Reads what {@code LocalLLM.embed(model, texts, options)} was called with. */
final class EmbeddingArguments {
    private static final String USE = "LocalLLM.embed takes a text or a list of texts";

    private EmbeddingArguments() {}

    /** The text, or the texts of the list. */
    static List<String> texts(LuaStack stack) {
        if (stack.isString(2)) {
            return List.of(stack.toText(2));
        }
        if (!stack.isTable(2)) {
            throw new LuaFault(USE + ", got " + stack.typeName(2));
        }
        Map<Object, Object> table = stack.toMap(2);
        List<String> texts = new ArrayList<>();
        for (long i = 1; i <= table.size(); i++) {
            Object text = table.get(i);
            if (!(text instanceof String written)) {
                throw new LuaFault(
                        USE + ", but " + (text == null ? "the table is no list" : "element " + i + " is no text"));
            }
            texts.add(written);
        }
        return texts;
    }

    /** {@code pooling}, {@code normalize} and {@code truncate}, all of which may be left out. */
    static EmbeddingOptions options(LuaStack stack) {
        Map<Object, Object> table = stack.isTable(3) ? stack.toMap(3) : Map.of();
        if (!stack.isTable(3) && !stack.isNil(3)) {
            throw new LuaFault("the options of LocalLLM.embed must be a table, got " + stack.typeName(3));
        }
        Pooling pooling = null;
        boolean normalized = true;
        boolean truncated = false;
        for (Map.Entry<Object, Object> option : table.entrySet()) {
            switch (String.valueOf(option.getKey())) {
                case "pooling" -> pooling = pooling(option.getValue());
                case "normalize" -> normalized = flag("normalize", option.getValue());
                case "truncate" -> truncated = flag("truncate", option.getValue());
                default ->
                    throw new LuaFault("unknown option \"" + option.getKey()
                            + "\" of LocalLLM.embed; there are pooling, normalize, truncate");
            }
        }
        return new EmbeddingOptions(pooling, normalized, truncated);
    }

    private static @Nullable Pooling pooling(Object value) {
        for (Pooling pooling : Pooling.values()) {
            if (pooling.name().toLowerCase(Locale.ROOT).equals(value)) {
                return pooling;
            }
        }
        throw new LuaFault("pooling must be \"mean\", \"cls\", \"last\" or \"none\", got " + value);
    }

    private static boolean flag(String name, Object value) {
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw new LuaFault(name + " must be true or false, got " + value);
    }
}
