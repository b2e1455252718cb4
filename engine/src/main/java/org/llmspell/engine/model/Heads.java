package org.llmspell.engine.model;

/**
 * How attention is divided into heads, read from {@code attention.head_count} and its companions.
 *
 * @param query query heads
 * @param keyValue key-value heads of each layer; each divides {@code query}, or is 0 for a layer without attention
 * @param keyDimension elements of a query or key head
 * @param valueDimension elements of a value head
 */
@SuppressWarnings("ArrayRecordComponent") // read once a model, never compared
record Heads(int query, int[] keyValue, int keyDimension, int valueDimension) {
    /** Heads whose dimension, where the file does not say, is the embedding's divided by their number. */
    static Heads read(Hyperparameters parameters, int layers, int embedding, int leastKeyValue) {
        int heads = parameters.positive("attention.head_count", 1 << 16, 0);
        if (heads == 0) {
            throw parameters.broken("metadata key " + parameters.full("attention.head_count") + " is missing");
        }
        int[] keyValue = parameters.perLayer("attention.head_count_kv", layers, leastKeyValue, heads);
        for (int count : keyValue) {
            if (count > 0 && heads % count != 0) {
                throw parameters.broken("%s %d is not a multiple of %s %d"
                        .formatted(
                                parameters.full("attention.head_count"),
                                heads,
                                parameters.full("attention.head_count_kv"),
                                count));
            }
        }
        int keyDimension = parameters.positiveOr("attention.key_length", 0);
        int valueDimension = parameters.positiveOr("attention.value_length", 0);
        if ((keyDimension == 0 || valueDimension == 0) && embedding % heads != 0) {
            throw parameters.broken("%s %d is not a multiple of %s %d"
                    .formatted(
                            parameters.full("embedding_length"),
                            embedding,
                            parameters.full("attention.head_count"),
                            heads));
        }
        return new Heads(
                heads,
                keyValue,
                keyDimension == 0 ? embedding / heads : keyDimension,
                valueDimension == 0 ? embedding / heads : valueDimension);
    }

    int mostKeyValue() {
        int most = 0;
        for (int count : keyValue) {
            most = Math.max(most, count);
        }
        return most;
    }

    Dimension queryWidth() {
        return new Dimension("attention.head_count · key length", (long) query * keyDimension);
    }

    Dimension keyWidth(int layer) {
        return new Dimension("attention.head_count_kv · key length", (long) keyValue[layer] * keyDimension);
    }

    Dimension valueWidth(int layer) {
        return new Dimension("attention.head_count_kv · value length", (long) keyValue[layer] * valueDimension);
    }

    Dimension attendedWidth() {
        return new Dimension("attention.head_count · value length", (long) query * valueDimension);
    }
}
