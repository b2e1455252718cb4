package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VPERM2I128;
import static org.llmspell.kernels.x86.VexOp.VUNPCKHPD;
import static org.llmspell.kernels.x86.VexOp.VUNPCKHPS;
import static org.llmspell.kernels.x86.VexOp.VUNPCKLPD;
import static org.llmspell.kernels.x86.VexOp.VUNPCKLPS;

/** Makes columns of rows of 32-bit elements in AVX2. */
final class Avx2Transposition {
    /** The register of the first column that {@link #square} makes. */
    static final int COLUMNS = 8;

    private static final int LOWER_HALVES = 0x20;
    private static final int UPPER_HALVES = 0x31;

    private Avx2Transposition() {}

    /** The columns of the 8 rows in ymm0 to 7 go to the registers from {@link #COLUMNS} on; the rows are spoilt. */
    static void square(Assembler a) {
        for (int i = 0; i < 8; i += 2) {
            a.emit(VUNPCKLPS, ymm(8 + i), ymm(i), ymm(i + 1));
            a.emit(VUNPCKHPS, ymm(9 + i), ymm(i), ymm(i + 1));
        }
        for (int i = 0; i < 8; i += 4) {
            pairs(a, i, 8 + i);
        }
        for (int i = 0; i < 4; i++) {
            a.emit(VPERM2I128, ymm(COLUMNS + i), ymm(i), ymm(4 + i), LOWER_HALVES);
            a.emit(VPERM2I128, ymm(COLUMNS + 4 + i), ymm(i), ymm(4 + i), UPPER_HALVES);
        }
    }

    /** The 4 × 4 elements in each half of ymm0 to 3 change rows for columns, in place; spoils ymm4 to 7. */
    static void quarters(Assembler a) {
        for (int i = 0; i < 4; i += 2) {
            a.emit(VUNPCKLPS, ymm(4 + i), ymm(i), ymm(i + 1));
            a.emit(VUNPCKHPS, ymm(5 + i), ymm(i), ymm(i + 1));
        }
        pairs(a, 0, 4);
    }

    /** Four columns from {@code target} on of rows that are interleaved two by two from {@code source} on. */
    private static void pairs(Assembler a, int target, int source) {
        a.emit(VUNPCKLPD, ymm(target), ymm(source), ymm(source + 2));
        a.emit(VUNPCKHPD, ymm(target + 1), ymm(source), ymm(source + 2));
        a.emit(VUNPCKLPD, ymm(target + 2), ymm(source + 1), ymm(source + 3));
        a.emit(VUNPCKHPD, ymm(target + 3), ymm(source + 1), ymm(source + 3));
    }
}
