package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VPSHUFD;
import static org.llmspell.kernels.x86.Op.VSHUFI32X4;

/** Joins the lanes of a vector. */
final class Lanes {
    /** As the selector of a shuffle: the upper two of four change places with the lower two. */
    static final int SWAP_HALVES = 0x4E;

    /** The first of four changes places with the second, the third with the fourth. */
    static final int SWAP_NEIGHBOURS = 0xB1;

    private Lanes() {}

    /** Joins the 16 lanes of {@code all} by {@code join} and puts the result in each. */
    static void join(Assembler a, Op join, Vec all, Vec temporary) {
        a.emit(VSHUFI32X4, temporary, all, all, SWAP_HALVES);
        a.emit(join, all, all, temporary);
        a.emit(VSHUFI32X4, temporary, all, all, SWAP_NEIGHBOURS);
        a.emit(join, all, all, temporary);
        a.emit(VPSHUFD, temporary, all, SWAP_HALVES);
        a.emit(join, all, all, temporary);
        a.emit(VPSHUFD, temporary, all, SWAP_NEIGHBOURS);
        a.emit(join, all, all, temporary);
    }

    /** Joins the 8 lanes of {@code all} likewise, in AVX2. */
    static void join(Assembler a, VexOp join, Vec all, Vec temporary) {
        a.emit(VexOp.VPERMQ, temporary, all, SWAP_HALVES);
        a.emit(join, all, all, temporary);
        a.emit(VexOp.VPSHUFD, temporary, all, SWAP_HALVES);
        a.emit(join, all, all, temporary);
        a.emit(VexOp.VPSHUFD, temporary, all, SWAP_NEIGHBOURS);
        a.emit(join, all, all, temporary);
    }
}
