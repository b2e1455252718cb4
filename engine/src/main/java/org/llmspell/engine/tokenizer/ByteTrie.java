package org.llmspell.engine.tokenizer;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Finds which of many byte strings begin at a place of a text, by one step per byte. The children of a node lie side by side in
 * the order of their bytes, about nine bytes of memory per node. Immutable and thread-safe.
 */
final class ByteTrie {
    static final int ROOT = 0;
    private static final int LINEAR = 8;

    /** By node: the byte that leads to it. */
    private final byte[] labels;
    /** By node: its first child; the last is followed by the first child of the next node. */
    private final int[] children;
    /** By node: the value of the key that ends there, or −1. */
    private final int[] values;
    /** The root's children by byte: −1 for none. The root has the most, and is asked most often. */
    private final int[] first = new int[256];

    /**
     * Indexes {@code keys}; an empty key is left out, and of equal keys the first counts.
     *
     * @param numbers the value, from 0, of each key
     */
    ByteTrie(List<byte[]> keys, int[] numbers) {
        int[] order = IntStream.range(0, keys.size())
                .filter(i -> keys.get(i).length > 0)
                .boxed()
                .sorted(Comparator.comparing(keys::get, Arrays::compareUnsigned))
                .mapToInt(Integer::intValue)
                .toArray();
        byte[][] sorted = new byte[order.length][];
        int most = 1;
        for (int i = 0; i < order.length; i++) {
            sorted[i] = keys.get(order[i]);
            most += i == 0 ? sorted[0].length : sorted[i].length - Math.max(0, shared(sorted[i - 1], sorted[i]));
        }
        labels = new byte[most];
        children = new int[most + 1];
        values = new int[most];
        Arrays.fill(values, -1);
        // Level by level: a node is the range of the sorted keys that go through it.
        int[] from = new int[most];
        int[] to = new int[most];
        int[] depth = new int[most];
        to[ROOT] = sorted.length;
        int nodes = 1;
        for (int node = ROOT; node < nodes; node++) {
            children[node] = nodes;
            int at = from[node];
            while (at < to[node] && sorted[at].length == depth[node]) {
                if (values[node] < 0) {
                    values[node] = numbers[order[at]];
                }
                at++;
            }
            while (at < to[node]) {
                byte label = sorted[at][depth[node]];
                int end = at + 1;
                while (end < to[node] && sorted[end][depth[node]] == label) {
                    end++;
                }
                labels[nodes] = label;
                from[nodes] = at;
                to[nodes] = end;
                depth[nodes] = depth[node] + 1;
                nodes++;
                at = end;
            }
        }
        children[nodes] = nodes;
        Arrays.fill(first, -1);
        for (int child = children[ROOT]; child < children[ROOT + 1]; child++) {
            first[labels[child] & 0xFF] = child;
        }
    }

    /** How many bytes two keys begin with in common. */
    private static int shared(byte[] left, byte[] right) {
        int mismatch = Arrays.mismatch(left, right);
        return mismatch < 0 ? left.length : mismatch;
    }

    /** The node that {@code label} leads to from {@code node}, or −1. */
    int child(int node, byte label) {
        if (node == ROOT) {
            return first[label & 0xFF];
        }
        int low = children[node];
        int high = children[node + 1];
        int wanted = label & 0xFF;
        while (high - low > LINEAR) {
            int middle = (low + high) >>> 1;
            if ((labels[middle] & 0xFF) <= wanted) {
                low = middle;
            } else {
                high = middle;
            }
        }
        for (int child = low; child < high; child++) {
            if (labels[child] == label) {
                return child;
            }
        }
        return -1;
    }

    /** The value of the key that ends at {@code node}, or −1. */
    int value(int node) {
        return values[node];
    }
}
