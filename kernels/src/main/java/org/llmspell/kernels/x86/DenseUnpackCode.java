package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RBX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VCVTNE2PS2BF16;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPMOVZXBD;
import static org.llmspell.kernels.x86.Op.VPSRLD;

/**
 * The code that expands some blocks of some rows of weights into a dense panel, row by row with the elements in their order, and
 * fetches what the next panel will need. What a block of the format needs is the subclass's.
 *
 * <p>Registers: RSI is the block, RDX where its elements go, RBX how far ahead memory is fetched; RCX and R8 count blocks and rows.
 * RAX, R9, R10 and R11 are free within a block. The subclass keeps constants in zmm16 to 31 and works in zmm0 to 15.
 */
abstract class DenseUnpackCode {
    /** Where the arguments stand in the block: the first row's first block, bytes from one row to the next. */
    static final int SOURCE = 0;

    static final int SOURCE_STRIDE = 8;
    static final int ROWS = 16;
    /** Blocks of a row. */
    static final int BLOCKS = 24;
    /** Where the first row's elements go, bytes from one row to the next. */
    static final int TARGET = 32;

    static final int TARGET_STRIDE = 40;
    /** Bytes from a block to the one that the next panel will begin with. */
    static final int AHEAD = 48;
    /** 128 bytes for the code's own use. */
    static final int SCRATCH = 64;

    static final int ARGUMENT_BYTES = 192;

    private static final int LINE_BYTES = 64;

    private final int blockBytes;
    private final int targetBytes;

    /** @param targetBytes of the expanded elements of a block */
    DenseUnpackCode(int blockBytes, int targetBytes) {
        this.blockBytes = blockBytes;
        this.targetBytes = targetBytes;
    }

    /** Loads what stays in registers. */
    void constants(Assembler a) {}

    /** Expands the block at RSI to RDX. */
    abstract void block(Assembler a);

    final Routine routine() {
        return Routine.of(this::write);
    }

    final void write(Assembler a) {
        a.push(RBX);
        constants(a);
        a.load(RBX, at(RDI, AHEAD));
        a.load(R8, at(RDI, ROWS));
        Assembler.Label row = new Assembler.Label();
        Assembler.Label block = new Assembler.Label();
        a.place(row);
        a.load(RSI, at(RDI, SOURCE));
        a.load(RDX, at(RDI, TARGET));
        a.load(RCX, at(RDI, BLOCKS));
        a.align(32);
        a.place(block);
        for (int line = 0; line < blockBytes; line += LINE_BYTES) {
            a.prefetch(at(RSI, RBX, 1, line));
        }
        block(a);
        a.add(RSI, blockBytes);
        a.add(RDX, targetBytes);
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, block);
        next(a, SOURCE, SOURCE_STRIDE);
        next(a, TARGET, TARGET_STRIDE);
        a.sub(R8, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, row);
        a.pop(RBX);
    }

    private static void next(Assembler a, int place, int stride) {
        a.load(R9, at(RDI, place));
        a.load(R10, at(RDI, stride));
        a.add(R9, R10);
        a.store(at(RDI, place), R9);
    }

    /** Loads the 64 bytes at {@code address}. */
    static void constant(Assembler a, Vec vector, long address) {
        a.mov(RAX, address);
        a.emit(VMOVDQU32, vector, at(RAX, 0));
    }

    static void mask(Assembler a, int mask, int bits) {
        a.mov(RAX, bits);
        a.kmovd(mask, RAX);
    }

    /** Line {@code line} of the target becomes the elements in {@code vector}: 32 of bfloat16, or 16 of float32. */
    static void put(Assembler a, int line, Vec vector) {
        a.store(VMOVUPS_STORE, at(RDX, LINE_BYTES * line), vector);
    }

    /** {@code target} = the 16 bytes at {@code bytes} as integers, of each the bits in {@code mask} after a shift to the right. */
    static void integers(Assembler a, Vec target, Mem bytes, int shift, Vec mask) {
        a.emit(VPMOVZXBD, target, bytes);
        if (shift != 0) {
            a.emit(VPSRLD, target, target, shift);
        }
        a.emit(VPANDD, target, target, mask);
    }

    /** {@code target = bfloat16(lower, upper)}, 16 elements and the 16 after them; it may be one of them. */
    static void round(Assembler a, Vec target, Vec lower, Vec upper) {
        a.emit(VCVTNE2PS2BF16, target, upper, lower);
    }
}
