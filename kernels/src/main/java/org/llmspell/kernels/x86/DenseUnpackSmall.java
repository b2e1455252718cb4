package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VBROADCASTI32X4;
import static org.llmspell.kernels.x86.Op.VBROADCASTSS;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPADDW;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPERMD;
import static org.llmspell.kernels.x86.Op.VPERMW;
import static org.llmspell.kernels.x86.Op.VPMOVSXBD;
import static org.llmspell.kernels.x86.Op.VPMOVZXBW;
import static org.llmspell.kernels.x86.Op.VPORD;
import static org.llmspell.kernels.x86.Op.VPSRLVW;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.Vec.zmm;

import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.format.TableBlocks;

/**
 * Expands the formats of 32 quants under one scale. Of four or five bits there are but 16 or 32 values in a block: to bfloat16 they
 * are computed and rounded once, and the quants look them up, 32 in one instruction; to float32 each is multiplied.
 */
final class DenseUnpackSmall extends DenseUnpackCode {
    /**
     * A format's block.
     *
     * @param quants where they begin
     * @param level what the scale multiplies for each quant; null where quants are signed bytes
     * @param minimum whether a second half is added
     * @param fifth whether 32 fifth bits stand before the quants
     * @param power whether the scale is a power of two in a byte, and no half
     */
    private record Layout(
            int bytes, int quants, @Nullable IntUnaryOperator level, boolean minimum, boolean fifth, boolean power) {}

    private static final long LOW_NIBBLE = Constants.words(i -> 0x0F);
    private static final long SIXTEEN = Constants.words(i -> 16);
    private static final long WIDE_LOW_NIBBLE = Constants.ints(i -> 0x0F);
    private static final long WIDE_SIXTEEN = Constants.ints(i -> 16);
    private static final long SHIFTS = Constants.words(i -> i < 16 ? 0 : 4);
    private static final long POWERS = Constants.floats(256, TableBlocks::e8m0Half);

    private static final int FIFTH = 1;

    private final Layout layout;
    private final DenseElement element;
    private final Vec levels = zmm(16);
    private final Vec upperLevels = zmm(17);
    private final Vec shifts = zmm(18);
    private final Vec lowNibble = zmm(19);
    private final Vec sixteen = zmm(20);

    private DenseUnpackSmall(Layout layout, DenseElement element) {
        super(layout.bytes, 32 / element.perStep() * Float.BYTES);
        this.layout = layout;
        this.element = element;
    }

    /** The code for {@code format}, or null if it is none of these. */
    static @Nullable DenseUnpackSmall of(BlockFormat format, DenseElement element) {
        Layout layout = switch (format) {
            case Q4_0 -> new Layout(18, 2, i -> i - 8, false, false, false);
            case Q4_1 -> new Layout(20, 4, i -> i, true, false, false);
            case Q5_0 -> new Layout(22, 6, i -> i - 16, false, true, false);
            case Q5_1 -> new Layout(24, 8, i -> i, true, true, false);
            case Q8_0 -> new Layout(34, 2, null, false, false, false);
            case IQ4_NL -> new Layout(18, 2, table(TableBlocks.nonlinearLevels()), false, false, false);
            case MXFP4 -> new Layout(17, 1, table(TableBlocks.e2m1Levels()), false, false, true);
            default -> null;
        };
        return layout == null ? null : new DenseUnpackSmall(layout, element);
    }

    static IntUnaryOperator table(byte[] levels) {
        return i -> levels[i % 16];
    }

    @Override
    void constants(Assembler a) {
        IntUnaryOperator level = layout.level;
        if (level == null) {
            return;
        }
        if (element == DenseElement.FLOAT32) {
            // Of five bits the levels are the integers from the first one on.
            constant(a, levels, Constants.floats(16, i -> level.applyAsInt(layout.fifth ? 0 : i)));
            constant(a, lowNibble, WIDE_LOW_NIBBLE);
            constant(a, sixteen, WIDE_SIXTEEN);
            return;
        }
        constant(a, levels, Constants.floats(16, i -> level.applyAsInt(i)));
        constant(a, shifts, SHIFTS);
        if (layout.fifth) {
            constant(a, upperLevels, Constants.floats(16, i -> level.applyAsInt(16 + i)));
            constant(a, lowNibble, LOW_NIBBLE);
            constant(a, sixteen, SIXTEEN);
        }
    }

