package org.llmspell.engine.tokenizer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * SentencePiece's precompiled normalization: which byte strings are replaced by which. The bytes hold the size of a double
 * array, the array (darts-clone, Shunsuke Kanda 2018: base in bits 10–30, leaf in bit 8, label in bits 0–7, each unit found by
 * exclusive or), and the replacements, each ended by a zero byte. Immutable and thread-safe.
 */
final class Charsmap {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int[] units;
    private final byte[] replacements;

    /**
     * Reads {@code tokenizer.ggml.precompiled_charsmap}.
     *
     * @throws org.llmspell.engine.EngineException {@code BROKEN_MODEL} if the sizes disagree
     */
    Charsmap(byte[] bytes) {
        MemorySegment segment = MemorySegment.ofArray(bytes);
        long arrayBytes = bytes.length < 4 ? -1 : Integer.toUnsignedLong(segment.get(INT, 0));
        if (arrayBytes < 4 || 4 + arrayBytes >= bytes.length) {
            throw broken("its double array does not fit its " + bytes.length + " bytes");
        }
        units = segment.asSlice(4, arrayBytes & ~3L).toArray(INT);
        replacements = segment.asSlice(4 + arrayBytes).toArray(ValueLayout.JAVA_BYTE);
        if (replacements[replacements.length - 1] != 0) {
            throw broken("its last replacement has no end");
        }
    }

    private static RuntimeException broken(String reason) {
        return BrokenVocabulary.because("tokenizer.ggml.precompiled_charsmap: " + reason);
    }

    /**
     * The longest replaced string that {@code text} has at {@code at}: its length in the upper half, the place of its
     * replacement in the lower; 0 if there is none.
     *
     * @throws org.llmspell.engine.EngineException {@code BROKEN_MODEL} if the array points outside itself
     */
    long find(byte[] text, int at, int end) {
        long found = 0;
        int place = base(unit(0));
        for (int to = at; to < end && text[to] != 0; to++) {
            int label = text[to] & 0xFF;
            place ^= label;
            int unit = unit(place);
            if ((unit & 0x8000_00FF) != label) {
                break;
            }
            place ^= base(unit);
            if ((unit & 0x100) != 0) {
                int replacement = unit(place) & Integer.MAX_VALUE;
                if (replacement >= replacements.length) {
                    throw broken("a replacement lies outside it");
                }
                found = (long) (to + 1 - at) << 32 | replacement;
            }
        }
        return found;
    }

    /** The bytes of the replacements; the one at {@code from} goes on to the next zero byte. */
    byte replacement(int from) {
        return replacements[from];
    }

    private int unit(int place) {
        if (place < 0 || place >= units.length) {
            throw broken("its double array points outside itself");
        }
        return units[place];
    }

    private static int base(int unit) {
        return (unit >>> 10) << ((unit & 0x200) >>> 6);
    }
}
