package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
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
 * <p>The rows at work are no neighbours: each is from another part of the matrix, and the next are those that follow them there. So
 * memory is read in as many streams, each from one end to the other, which is faster than one: a processor looks ahead in several at once.
 *
 * <p>Registers: the sums are those from zmm0 on, of row r and token t in number r · tokens + t, at most 16; the others are the
 * subclass's, but nothing stays in zmm31 from one row to the next. RSI is
 * the block of the first row, R8 the bytes from there to that of the next one at work, R11 three times that; RDX the record of the first token, the records of the
 * other tokens following it; RDI the arguments; RAX and R10 are free within a block.
 */
abstract class ProductCode {
    /** Where the arguments stand in the block. */
    static final int WEIGHTS = 0;

    /** Bytes from one of the rows at work to the next. */
    static final int STREAM_BYTES = 8;
    /** How many times {@code rows} rows: the rows of each part. */
    static final int ROW_GROUPS = 16;
    /** Steps of a row: blocks, or pairs of them. */
    static final int STEPS = 24;

    static final int RECORDS = 32;
    /** Where the first row's product goes. Those of the others at work are {@link #ROW_GROUPS} floats apart. */
    static final int OUT = 40;
    /** Bytes from one token's products to the next one's. */
    static final int OUT_STRIDE = 48;
    /** What the steps leave of a row: so many pieces. */
    static final int TAIL = 56;
    /** 64 bytes for the code's own use. */
    static final int SCRATCH = 64;

    static final int ARGUMENT_BYTES = 128;

    private static final int LINE_BYTES = 64;

    /** How far ahead memory is fetched in each stream: what comes in the time that it takes to answer. */
    private static final int AHEAD = 2048;

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

    /** The code that fetches what the product would have to wait for: the beginning of each stream. */
    final Routine fetching() {
        return Routine.of(a -> {
            loadStreams(a);
            a.mov(RCX, AHEAD / LINE_BYTES);
            Assembler.Label line = new Assembler.Label();
            a.align(32);
            a.place(line);
            for (int row = 0; row < rows; row++) {
                prefetch(a, weights(row, 0));
            }
            a.add(RSI, LINE_BYTES);
            a.sub(RCX, 1);
            a.jump(Assembler.Condition.NOT_EQUAL, line);
        });
    }

    /** Weights that are read once need not push anything out of the second cache; those of several tokens may be read again. */
    private void prefetch(Assembler a, Mem place) {
        if (tokens == 1) {
            a.prefetchOnce(place);
        } else {
            a.prefetchNear(place);
        }
    }

    private static void loadStreams(Assembler a) {
        a.load(RSI, at(RDI, WEIGHTS));
        a.load(R8, at(RDI, STREAM_BYTES));
        a.lea(R11, at(R8, R8, 2, 0));
    }

    final void write(Assembler a) {
        loadStreams(a);
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
        for (int row = 0; row < rows; row++) {
            for (int line = 0; line < step.bytes; line += LINE_BYTES) {
                prefetch(a, weights(row, AHEAD + line));
            }
        }
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
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, group);
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
        return ofRow(RSI, row, offset);
    }

    /** Byte {@code offset} from {@code base} plus {@code row} times R8. */
    private static Mem ofRow(Gp base, int row, int offset) {
        return switch (row) {
            case 0 -> at(base, offset);
            case 1 -> at(base, R8, 1, offset);
            case 2 -> at(base, R8, 2, offset);
            case 3 -> at(base, R11, 1, offset);
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
        a.load(R8, at(RDI, ROW_GROUPS));
        a.shl(R8, 2);
        a.lea(R11, at(R8, R8, 2, 0));
        for (int token = 0; token < tokens; token++) {
            for (int row = 0; row < rows; row++) {
                storeTotal(a, ofRow(R10, row, 0), sum(row, token));
            }
            a.add(R10, RDX);
        }
        a.add(RAX, Float.BYTES);
        a.store(at(RDI, OUT), RAX);
        a.load(R8, at(RDI, STREAM_BYTES));
        a.lea(R11, at(R8, R8, 2, 0));
    }
}
