package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMOVDQU32_STORE;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPMOVDW;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Vec.zmm;

import java.util.function.BiConsumer;

/**
 * The code that unpacks blocks of a vector of rows of weights, 16 or 8, into half of a panel, see {@link PanelIsa}. The bytes of the blocks
 * are first put where 32 bits of each of the rows lie side by side (the stage); from there on a row is a lane, and a format's own
 * arithmetic is the same for all. Reads no byte outside the blocks.
 *
 * <p>Registers: RDI the arguments, RSI the offset of the block at work in each row, RDX its place in the panel, RCX blocks left, R8 the
 * table of rows, R9 the stage; RAX, R10 and the vectors 0 to 14 are free.
 */
abstract class UnpackCode {
    /** Where the arguments stand in the block: the table of the rows' addresses, and how far behind these the first block is. */
    static final int ROW_TABLE = 64;

    static final int OFFSET = 72;
    /** Blocks, or groups of as many as the code takes at once. */
    static final int COUNT = 80;
    /** The rows' place in the panel. */
    static final int TARGET = 88;

    static final int STAGE = 96;

    static final int ARGUMENT_BYTES = 128;

    /** The largest block has 52 words. */
    static final int STAGE_BYTES = 64 * 64;

    private static final int SOME = 1;
    private static final int EVEN_QUARTERS = 0x08;

    static final long LOW_NIBBLES = Constants.bytes(i -> 0x0F);
    static final long BYTE = Constants.ints(i -> 0xFF);

    final PanelIsa isa;
    final int run;
    private final int runs;
    private final int bytes;
    private final int ahead;

    /**
     * Code for some blocks of a format.
     *
     * @param run weights that share a scale: 16 or 32
     * @param runs of a row that are unpacked at once
     * @param bytes that these take in the row
     * @param ahead how many bytes further on memory is asked for
     */
    UnpackCode(PanelIsa isa, int run, int runs, int bytes, int ahead) {
        this.isa = isa;
        this.run = run;
        this.runs = runs;
        this.bytes = bytes;
        this.ahead = ahead;
    }

    /** Puts the words of the blocks at RSI on the stage. */
    abstract void stage(Assembler a);

    /** Makes quants, scales and minima of what is on the stage. */
    abstract void expand(Assembler a);

    final Routine routine() {
        return Routine.of(this::write);
    }

