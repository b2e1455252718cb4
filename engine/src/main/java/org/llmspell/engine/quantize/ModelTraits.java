package org.llmspell.engine.quantize;

import java.util.OptionalInt;
import org.llmspell.gguf.GgufArray;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufMetadata;

/**
 * The hyper-parameters on which the choice of formats depends.
 *
 * @param layers 0 where the file does not say
 * @param sharedHeads query heads for each key-value head, in the first layer; 0 without attention there
 * @param heads query heads of the first layer
 * @param experts 0 without
 */
record ModelTraits(String architecture, int layers, int heads, int sharedHeads, int experts) {
    static ModelTraits of(GgufMetadata metadata) throws GgufException {
        String architecture =
                metadata.string("general.architecture").orElseThrow(() -> metadata.missing("general.architecture"));
        int heads = first(metadata, architecture + ".attention.head_count", 0);
        int keyValueHeads = first(metadata, architecture + ".attention.head_count_kv", heads);
        return new ModelTraits(
                architecture,
                metadata.intValue(architecture + ".block_count").orElse(0),
                heads,
                keyValueHeads <= 0 ? 0 : heads / keyValueHeads,
                metadata.intValue(architecture + ".expert_count").orElse(0));
    }

    /** A number, or the first of one for each layer. */
    private static int first(GgufMetadata metadata, String key, int absent) throws GgufException {
        if (metadata.get(key).orElse(null) instanceof GgufArray) {
            int[] values = metadata.ints(key).orElseThrow();
            return values.length == 0 ? absent : values[0];
        }
        OptionalInt value = metadata.intValue(key);
        return value.orElse(absent);
    }

    boolean isFalcon() {
        return architecture.equals("falcon");
    }

    /** Eight experts: then attention is so small a part of the file that it gets more bits. */
    boolean hasEightExperts() {
        return experts == 8;
    }

    /** The one shape of Llama 2 and 3 with 70 billion parameters, whose values are shared by many heads. */
    boolean isLlama70B() {
        return architecture.equals("llama") && layers == 80 && sharedHeads != 1;
    }
}
