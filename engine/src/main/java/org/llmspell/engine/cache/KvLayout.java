package org.llmspell.engine.cache;

/**
 * How one model's keys and values lie in a page: per layer the keys {@code [kvHeads][PAGE_TOKENS][keyDimension]}, then the
 * values {@code [kvHeads][PAGE_TOKENS][valueDimension]}, as IEEE halves, every part on a 64-byte boundary.
 *
 * @param kvHeads key-value heads of each layer
 * @param keyDimension elements of a key head as the model computes it
 * @param valueDimension elements of a value head
 * @param precision how an element is stored
 */
@SuppressWarnings("ArrayRecordComponent") // one per model, never compared
public record KvLayout(int[] kvHeads, int keyDimension, int valueDimension, Precision precision) {
    /** Tokens in a page: what a chat recomputes at most (one page less a token) against bookkeeping per page. */
    public static final int PAGE_TOKENS = 32;

    /** How a key or value element is stored. */
    public enum Precision {
        /** One half, 11 significant bits: what quantized and half-precision weights deserve. */
        HALF(1),
        /**
         * A half and the half of what it leaves over, 22 bits together, one after the other in the head. Attention needs no
         * kernel of its own: with the query repeated, the dot product over both is the sum. For weights that are
         * stored as float32, whose logits plain halves would move by some 1e-2.
         */
        HALF_PAIR(2);

        private final int halves;

        Precision(int halves) {
            this.halves = halves;
        }

        /** Halves per element. */
        public int halves() {
            return halves;
        }
    }

    public int layers() {
        return kvHeads.length;
    }

    /** Halves of a stored key head. */
    public int storedKeyDimension() {
        return keyDimension * precision.halves();
    }

    /** Halves of a stored value head. */
    public int storedValueDimension() {
        return valueDimension * precision.halves();
    }

    /** Bytes of one layer's keys in a page. */
    public long keyBytes(int layer) {
        return aligned((long) kvHeads[layer] * PAGE_TOKENS * storedKeyDimension() * Short.BYTES);
    }

    /** Bytes of one layer's values in a page. */
    public long valueBytes(int layer) {
        return aligned((long) kvHeads[layer] * PAGE_TOKENS * storedValueDimension() * Short.BYTES);
    }

    /** Bytes of a page: all layers. */
    public long pageBytes() {
        long bytes = 0;
        for (int layer = 0; layer < layers(); layer++) {
            bytes += keyBytes(layer) + valueBytes(layer);
        }
        return bytes;
    }

    /** Pages that hold {@code tokens} tokens. */
    public static int pages(int tokens) {
        return (tokens + PAGE_TOKENS - 1) / PAGE_TOKENS;
    }

    private static long aligned(long bytes) {
        return (bytes + 63) & -64;
    }
}
