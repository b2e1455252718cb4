package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPMOVZXBW;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Vec.zmm;

/** Q2_K: quants of two bits, scales and minima of four. Quants are gone over in {@link Quantization.Order#PAIRS}. */
final class TwoBitSuperCode extends SixteenRunsCode {
    private static final int QUANTS_AT = 16;
    private static final int FACTORS_AT = 80;
    private static final int BLOCK_BYTES = 84;

    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long LOW_PAIR = Constants.bytes(i -> 0x03);
    private static final long ORDER = Constants.bytes(i -> Quantization.Order.PAIRS.run16At(i % 16));

    private final Vec lowNibble = zmm(16);
    private final Vec lowPair = zmm(17);
    private final Vec order = zmm(18);
    private final Vec loaded = zmm(25);
    private final Vec packed = zmm(26);

    TwoBitSuperCode(int rows, int tokens) {
        super(rows, tokens, BLOCK_BYTES, FACTORS_AT, 0);
    }

    @Override
    void ownConstants(Assembler a) {
        constant(a, lowNibble, LOW_NIBBLE);
        constant(a, lowPair, LOW_PAIR);
        constant(a, order, ORDER);
    }

    @Override
    void scales(Assembler a, int row) {
        a.emit(VMOVDQU32, packed.x(), weights(row, 0));
        a.emit(VPSHUFB, packed.x(), packed.x(), order.x());
        a.emit(VPANDD, temporary.x(), packed.x(), lowNibble.x());
        a.emit(VPMOVZXBW, scales.y(), temporary.x());
        a.emit(VPSRLW, packed.x(), packed.x(), 4);
        a.emit(VPANDD, packed.x(), packed.x(), lowNibble.x());
        a.emit(VPMOVZXBW, minima.y(), packed.x());
    }

    @Override
    void quants(Assembler a, int row, int part) {
        if (part == 0) {
            a.emit(VMOVDQU32, loaded, weights(row, QUANTS_AT));
            a.emit(VPANDD, quants, loaded, lowPair);
        } else {
            a.emit(VPSRLW, quants, loaded, 2 * part);
            a.emit(VPANDD, quants, quants, lowPair);
        }
    }
}
