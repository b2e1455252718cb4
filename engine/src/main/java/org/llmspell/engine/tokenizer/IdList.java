package org.llmspell.engine.tokenizer;

import java.util.Arrays;

/** A growing list of token ids. Not thread-safe. */
final class IdList {
    private int[] ids = new int[64];
    private int size;

    void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, 2 * size);
        }
        ids[size++] = id;
    }

    int size() {
        return size;
    }

    /** Forgets all but the first {@code length}. */
    void truncate(int length) {
        size = length;
    }

    int last() {
        return ids[size - 1];
    }

    int[] toArray() {
        return Arrays.copyOf(ids, size);
    }
}
