package org.llmspell.engine.model;

import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** Reads the reference data's lists. */
final class Goldens {
    private Goldens() {}

    static int[] ints(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
    }
}
