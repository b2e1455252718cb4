package org.llmspell.kernels.x86;

import org.jspecify.annotations.Nullable;

/**
 * Memory at {@code base + index · scale + displacement}.
 *
 * @param index null for none
 * @param scale 1, 2, 4 or 8
 * @param displacement bytes
 * @param broadcast one 32-bit element is read and repeated in every lane
 */
record Mem(Gp base, @Nullable Gp index, int scale, int displacement, boolean broadcast) implements Source {
    static Mem at(Gp base, int displacement) {
        return new Mem(base, null, 1, displacement, false);
    }

    static Mem at(Gp base, Gp index, int scale, int displacement) {
        return new Mem(base, index, scale, displacement, false);
    }

    /** The same place, further on. */
    Mem plus(int bytes) {
        return new Mem(base, index, scale, displacement + bytes, broadcast);
    }

    /** The 32-bit element there, for every lane. */
    Mem repeated() {
        return new Mem(base, index, scale, displacement, true);
    }
}
