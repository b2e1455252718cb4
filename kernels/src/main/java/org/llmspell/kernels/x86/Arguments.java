package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The arguments that one thread hands to assembled code: set one by one on the Java heap, then copied to where the code finds them.
 * Setting native memory takes a dozen calls in Java for each number, which is nothing once they are compiled, but adds up in the first
 * tokens of a process. Places are in bytes, as the code has them. What was set stays set; what the code changes in its block
 * lasts until the next call. Not thread-safe.
 */
final class Arguments {
    private final long[] words;
    private final MemorySegment block;
    private final long address;

    /** Words up to the last that was ever set. */
    private int used;

    /**
     * Allocates a block, which starts a cache line.
     *
     * @param bytes what the code needs, a multiple of 8: arguments and room of its own
     */
    Arguments(int bytes) {
        words = new long[bytes / Long.BYTES];
        block = Arena.ofAuto().allocate(bytes, 64);
        address = block.address();
    }

    /** Where the code will find the block. */
    long address() {
        return address;
    }

    Arguments set(int place, long value) {
        int word = place >> 3;
        words[word] = value;
        used = Math.max(used, word + 1);
        return this;
    }

    /** Four bytes at a place that is a multiple of 4. */
    Arguments setInt(int place, int value) {
        int word = place >> 3;
        int shift = (place & Integer.BYTES) << 3;
        words[word] = words[word] & ~(0xFFFF_FFFFL << shift) | Integer.toUnsignedLong(value) << shift;
        used = Math.max(used, word + 1);
        return this;
    }

    /** Likewise. */
    Arguments setFloat(int place, float value) {
        return setInt(place, Float.floatToRawIntBits(value));
    }

    /** What the code left there. */
    float result(int place) {
        return block.get(ValueLayout.JAVA_FLOAT, place);
    }

    /** Runs code with these arguments. Whatever they point to must be there and large enough: nothing is checked. */
    void call(Routine routine) {
        MemorySegment.copy(words, 0, block, ValueLayout.JAVA_LONG, 0, used);
        routine.call(address);
    }
}
