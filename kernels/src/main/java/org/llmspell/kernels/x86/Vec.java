package org.llmspell.kernels.x86;

/**
 * A vector register.
 *
 * @param number 0 to 31
 * @param bits 128, 256 or 512: how much of it an instruction works on; the rest of a register that is written becomes zero
 */
record Vec(int number, int bits) implements Source {
    static Vec xmm(int number) {
        return new Vec(number, 128);
    }

    static Vec ymm(int number) {
        return new Vec(number, 256);
    }

    static Vec zmm(int number) {
        return new Vec(number, 512);
    }

    /** Its lower 128 bits. */
    Vec x() {
        return xmm(number);
    }

    /** Its lower 256 bits. */
    Vec y() {
        return ymm(number);
    }

    /** All of it. */
    Vec z() {
        return zmm(number);
    }
}
