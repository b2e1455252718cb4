package org.llmspell.kernels.x86;

/** A 64-bit general register, by its number in encodings. */
record Gp(int number) {
    static final Gp RAX = new Gp(0);
    static final Gp RCX = new Gp(1);
    static final Gp RDX = new Gp(2);
    static final Gp RBX = new Gp(3);
    static final Gp RSP = new Gp(4);
    static final Gp RBP = new Gp(5);
    static final Gp RSI = new Gp(6);
    static final Gp RDI = new Gp(7);
    static final Gp R8 = new Gp(8);
    static final Gp R9 = new Gp(9);
    static final Gp R10 = new Gp(10);
    static final Gp R11 = new Gp(11);
    static final Gp R12 = new Gp(12);
    static final Gp R13 = new Gp(13);
}
