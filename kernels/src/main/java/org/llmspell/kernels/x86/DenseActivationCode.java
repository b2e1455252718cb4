package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VCVTNE2PS2BF16;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Brings 16 tokens' activations into the order in which dense products read them: step after step, 64 bytes with one lane for
 * each token. Sixteen steps of bfloat16 are a right tile of AMX as well.
 */
final class DenseActivationCode {
    /** Tokens of a group. */
    static final int TOKENS = 16;

    /** Bytes of a step of a group. */
    static final int STEP_BYTES = 64;

    /** Where the arguments stand in the block: the first token's floats, bytes to the next token's, lines, the target. */
    static final int X = 0;

    static final int STRIDE = 8;
    static final int LINES = 16;
    static final int TARGET = 24;

    private DenseActivationCode() {}

    static Routine routine(DenseElement element) {
        return Routine.of(a -> write(a, element));
    }

    static void write(Assembler a, DenseElement element) {
        Gp[] everyFourth = {RSI, RCX, R10, RAX};
        a.load(RSI, at(RDI, X));
        a.load(R8, at(RDI, STRIDE));
        a.lea(R11, at(R8, R8, 2, 0));
        for (int i = 1; i < everyFourth.length; i++) {
            a.lea(everyFourth[i], at(everyFourth[i - 1], R8, 4, 0));
        }
        a.load(RDX, at(RDI, TARGET));
        a.load(R9, at(RDI, LINES));
        Assembler.Label line = new Assembler.Label();
        a.align(32);
        a.place(line);
        for (int token = 0; token < TOKENS; token++) {
            Gp base = everyFourth[token / 4];
            Mem place = switch (token % 4) {
                case 0 -> at(base, 0);
                case 1 -> at(base, R8, 1, 0);
                case 2 -> at(base, R8, 2, 0);
                default -> at(base, R11, 1, 0);
            };
            if (element == DenseElement.BFLOAT16) {
                a.emit(VMOVUPS, zmm(token), place.plus(64));
                a.emit(VCVTNE2PS2BF16, zmm(token), zmm(token), place);
            } else {
                a.emit(VMOVUPS, zmm(token), place);
            }
        }
        Transposition.write(a);
        for (int step = 0; step < 16; step++) {
            a.store(VMOVUPS_STORE, at(RDX, STEP_BYTES * step), zmm(step));
        }
        for (Gp base : everyFourth) {
            a.add(base, Float.BYTES * element.perLine());
        }
        a.add(RDX, 16 * STEP_BYTES);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, line);
    }
}
