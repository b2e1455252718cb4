package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VSHUFI32X4;
import static org.llmspell.kernels.x86.Op.VUNPCKHPD;
import static org.llmspell.kernels.x86.Op.VUNPCKHPS;
import static org.llmspell.kernels.x86.Op.VUNPCKLPD;
import static org.llmspell.kernels.x86.Op.VUNPCKLPS;
import static org.llmspell.kernels.x86.Vec.zmm;

import java.util.function.BiConsumer;

/** The code that turns a square of 16 times 16 words of 32 bits: what was a lane of sixteen vectors becomes a vector. */
final class Transposition {
    private static final int SIZE = 16;
    private static final int EVEN_LANES = 0x88;
    private static final int ODD_LANES = 0xDD;

    private Transposition() {}

    /**
     * Turns zmm0 to 15; all vector registers are spoilt.
     *
     * @param words how many of the lanes are wanted, from lane 0 on
     * @param store stores what was a lane, given its number and the vector
     */
    static void emit(Assembler a, int words, BiConsumer<Integer, Vec> store) {
        for (int row = 0; row < SIZE; row += 2) {
            a.emit(VUNPCKLPS, zmm(16 + row), zmm(row), zmm(row + 1));
            a.emit(VUNPCKHPS, zmm(17 + row), zmm(row), zmm(row + 1));
        }
        for (int row = 0; row < SIZE; row += 4) {
            a.emit(VUNPCKLPD, zmm(row), zmm(16 + row), zmm(18 + row));
            a.emit(VUNPCKHPD, zmm(row + 1), zmm(16 + row), zmm(18 + row));
            a.emit(VUNPCKLPD, zmm(row + 2), zmm(17 + row), zmm(19 + row));
            a.emit(VUNPCKHPD, zmm(row + 3), zmm(17 + row), zmm(19 + row));
        }
        // Register 4g + j now has word 4l + j of the rows 4g to 4g + 3 in its lane l of 128 bits.
        for (int j = 0; j < 4; j++) {
            a.emit(VSHUFI32X4, zmm(16 + j), zmm(j), zmm(4 + j), EVEN_LANES);
            a.emit(VSHUFI32X4, zmm(20 + j), zmm(j), zmm(4 + j), ODD_LANES);
            a.emit(VSHUFI32X4, zmm(24 + j), zmm(8 + j), zmm(12 + j), EVEN_LANES);
            a.emit(VSHUFI32X4, zmm(28 + j), zmm(8 + j), zmm(12 + j), ODD_LANES);
        }
        for (int word = 0; word < words; word++) {
            int lane = word / 4;
            int first = (lane % 2 == 0 ? 16 : 20) + word % 4;
            a.emit(VSHUFI32X4, zmm(0), zmm(first), zmm(first + 8), lane < 2 ? EVEN_LANES : ODD_LANES);
            store.accept(word, zmm(0));
        }
    }
}
