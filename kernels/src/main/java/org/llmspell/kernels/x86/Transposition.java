package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VSHUFI32X4;
import static org.llmspell.kernels.x86.Op.VUNPCKHPD;
import static org.llmspell.kernels.x86.Op.VUNPCKHPS;
import static org.llmspell.kernels.x86.Op.VUNPCKLPD;
import static org.llmspell.kernels.x86.Op.VUNPCKLPS;
import static org.llmspell.kernels.x86.Vec.zmm;

/** Makes columns of the rows that zmm0 to 15 hold: 16 × 16 elements of 32 bits, in 64 instructions. */
final class Transposition {
    private static final int EVEN = 0x88;
    private static final int ODD = 0xDD;

    private Transposition() {}

    /** In place; spoils zmm16 to 31. */
    static void write(Assembler a) {
        for (int i = 0; i < 16; i += 2) {
            a.emit(VUNPCKLPS, zmm(16 + i), zmm(i), zmm(i + 1));
            a.emit(VUNPCKHPS, zmm(17 + i), zmm(i), zmm(i + 1));
        }
        for (int i = 0; i < 16; i += 4) {
            a.emit(VUNPCKLPD, zmm(i), zmm(16 + i), zmm(18 + i));
            a.emit(VUNPCKHPD, zmm(i + 1), zmm(16 + i), zmm(18 + i));
            a.emit(VUNPCKLPD, zmm(i + 2), zmm(17 + i), zmm(19 + i));
            a.emit(VUNPCKHPD, zmm(i + 3), zmm(17 + i), zmm(19 + i));
        }
        // Quarter l of register 4q + j has what the rows 4q to 4q + 3 hold in column 4l + j.
        for (int j = 0; j < 4; j++) {
            for (int half = 0; half < 2; half++) {
                a.emit(VSHUFI32X4, zmm(16 + 4 * j + 2 * half), zmm(8 * half + j), zmm(8 * half + 4 + j), EVEN);
                a.emit(VSHUFI32X4, zmm(17 + 4 * j + 2 * half), zmm(8 * half + j), zmm(8 * half + 4 + j), ODD);
            }
        }
        for (int j = 0; j < 4; j++) {
            a.emit(VSHUFI32X4, zmm(j), zmm(16 + 4 * j), zmm(18 + 4 * j), EVEN);
            a.emit(VSHUFI32X4, zmm(8 + j), zmm(16 + 4 * j), zmm(18 + 4 * j), ODD);
            a.emit(VSHUFI32X4, zmm(4 + j), zmm(17 + 4 * j), zmm(19 + 4 * j), EVEN);
            a.emit(VSHUFI32X4, zmm(12 + j), zmm(17 + 4 * j), zmm(19 + 4 * j), ODD);
        }
    }
}
