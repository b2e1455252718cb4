package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VCVTNE2PS2BF16;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VPMOVZXWD;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.gguf.BlockFormat;

/** Expands F32, F16 and BF16, a line of the panel at a time. */
final class DenseUnpackPlain extends DenseUnpackCode {
    private final BlockFormat format;
    private final DenseElement element;

    DenseUnpackPlain(BlockFormat format, DenseElement element) {
        super(element.perLine() * format.blockBytes(), 64);
        this.format = format;
        this.element = element;
    }

    @Override
    void block(Assembler a) {
        boolean halves = format == BlockFormat.F16;
        if (element == DenseElement.FLOAT32) {
            if (format == BlockFormat.BF16) {
                a.emit(VPMOVZXWD, zmm(0), at(RSI, 0));
                a.emit(VPSLLD, zmm(0), zmm(0), 16);
            } else {
                a.emit(halves ? VCVTPH2PS : VMOVUPS, zmm(0), at(RSI, 0));
            }
        } else if (format == BlockFormat.BF16) {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0));
        } else if (halves) {
            a.emit(VCVTPH2PS, zmm(0), at(RSI, 0));
            a.emit(VCVTPH2PS, zmm(1), at(RSI, 32));
            round(a, zmm(0), zmm(0), zmm(1));
        } else {
            a.emit(VMOVUPS, zmm(1), at(RSI, 64));
            a.emit(VCVTNE2PS2BF16, zmm(0), zmm(1), at(RSI, 0));
        }
        put(a, 0, zmm(0));
    }
}
