package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RBX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Lanes.SWAP_HALVES;
import static org.llmspell.kernels.x86.Lanes.SWAP_NEIGHBOURS;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VEXTRACTI32X4;
import static org.llmspell.kernels.x86.Op.VEXTRACTI64X4;
import static org.llmspell.kernels.x86.Op.VMOVSS_STORE;
import static org.llmspell.kernels.x86.Op.VPSHUFD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * The code of a product of quantized weights with quantized activations: some rows at a time against some tokens at a time,
 * every sum in a register of its own from the first block of the rows to the last. What one block of the format needs is the
 * subclass's. The order of additions for one row and one token is the same whatever the numbers of rows and tokens.
 *
 * <p>Registers: the sums are those from zmm0 on, of row r and token t in number r · tokens + t, at most 16; the others are the
 * subclass's, but nothing stays in zmm31 from one row to the next. RSI is
 * the block of the first row, R8 the bytes of a row, R11 three times that; RDX the record of the first token, the records of the
 * other tokens following it; RDI the arguments; RAX and R10 are free within a block.
 */
abstract class ProductCode {
    /** Where the arguments stand in the block. */
    static final int WEIGHTS = 0;

    static final int ROW_BYTES = 8;
    /** How many times {@code rows} rows. */
    static final int ROW_GROUPS = 16;
    /** Steps of a row: blocks, or pairs of them. */
    static final int STEPS = 24;

    static final int RECORDS = 32;
    static final int OUT = 40;
    /** Bytes from one token's products to the next one's. */
    static final int OUT_STRIDE = 48;
    /** What the steps leave of a row: so many pieces. */
    static final int TAIL = 56;
    /** 64 bytes for the code's own use. */
    static final int SCRATCH = 64;

    static final int ARGUMENT_BYTES = 128;

    private static final int LINE_BYTES = 64;

    /** How far beyond the rows at work memory is fetched. Rows at work are as many streams as the processor does not foresee. */
    private static final int AHEAD = 1536;

    /** Lines that are fetched at once before the first rows: there the processor would wait for one after the other. */
    private static final int MOST_FIRST_LINES = 128;

    /**
     * How a row is gone over.
     *
     * @param bytes of a row that one step takes
     * @param records of a token that one step takes
     * @param recordBytes bytes of one
     * @param tailBytes of a row that one piece of the tail takes, 0 if rows are whole steps
     * @param tailRecordBytes bytes of a record that go with it
     */
    record Step(int bytes, int records, int recordBytes, int tailBytes, int tailRecordBytes) {
        Step(int bytes, int records, int recordBytes) {
            this(bytes, records, recordBytes, 0, 0);
        }
    }

    final int rows;
    final int tokens;
    private final Step step;

    ProductCode(int rows, int tokens, Step step) {
        this.rows = rows;
        this.tokens = tokens;
        this.step = step;
    }

    /** Loads what stays in registers. */
    abstract void constants(Assembler a);

    /** Adds what the blocks at RSI have to give to the sums. */
    abstract void step(Assembler a);

    /** The same for a piece that is smaller than a step. */
    void tail(Assembler a) {
        throw new IllegalStateException("rows are whole steps");
    }

    final Routine routine() {
        return Routine.of(this::write);
    }

    /**
     * The code that fetches the first {@link #STEPS} lines from {@link #WEIGHTS} on.
     *
     * @param tokens as of the code that will read them
     */
    static Routine fetching(int tokens) {
        return Routine.of(a -> {
            a.load(RSI, at(RDI, WEIGHTS));
            a.load(RCX, at(RDI, STEPS));
            Assembler.Label line = new Assembler.Label();
            a.align(32);
            a.place(line);
            prefetch(a, tokens, at(RSI, 0));
            a.add(RSI, LINE_BYTES);
            a.sub(RCX, 1);
            a.jump(Assembler.Condition.NOT_EQUAL, line);
        });
    }

    /** How many lines are worth fetching before {@code rows} rows at a time are begun, of {@code bytes} in all. */
    static long firstLines(int rows, long rowBytes, long bytes) {
        long wanted = Math.min(bytes, rows * rowBytes + AHEAD);
        return Math.clamp(wanted / LINE_BYTES, 1, MOST_FIRST_LINES);
    }

    /** Weights that are read once need not push anything out of the second cache; those of several tokens may be read again. */
    private static void prefetch(Assembler a, int tokens, Mem place) {
        if (tokens == 1) {
            a.prefetchOnce(place);
        } else {
            a.prefetch(place);
        }
    }

