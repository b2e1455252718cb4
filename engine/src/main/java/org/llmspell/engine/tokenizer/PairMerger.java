package org.llmspell.engine.tokenizer;

/**
 * Merges the symbols of one piece of text after the other, with memory that is reused from piece to piece: neighbours merge in
 * the order of the merge list, the left ones first, in a time of n·log n. Not thread-safe.
 */
final class PairMerger {
    private final MergeTable merges;
    private final MergeQueue queue = new MergeQueue();
    private int[] symbols = new int[64];
    private int[] next = new int[64];
    private int[] previous = new int[64];
    /** By position: the rank of its merge with the next as last queued, −1 if none; older entries are stale. */
    private int[] queued = new int[64];

    private int count;

    PairMerger(MergeTable merges) {
        this.merges = merges;
    }

    /** Begins a piece of at most {@code most} symbols. */
    void begin(int most) {
        if (symbols.length < most) {
            int capacity = Math.max(most, 2 * symbols.length);
            symbols = new int[capacity];
            next = new int[capacity];
            previous = new int[capacity];
            queued = new int[capacity];
        }
        count = 0;
    }

    /** Adds a symbol; a negative one merges with none. */
    void add(int symbol) {
        symbols[count++] = symbol;
    }

    /** Merges all that can merge. What is left are the symbols at position 0 if there is any, then at each {@link #next}. */
    void merge() {
        for (int i = 0; i < count; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i < count; i++) {
            queue(i);
        }
        while (!queue.isEmpty()) {
            long entry = queue.pop();
            int left = MergeQueue.position(entry);
            int rank = MergeQueue.priority(entry);
            if (queued[left] != rank) {
                continue;
            }
            int right = next[left];
            symbols[left] = merges.merged(rank);
            next[left] = next[right];
            queued[right] = -1;
            if (next[left] < count) {
                previous[next[left]] = left;
            }
            queue(left);
            if (previous[left] >= 0) {
                queue(previous[left]);
            }
        }
    }

    private void queue(int left) {
        int right = next[left];
        queued[left] = right < count ? merges.rank(symbols[left], symbols[right]) : -1;
        if (queued[left] >= 0) {
            queue.push(queued[left], left);
        }
    }

    /** Where the symbols end. */
    int count() {
        return count;
    }

    /** The position of the symbol after the one at {@code position}; {@link #count} after the last. */
    int next(int position) {
        return next[position];
    }

    int symbol(int position) {
        return symbols[position];
    }
}