    private void write(Assembler a) {
        a.load(R8, at(RDI, ROW_TABLE));
        a.load(R9, at(RDI, STAGE));
        a.load(RSI, at(RDI, OFFSET));
        a.load(RDX, at(RDI, TARGET));
        a.load(RCX, at(RDI, COUNT));
        prepare(a);
        Assembler.Label next = new Assembler.Label();
        a.place(next);
        stage(a);
        expand(a);
        a.add(RSI, bytes);
        a.add(RDX, runs * isa.runBytes(run));
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, next);
    }

    /** Sets what stays the same, which no vector does. */
    void prepare(Assembler a) {}

    /** A register, by its number. */
    final Vec vector(int number) {
        return isa.vector(number);
    }

    final void emit(Assembler a, Op op, Vec destination, Vec first, Source second) {
        isa.emit(a, op, destination, first, second);
    }

    final void emit(Assembler a, Op op, Vec destination, Source source) {
        isa.emit(a, op, destination, source);
    }

    final void emit(Assembler a, Op op, Vec destination, Source source, int immediate) {
        isa.emit(a, op, destination, source, immediate);
    }

    /** Puts the {@code count} words from byte {@code offset} of the block on the stage. */
    final void stageWords(Assembler a, int offset, int count, int firstPlace) {
        if (!isa.wide()) {
            for (int part = 0; part < count; part += 4) {
                if (count - part >= 4) {
                    stageFour(a, offset + 4 * part, firstPlace + part, part % 16 == 0);
                } else {
                    for (int word = part; word < count; word++) {
                        stageWord(a, offset + 4 * word, firstPlace + word);
                    }
                }
            }
            return;
        }
        for (int part = 0; part < count; part += 16) {
            int from = offset + 4 * part;
            int words = Math.min(16, count - part);
            if (words < 16) {
                a.mov(RAX, (1 << words) - 1);
                a.kmovd(SOME, RAX);
            }
            transpose(a, firstPlace + part, words, (row, vector) -> {
                Mem source = at(RAX, RSI, 1, from);
                if (words < 16) {
                    a.emit(VMOVDQU32, vector, source, Mask.zeroing(SOME));
                } else {
                    a.emit(VMOVDQU32, vector, source);
                }
                a.prefetch(source.plus(ahead));
            });
        }
    }

    /** Puts the four words from byte {@code offset} of the block on the stage, of 8 rows. */
    private void stageFour(Assembler a, int offset, int firstPlace, boolean prefetching) {
        for (int row = 0; row < 8; row++) {
            Vec vector = vector(row % 4);
            Mem source = at(RAX, RSI, 1, offset);
            a.load(RAX, at(R8, 8 * row));
            if (row < 4) {
                a.emit(VexOp.VMOVDQU, vector.x(), source);
            } else {
                a.emit(VexOp.VINSERTI128, vector, vector, source, 1);
            }
            if (prefetching) {
                a.prefetch(source.plus(ahead));
            }
        }
        Avx2Transposition.quarters(a);
        for (int word = 0; word < 4; word++) {
            a.store(VexOp.VMOVDQU_STORE, staged(firstPlace + word), vector(word));
        }
    }

    /** Puts the word at byte {@code offset} of the block on the stage. */
    final void stageWord(Assembler a, int offset, int place) {
        for (int row = 0; row < isa.lanes(); row++) {
            a.load(RAX, at(R8, 8 * row));
            a.load32(RAX, at(RAX, RSI, 1, offset));
            a.store32(staged(place).plus(4 * row), RAX);
        }
    }

    /**
     * Loads a vector of each of 16 rows and stores the words of its lanes: those of lane 0 of all rows, then of lane 1 and so on.
     *
     * @param load loads that vector, given the row, whose address is in RAX
     */
    final void transpose(Assembler a, int firstPlace, int words, BiConsumer<Integer, Vec> load) {
        for (int row = 0; row < 16; row++) {
            a.load(RAX, at(R8, 8 * row));
            load.accept(row, zmm(row));
        }
        Transposition.write(a);
        for (int word = 0; word < words; word++) {
            a.store(VMOVDQU32_STORE, staged(firstPlace + word), zmm(word));
        }
    }

    /** A word of each row. */
    final Mem staged(int place) {
        return at(R9, isa.vectorBytes() * place);
    }

    /** {@code vector} = the lower halves of the words on the stage, as float32. */
    final void lowerHalves(Assembler a, Vec vector, int place) {
        emit(a, VMOVDQU32, vector, staged(place));
        if (!isa.wide()) {
            // what is packed must fit
            emit(a, VPSLLD, vector, vector, 16);
            emit(a, VPSRLD, vector, vector, 16);
        }
        halves(a, vector);
    }

    /** The upper ones. */
    final void upperHalves(Assembler a, Vec vector, int place) {
        emit(a, VMOVDQU32, vector, staged(place));
        emit(a, VPSRLD, vector, vector, 16);
        halves(a, vector);
    }

    private void halves(Assembler a, Vec vector) {
        if (isa.wide()) {
            a.store(VPMOVDW, vector.y(), vector);
            a.emit(VCVTPH2PS, vector, vector.y());
        } else {
            a.emit(VexOp.VPACKUSDW, vector, vector, vector);
            a.emit(VexOp.VPERMQ, vector, vector, EVEN_QUARTERS);
            a.emit(VexOp.VCVTPH2PS, vector, vector.x());
        }
    }

    /** {@code result} = byte {@code number} of each word of {@code bytes} as float32; {@code mask} is {@link #BYTE}. */
    final void byteToFloat(Assembler a, Vec result, Vec bytes, int number, Vec mask) {
        if (number == 3) {
            emit(a, VPSRLD, result, bytes, 24);
        } else {
            Vec shifted = bytes;
            if (number > 0) {
                shifted = result;
                emit(a, VPSRLD, shifted, bytes, 8 * number);
            }
            emit(a, VPANDD, result, shifted, mask);
        }
        emit(a, VCVTDQ2PS, result, result);
    }

    /** Stores the four quants of each row whose first is number {@code 4 · part} of run {@code number}. */
    final void storeQuants(Assembler a, Vec quants, int number, int part) {
        isa.store(a, VMOVDQU32_STORE, at(RDX, number * isa.runBytes(run) + 4 * isa.rows() * part), quants);
    }

    /** Stores {@code scale · factor} as the scales of run {@code number}. */
    final void storeScales(Assembler a, Vec scale, Vec factor, int number) {
        emit(a, VMULPS, scale, scale, factor);
        storeScales(a, scale, number);
    }

    final void storeScales(Assembler a, Vec scale, int number) {
        isa.store(a, VMOVUPS_STORE, at(RDX, number * isa.runBytes(run) + isa.scales(run)), scale);
    }

    /** Stores the minima of run {@code number}: what is to be added to each weight. */
    final void storeMinima(Assembler a, Vec minima, int number) {
        isa.store(a, VMOVUPS_STORE, at(RDX, number * isa.runBytes(run) + isa.minima(run)), minima);
    }

    final void constant(Assembler a, Vec vector, long address) {
        a.mov(R10, address);
        emit(a, VMOVDQU32, vector, at(R10, 0));
    }
}