    final void write(Assembler a) {
        a.push(RBX);
        a.load(RSI, at(RDI, WEIGHTS));
        a.load(R8, at(RDI, ROW_BYTES));
        a.lea(R11, at(R8, R8, 2, 0));
        a.lea(RBX, at(RSI, AHEAD));
        for (int row = 0; row < rows; row++) {
            a.add(RBX, R8);
        }
        a.load(R9, at(RDI, ROW_GROUPS));
        constants(a);
        Assembler.Label group = new Assembler.Label();
        Assembler.Label block = new Assembler.Label();
        a.place(group);
        a.load(RDX, at(RDI, RECORDS));
        a.load(RCX, at(RDI, STEPS));
        for (int sum = 0; sum < rows * tokens; sum++) {
            clear(a, zmm(sum));
        }
        Assembler.Label end = new Assembler.Label();
        if (step.tailBytes > 0) {
            a.test(RCX, RCX);
            a.jump(Assembler.Condition.EQUAL, end);
        }
        a.align(32);
        a.place(block);
        for (int line = 0; line < rows * step.bytes; line += LINE_BYTES) {
            prefetch(a, tokens, at(RBX, line));
        }
        a.add(RBX, rows * step.bytes);
        step(a);
        a.add(RSI, step.bytes);
        a.add(RDX, tokens * step.records * step.recordBytes);
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, block);
        a.place(end);
        if (step.tailBytes > 0) {
            writeTail(a);
        }
        storeSums(a);
        // RSI is at the next row already
        for (int row = 1; row < rows; row++) {
            a.add(RSI, R8);
        }
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, group);
        a.pop(RBX);
    }

    private void writeTail(Assembler a) {
        Assembler.Label piece = new Assembler.Label();
        Assembler.Label end = new Assembler.Label();
        a.load(RCX, at(RDI, TAIL));
        a.test(RCX, RCX);
        a.jump(Assembler.Condition.EQUAL, end);
        a.place(piece);
        tail(a);
        a.add(RSI, step.tailBytes);
        a.add(RDX, step.tailRecordBytes);
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, piece);
        a.place(end);
    }

    /** The sum of row {@code row} and token {@code token}. */
    final Vec sum(int row, int token) {
        return zmm(row * tokens + token);
    }

    /** Byte {@code offset} of the block of row {@code row}. */
    static Mem weights(int row, int offset) {
        return switch (row) {
            case 0 -> at(RSI, offset);
            case 1 -> at(RSI, R8, 1, offset);
            case 2 -> at(RSI, R8, 2, offset);
            case 3 -> at(RSI, R11, 1, offset);
            default -> throw new IllegalArgumentException("row " + row);
        };
    }

    /** Byte {@code offset} of the record of token {@code token}. */
    final Mem record(int token, int offset) {
        return record(0, token, offset);
    }

    /** The same of record {@code number} of those that one step takes. */
    final Mem record(int number, int token, int offset) {
        return at(RDX, (number * tokens + token) * step.recordBytes + offset);
    }

    /** Loads the 64 bytes at {@code address}. */
    static void constant(Assembler a, Vec vector, long address) {
        a.mov(RAX, address);
        a.emit(Op.VMOVDQU32, vector, at(RAX, 0));
    }

    static void mask(Assembler a, int mask, int bits) {
        a.mov(RAX, bits);
        a.kmovd(mask, RAX);
    }

    /** Sets a sum to zero. */
    void clear(Assembler a, Vec sum) {
        a.emit(VPXORD, sum, sum, sum);
    }

    /** Stores what the lanes of a sum come to. */
    void storeTotal(Assembler a, Mem place, Vec sum) {
        Vec half = zmm(31);
        a.store(VEXTRACTI64X4, half.y(), sum, 1);
        a.emit(VADDPS, sum.y(), sum.y(), half.y());
        a.store(VEXTRACTI32X4, half.x(), sum.y(), 1);
        a.emit(VADDPS, sum.x(), sum.x(), half.x());
        a.emit(VPSHUFD, half.x(), sum.x(), SWAP_HALVES);
        a.emit(VADDPS, sum.x(), sum.x(), half.x());
        a.emit(VPSHUFD, half.x(), sum.x(), SWAP_NEIGHBOURS);
        a.emit(VADDPS, sum.x(), sum.x(), half.x());
        a.store(VMOVSS_STORE, place, sum.x());
    }

    private void storeSums(Assembler a) {
        a.load(RDX, at(RDI, OUT_STRIDE));
        a.load(RAX, at(RDI, OUT));
        a.mov(R10, RAX);
        for (int token = 0; token < tokens; token++) {
            for (int row = 0; row < rows; row++) {
                storeTotal(a, at(R10, 4 * row), sum(row, token));
            }
            a.add(R10, RDX);
        }
        a.add(RAX, 4 * rows);
        a.store(at(RDI, OUT), RAX);
    }
}
