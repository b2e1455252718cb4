package org.llmspell.engine.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.llmspell.kernels.CacheFormat;

/**
 * What one model keeps of a sequence, layer by layer, and how it lies in memory. Keys of a page are
 * {@code [kvHeads][PAGE_TOKENS][keyDimension]}, then come the values {@code [kvHeads][PAGE_TOKENS][valueDimension]}, in the
 * precision's format; a recurrent layer's state is so many float32. Every part starts on a 64-byte boundary.
 *
 * @param layers of the cache, which a model's layers name by number; layers that read another's keys have none of their own
 * @param precision how keys and values are stored
 */
public record KvLayout(List<Layer> layers, Precision precision) {
    /** Tokens in a page: what a chat recomputes at most (one page less a token) against bookkeeping per page. */
    public static final int PAGE_TOKENS = 32;

    /** The window of a layer that sees everything. */
    public static final int UNBOUNDED = Integer.MAX_VALUE;

    /**
     * What one layer keeps: keys and values of its tokens, or a state of fixed size, or nothing.
     *
     * @param kvHeads key-value heads; 0 for a layer without attention
     * @param keyDimension elements of a key head as the model computes it
     * @param valueDimension elements of a value head
     * @param window positions that a token sees, itself included; {@link #UNBOUNDED} for all
     * @param stateFloats elements of the recurrent state; 0 for a layer without
     */
    public record Layer(int kvHeads, int keyDimension, int valueDimension, int window, int stateFloats) {
        /** A layer that keeps nothing of its own. */
        public static final Layer NOTHING = new Layer(0, 0, 0, UNBOUNDED, 0);

        /** A layer with attention to everything. */
        public static Layer attention(int kvHeads, int keyDimension, int valueDimension) {
            return new Layer(kvHeads, keyDimension, valueDimension, UNBOUNDED, 0);
        }

        /** A layer with a state of {@code floats} elements. */
        public static Layer recurrent(int floats) {
            return new Layer(0, 0, 0, UNBOUNDED, floats);
        }

        /** The same with a recurrent state beside. */
        public Layer withState(int floats) {
            return new Layer(kvHeads, keyDimension, valueDimension, window, floats);
        }

        /** The same with another window. */
        public Layer withWindow(int positions) {
            return new Layer(kvHeads, keyDimension, valueDimension, positions, stateFloats);
        }
    }

    /** How a key or value element is stored. */
    public enum Precision {
        /** One half, 11 significant bits: what quantized and half-precision weights deserve. */
        HALF(1, CacheFormat.HALF),
        /**
         * A half and the half of what it leaves over, 22 bits together, one after the other in the head. Attention needs no
         * kernel of its own: with the query repeated, the dot product over both is the sum. For weights that are
         * stored as float32, whose logits plain halves would move by some 1e-2.
         */
        HALF_PAIR(2, CacheFormat.HALF),
        /**
         * A byte, with a scale for each 32 elements of a head and for what remains of it: half the memory of halves, for logits that
         * move by some 1%.
         */
        BYTES(1, CacheFormat.BYTES);

        private final int numbers;
        private final CacheFormat format;

        Precision(int numbers, CacheFormat format) {
            this.numbers = numbers;
            this.format = format;
        }

        /** Stored numbers per element. */
        public int numbers() {
            return numbers;
        }

        /** How each is stored. */
        public CacheFormat format() {
            return format;
        }
    }

    public KvLayout {
        layers = List.copyOf(layers);
    }

    /** Layers with attention to everything and heads of one size; {@code kvHeads} of each. */
    public KvLayout(int[] kvHeads, int keyDimension, int valueDimension, Precision precision) {
        this(
                Arrays.stream(kvHeads)
                        .mapToObj(heads -> Layer.attention(heads, keyDimension, valueDimension))
                        .toList(),
                precision);
    }

    /** Elements of a layer's key head as the model computes it. */
    public int keyDimension(int layer) {
        return layers.get(layer).keyDimension;
    }

    /** Elements of a layer's value head. */
    public int valueDimension(int layer) {
        return layers.get(layer).valueDimension;
    }

    /** Numbers of a stored key head. */
    public int storedKeyDimension(int layer) {
        return keyDimension(layer) * precision.numbers();
    }

    /** Numbers of a stored value head. */
    public int storedValueDimension(int layer) {
        return valueDimension(layer) * precision.numbers();
    }

    /** Bytes of one layer's keys in a page. */
    public long keyBytes(int layer) {
        return headBytes(layer, storedKeyDimension(layer));
    }

    /** Bytes of one layer's values in a page. */
    public long valueBytes(int layer) {
        return headBytes(layer, storedValueDimension(layer));
    }

    private long headBytes(int layer, int dimension) {
        return aligned((long) layers.get(layer).kvHeads
                * PAGE_TOKENS
                * precision.format().bytes(dimension));
    }

    /** Bytes of one layer's recurrent state. */
    public long stateBytes(int layer) {
        return aligned((long) layers.get(layer).stateFloats * Float.BYTES);
    }

    /**
     * The layers by how long they need what they keep: first those that see everything, then those with a window, by its size,
     * last those with a recurrent state. Empty groups are left out.
     */
    public List<LayerGroup> groups() {
        TreeMap<Integer, List<Integer>> windows = new TreeMap<>();
        List<Integer> unbounded = new ArrayList<>();
        List<Integer> states = new ArrayList<>();
        for (int layer = 0; layer < layers.size(); layer++) {
            Layer kept = layers.get(layer);
            if (kept.kvHeads > 0 && kept.window == UNBOUNDED) {
                unbounded.add(layer);
            } else if (kept.kvHeads > 0) {
                windows.computeIfAbsent(kept.window, window -> new ArrayList<>())
                        .add(layer);
            }
            if (kept.stateFloats > 0) {
                states.add(layer);
            }
        }
        List<LayerGroup> groups = new ArrayList<>();
        if (!unbounded.isEmpty()) {
            groups.add(new LayerGroup(this, LayerGroup.Kind.EVERYTHING, UNBOUNDED, unbounded));
        }
        windows.forEach((window, members) -> groups.add(new LayerGroup(this, LayerGroup.Kind.WINDOW, window, members)));
        if (!states.isEmpty()) {
            groups.add(new LayerGroup(this, LayerGroup.Kind.STATE, 0, states));
        }
        return groups;
    }

    /** Pages that hold {@code tokens} tokens. */
    public static int pages(int tokens) {
        return tokens / PAGE_TOKENS + (tokens % PAGE_TOKENS == 0 ? 0 : 1);
    }

    private static long aligned(long bytes) {
        return (bytes + 63) & -64;
    }
}