    @Override
    void block(Assembler a) {
        Vec scale = zmm(0);
        if (layout.power) {
            a.load8(RAX, at(RSI, 0));
            a.mov(R10, POWERS);
            a.emit(VBROADCASTSS, scale, at(R10, RAX, 4, 0));
        } else {
            half(a, scale, 0);
        }
        if (layout.level == null) {
            for (int i = 0; i < 2; i++) {
                a.emit(VPMOVSXBD, zmm(1 + i), at(RSI, layout.quants + 16 * i));
                a.emit(VCVTDQ2PS, zmm(1 + i), zmm(1 + i));
                a.emit(VMULPS, zmm(1 + i), zmm(1 + i), scale);
            }
            if (element == DenseElement.FLOAT32) {
                put(a, 0, zmm(1));
                put(a, 1, zmm(2));
            } else {
                round(a, zmm(1), zmm(1), zmm(2));
                put(a, 0, zmm(1));
            }
            return;
        }
        if (element == DenseElement.FLOAT32) {
            floats(a, scale);
            return;
        }
        values(a, scale);
        Vec quants = zmm(4);
        a.emit(VBROADCASTI32X4, ymm(4), at(RSI, layout.quants));
        a.emit(VPMOVZXBW, quants, ymm(4));
        a.emit(VPSRLVW, quants, quants, shifts);
        if (layout.fifth) {
            a.load32(RAX, at(RSI, layout.quants - 4));
            a.kmovd(FIFTH, RAX);
            a.emit(VPANDD, quants, quants, lowNibble);
            a.emit(VPADDW, quants, quants, sixteen, Mask.merging(FIFTH), 0);
        }
        // Five bits of each word count. Where four are wanted the table is there twice.
        a.emit(VPERMW, quants, quants, zmm(1));
        put(a, 0, quants);
    }

    private void floats(Assembler a, Vec scale) {
        Vec minimum = zmm(3);
        if (layout.minimum) {
            half(a, minimum, 2);
        }
        for (int i = 0; i < 2; i++) {
            Vec value = zmm(1 + i);
            integers(a, value, at(RSI, layout.quants), 4 * i, lowNibble);
            if (layout.fifth) {
                a.load16(RAX, at(RSI, layout.quants - 4 + 2 * i));
                a.kmovd(FIFTH, RAX);
                a.emit(VPORD, value, value, sixteen, Mask.merging(FIFTH), 0);
                a.emit(VCVTDQ2PS, value, value);
                a.emit(VADDPS, value, value, levels);
            } else {
                a.emit(VPERMD, value, value, levels);
            }
            a.emit(VMULPS, value, value, scale);
            if (layout.minimum) {
                a.emit(VADDPS, value, value, minimum);
            }
            put(a, i, value);
        }
    }

    /** zmm1 becomes what quants stand for. */
    private void values(Assembler a, Vec scale) {
        Vec minimum = zmm(3);
        if (layout.minimum) {
            half(a, minimum, 2);
        }
        a.emit(VMULPS, zmm(1), levels, scale);
        if (layout.fifth) {
            a.emit(VMULPS, zmm(2), upperLevels, scale);
        }
        if (layout.minimum) {
            a.emit(VADDPS, zmm(1), zmm(1), minimum);
            if (layout.fifth) {
                a.emit(VADDPS, zmm(2), zmm(2), minimum);
            }
        }
        round(a, zmm(1), zmm(1), layout.fifth ? zmm(2) : zmm(1));
    }

    private static void half(Assembler a, Vec vector, int offset) {
        a.emit(VPBROADCASTW, vector.y(), at(RSI, offset));
        a.emit(VCVTPH2PS, vector, vector.y());
    }
}
