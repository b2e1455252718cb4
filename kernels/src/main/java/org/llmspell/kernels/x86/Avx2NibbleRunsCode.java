package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU;
import static org.llmspell.kernels.x86.VexOp.VPAND;
import static org.llmspell.kernels.x86.VexOp.VPERMQ;
import static org.llmspell.kernels.x86.VexOp.VPMOVZXBW;
import static org.llmspell.kernels.x86.VexOp.VPOR;
import static org.llmspell.kernels.x86.VexOp.VPSHUFD;
import static org.llmspell.kernels.x86.VexOp.VPSLLW;
import static org.llmspell.kernels.x86.VexOp.VPSRLD;
import static org.llmspell.kernels.x86.VexOp.VPSRLVD;
import static org.llmspell.kernels.x86.VexOp.VPSRLW;
import static org.llmspell.kernels.x86.VexOp.VPUNPCKHBW;

/** Q4_K and Q5_K in AVX2: eight runs of 32 quants with a scale and a minimum of six bits each. */
final class Avx2NibbleRunsCode extends Avx2RunsCode {
    private static final int FIFTH_AT = 16;
    private static final int LOWER_HALF_TWICE = 0x44;

    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long FIFTH = Constants.bytes(i -> 0x10);

    /** Three vectors of 128 bits: how far the words that hold the lower bits are shifted; which bits are upper ones; which lower. */
    private static final long HEADER = Constants.ints(i -> switch (i) {
        case 3 -> 4;
        case 5, 7 -> 0x30303030;
        case 8, 10 -> 0x3F3F3F3F;
        case 9, 11 -> 0x0F0F0F0F;
        default -> 0;
    });

    private final boolean fifthBit;
    private final Vec lowNibble = ymm(8);
    private final Vec bits = ymm(15);

    /**
     * The code for {@code rows} rows and {@code tokens} tokens.
     *
     * @param fifthBit Q5_K rather than Q4_K
     */
    Avx2NibbleRunsCode(boolean fifthBit, boolean vnni, int rows, int tokens) {
        super(vnni, rows, tokens, fifthBit ? 176 : 144, 0, 0);
        this.fifthBit = fifthBit;
    }

    @Override
    void constants(Assembler a) {
        a.emit(VMOVDQU, lowNibble, fetched(a, LOW_NIBBLE, 0));
    }

    @Override
    void scales(Assembler a, int row) {
        Vec header = loaded.x();
        Vec lower = quants.x();
        Vec upper = temporary.x();
        a.mov(RAX, HEADER);
        a.emit(VMOVDQU, header, weights(row, 0));
        a.emit(VPSHUFD, lower, header, 0xED);
        a.emit(VPSRLVD, lower, lower, at(RAX, 0));
        a.emit(VPSHUFD, upper, header, 0x84);
        a.emit(VPSRLD, upper, upper, 2);
        a.emit(VPAND, upper, upper, at(RAX, 16));
        a.emit(VPAND, lower, lower, at(RAX, 32));
        // the eight scales, then the eight minima
        a.emit(VPOR, lower, lower, upper);
        a.emit(VPMOVZXBW, scales.x(), lower);
        a.emit(VPERMQ, scales, scales, LOWER_HALF_TWICE);
        a.emit(VPUNPCKHBW, upper, lower, lower);
        a.emit(VPMOVZXBW, sumFactors, upper);
        if (fifthBit) {
            a.emit(VMOVDQU, bits, weights(row, FIFTH_AT));
            a.mov(RAX, FIFTH);
        }
    }

    @Override
    void quants(Assembler a, int row, int part) {
        Mem place = weights(row, (fifthBit ? 48 : 16) + 32 * (part / 2));
        if (part % 2 == 0) {
            a.emit(VMOVDQU, loaded, place);
            a.emit(VPAND, quants, loaded, lowNibble);
        } else {
            a.emit(VPSRLW, quants, loaded, 4);
            a.emit(VPAND, quants, quants, lowNibble);
        }
        if (fifthBit) {
            Vec moved = part == 4 ? bits : temporary;
            if (part != 4) {
                a.emit(part < 4 ? VPSLLW : VPSRLW, moved, bits, Math.abs(4 - part));
            }
            a.emit(VPAND, temporary, moved, at(RAX, 0));
            a.emit(VPOR, quants, quants, temporary);
        }
    }
}
