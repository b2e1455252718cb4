package org.llmspell.engine.sampling;

/**
 * Finds the largest of many values without sorting all of them: a bounded heap with the worst survivor on top, so that
 * most of a vocabulary is looked at once and dropped. Ties go to the lower index. Reusable; not thread-safe.
 */
final class TopSelection {
    private int[] ids = new int[0];
    private int size;

    /** Selects the {@code count} largest of the first {@code length} values (all, if there are fewer). */
    void select(float[] values, int length, int count) {
        int capacity = Math.min(count, length);
        if (ids.length < capacity) {
            ids = new int[capacity];
        }
        size = 0;
        for (int id = 0; id < length; id++) {
            if (size < capacity) {
                int slot = size++;
                while (slot > 0 && worse(values, id, ids[(slot - 1) >> 1])) {
                    ids[slot] = ids[(slot - 1) >> 1];
                    slot = (slot - 1) >> 1;
                }
                ids[slot] = id;
            } else if (capacity > 0 && values[id] > values[ids[0]]) {
                sink(values, id, size);
            }
        }
        for (int end = size - 1; end > 0; end--) {
            int worst = ids[0];
            sink(values, ids[end], end);
            ids[end] = worst;
        }
    }

    int size() {
        return size;
    }

    /** The index of the {@code rank}-th largest value, from 0. */
    int id(int rank) {
        return ids[rank];
    }

    /** Puts the index at rank {@code from} at rank {@code to}, overwriting what was there. */
    void move(int from, int to) {
        ids[to] = ids[from];
    }

    /** Drops what {@code filter} does not allow, up to {@code count} that it does; how many are left. */
    int keep(TokenFilter filter, int count) {
        int kept = 0;
        for (int rank = 0; rank < size && kept < count; rank++) {
            if (filter.allows(ids[rank])) {
                ids[kept++] = ids[rank];
            }
        }
        size = kept;
        return kept;
    }

    private void sink(float[] values, int id, int heapSize) {
        int slot = 0;
        while (true) {
            int child = 2 * slot + 1;
            if (child >= heapSize) {
                break;
            }
            if (child + 1 < heapSize && worse(values, ids[child + 1], ids[child])) {
                child++;
            }
            if (!worse(values, ids[child], id)) {
                break;
            }
            ids[slot] = ids[child];
            slot = child;
        }
        ids[slot] = id;
    }

    private static boolean worse(float[] values, int a, int b) {
        return values[a] < values[b] || (values[a] == values[b] && a > b);
    }
}
