package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VCVTPH2PS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VPMOVZXWD;
import static org.llmspell.kernels.x86.VexOp.VPSLLD;

/** Expands F32, F16 and BF16 to float32 in AVX2, a line of the panel at a time. */
final class Avx2DenseUnpackPlain extends DenseUnpackCode {
    private static final int LINE = DenseElement.FLOAT32.perLine();
    private static final int LANES = 8;

    private final FloatCode.Layout layout;

    Avx2DenseUnpackPlain(FloatCode.Layout layout) {
        super(LINE * layout.bytes, Float.BYTES * LINE);
        this.layout = layout;
    }

    @Override
    void block(Assembler a) {
        Vec elements = ymm(0);
        for (int first = 0; first < LINE; first += LANES) {
            Mem place = at(RSI, first * layout.bytes);
            switch (layout) {
                case F32 -> a.emit(VMOVUPS, elements, place);
                case F16 -> a.emit(VCVTPH2PS, elements, place);
                case BF16 -> {
                    a.emit(VPMOVZXWD, elements, place);
                    a.emit(VPSLLD, elements, elements, 16);
                }
            }
            a.store(VMOVUPS_STORE, at(RDX, Float.BYTES * first), elements);
        }
    }
}
