package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VEXTRACTI32X4;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPMOVSXBD;
import static org.llmspell.kernels.x86.Op.VPSLLW;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPSUBB;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Vec.xmm;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.Vec.zmm;

/** Expands Q6_K. With 64 values under each scale of 16 quants there is nothing to look up: each is multiplied. */
final class DenseUnpackSixBits extends DenseUnpackCode {
    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long UPPER_BITS = Constants.bytes(i -> 0x30);
    private static final long OFFSET = Constants.bytes(i -> 32);

    private static final int HIGH = 128;
    private static final int SCALES = 192;
    private static final int FACTOR = 208;
    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    private final Vec lowNibble = ymm(16);
    private final Vec upperBits = ymm(17);
    private final Vec offset = ymm(18);

    private final DenseElement element;

    DenseUnpackSixBits(DenseElement element) {
        super(210, 256 / element.perStep() * Float.BYTES);
        this.element = element;
    }

    @Override
    void constants(Assembler a) {
        constant(a, lowNibble.z(), LOW_NIBBLE);
        constant(a, upperBits.z(), UPPER_BITS);
        constant(a, offset.z(), OFFSET);
    }

    @Override
    void block(Assembler a) {
        a.emit(VPMOVSXBD, zmm(0), at(RSI, SCALES));
        a.emit(VCVTDQ2PS, zmm(0), zmm(0));
        a.emit(VPBROADCASTW, ymm(1), at(RSI, FACTOR));
        a.emit(VCVTPH2PS, zmm(1), ymm(1));
        a.emit(VMULPS, zmm(0), zmm(0), zmm(1));
        a.store(VMOVUPS_STORE, at(RDI, SCRATCH), zmm(0));
        for (int line = 0; line < 8; line++) {
            line(a, line);
        }
    }

    private void line(Assembler a, int line) {
        int half = line / 4;
        int quarter = line % 4;
        Vec quants = ymm(2);
        Vec high = ymm(3);
        a.emit(VMOVDQU32, quants, at(RSI, 64 * half + 32 * (quarter % 2)));
        if (quarter >= 2) {
            a.emit(VPSRLW, quants, quants, 4);
        }
        a.emit(VPANDD, quants, quants, lowNibble);
        a.emit(VMOVDQU32, high, at(RSI, HIGH + 32 * half));
        switch (quarter) {
            case 0 -> a.emit(VPSLLW, high, high, 4);
            case 1 -> a.emit(VPSLLW, high, high, 2);
            case 3 -> a.emit(VPSRLW, high, high, 2);
            default -> {}
        }
        a.emit(VPTERNLOGD, quants, high, upperBits, FIRST_OR_SECOND_AND_THIRD);
        a.emit(VPSUBB, quants, quants, offset);
        a.store(VEXTRACTI32X4, xmm(3), quants, 1);
        for (int i = 0; i < 2; i++) {
            Vec numbers = zmm(4 + i);
            a.emit(VPMOVSXBD, numbers, xmm(2 + i));
            a.emit(VCVTDQ2PS, numbers, numbers);
            a.emit(
                    VMULPS,
                    numbers,
                    numbers,
                    at(RDI, SCRATCH + 4 * (2 * line + i)).repeated());
        }
        if (element == DenseElement.FLOAT32) {
            put(a, 2 * line, zmm(4));
            put(a, 2 * line + 1, zmm(5));
        } else {
            round(a, zmm(4), zmm(4), zmm(5));
            put(a, line, zmm(4));
        }
    }
}
