package org.llmspell.engine.tokenizer;

import java.util.Arrays;

/**
 * The neighbouring symbols that may merge, best first: a binary heap of (priority, position of the left symbol), both in
 * one long so that nothing is boxed. Equal priorities merge from the left. Not thread-safe.
 */
final class MergeQueue {
    private long[] heap = new long[64];
    private int size;

    static int priority(long entry) {
        return (int) (entry >> 32);
    }

    static int position(long entry) {
        return (int) entry;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Adds a pair; lower priorities come first. */
    void push(int priority, int position) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        long entry = (long) priority << 32 | position;
        int child = size++;
        while (child > 0) {
            int parent = (child - 1) >>> 1;
            if (heap[parent] <= entry) {
                break;
            }
            heap[child] = heap[parent];
            child = parent;
        }
        heap[child] = entry;
    }

    long pop() {
        long first = heap[0];
        long entry = heap[--size];
        int parent = 0;
        for (int child = 1; child < size; child = 2 * parent + 1) {
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (entry <= heap[child]) {
                break;
            }
            heap[parent] = heap[child];
            parent = child;
        }
        heap[parent] = entry;
        return first;
    }
}
