package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VCVTPH2PS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_LOAD;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VPMOVZXWD;
import static org.llmspell.kernels.x86.VexOp.VPSLLD;

/** F32, F16 and BF16 with activations as they are, in float32, in AVX2: 32 weights a step; what is left over, one by one. */
final class Avx2FloatCode extends Avx2ProductCode {
    private static final int VECTOR = 8;

    private final FloatCode.Layout layout;
    private final Vec weights = ymm(8);
    private final Vec activation = ymm(9);

    Avx2FloatCode(FloatCode.Layout layout, int rows, int tokens) {
        super(rows, tokens, new Step(FloatCode.GROUP * layout.bytes, 1, FloatCode.RECORD, layout.bytes, Float.BYTES));
        this.layout = layout;
    }

    @Override
    void constants(Assembler a) {
        // None.
    }

    @Override
    void step(Assembler a) {
        for (int first = 0; first < FloatCode.GROUP; first += VECTOR) {
            for (int row = 0; row < rows; row++) {
                Mem place = weights(row, first * layout.bytes);
                switch (layout) {
                    case F32 -> a.emit(VMOVUPS, weights, place);
                    case F16 -> a.emit(VCVTPH2PS, weights, place);
                    case BF16 -> {
                        a.emit(VPMOVZXWD, weights, place);
                        a.emit(VPSLLD, weights, weights, 16);
                    }
                }
                for (int token = 0; token < tokens; token++) {
                    a.emit(VFMADD231PS, narrowSum(row, token), weights, record(token, Float.BYTES * first));
                }
            }
        }
    }

    /** One weight and one activation, the other lanes being zero. */
    @Override
    void tail(Assembler a) {
        for (int row = 0; row < rows; row++) {
            if (layout == FloatCode.Layout.F32) {
                a.emit(VMOVSS_LOAD, weights.x(), weights(row, 0));
            } else {
                a.load16(RAX, weights(row, 0));
                if (layout == FloatCode.Layout.BF16) {
                    a.shl(RAX, 16);
                }
                a.store32(at(RDI, SCRATCH), RAX);
                a.emit(VMOVSS_LOAD, weights.x(), at(RDI, SCRATCH));
                if (layout == FloatCode.Layout.F16) {
                    a.emit(VCVTPH2PS, weights.x(), weights.x());
                }
            }
            for (int token = 0; token < tokens; token++) {
                a.emit(VMOVSS_LOAD, activation.x(), record(token, 0));
                a.emit(VFMADD231PS, narrowSum(row, token), weights, activation);
            }
        }
    }
}
