package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVSS_LOAD;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPMOVZXWD;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Vec.zmm;

/** F32, F16 and BF16 with activations as they are, in float32: 32 weights a step; what is left over, one by one. */
final class FloatCode extends ProductCode {
    /** How a weight is stored. */
    enum Layout {
        F32(4),
        F16(2),
        BF16(2);

        final int bytes;

        Layout(int bytes) {
            this.bytes = bytes;
        }
    }

    /** Weights of a step; its record holds as many activations. */
    static final int GROUP = 32;

    static final int RECORD = Float.BYTES * GROUP;

    private static final int VECTOR = 16;
    private static final int FIRST_LANE = 1;

    private final Layout layout;
    private final Vec weights = zmm(16);

    FloatCode(Layout layout, int rows, int tokens) {
        super(rows, tokens, new Step(GROUP * layout.bytes, 1, RECORD, layout.bytes, Float.BYTES));
        this.layout = layout;
    }

    @Override
    void constants(Assembler a) {
        mask(a, FIRST_LANE, 1);
    }

    @Override
    void step(Assembler a) {
        for (int vector = 0; vector < GROUP / VECTOR; vector++) {
            for (int row = 0; row < rows; row++) {
                Mem place = weights(row, VECTOR * vector * layout.bytes);
                switch (layout) {
                    case F32 -> a.emit(VMOVUPS, weights, place);
                    case F16 -> a.emit(VCVTPH2PS, weights, place);
                    case BF16 -> {
                        a.emit(VPMOVZXWD, weights, place);
                        a.emit(VPSLLD, weights, weights, 16);
                    }
                }
                for (int token = 0; token < tokens; token++) {
                    a.emit(VFMADD231PS, sum(row, token), weights, record(token, Float.BYTES * VECTOR * vector));
                }
            }
        }
    }

    @Override
    void tail(Assembler a) {
        for (int row = 0; row < rows; row++) {
            switch (layout) {
                case F32 -> a.emit(VMOVSS_LOAD, weights.x(), weights(row, 0));
                case F16 -> {
                    a.emit(VPBROADCASTW, weights.x(), weights(row, 0));
                    a.emit(VCVTPH2PS, weights.x(), weights.x());
                }
                case BF16 -> {
                    a.emit(VPBROADCASTW, weights.x(), weights(row, 0));
                    a.emit(VPSLLD, weights.x(), weights.x(), 16);
                }
            }
            for (int token = 0; token < tokens; token++) {
                a.emit(VFMADD231PS, sum(row, token), weights, record(token, 0), Mask.merging(FIRST_LANE), 0);
            }
        }
    }
}
