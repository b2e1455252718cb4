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
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VBROADCASTSS;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VFMADD213PS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPBROADCASTD;
import static org.llmspell.kernels.x86.Op.VPDPBUSD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * The code of a product of a panel, {@value #ROWS} unpacked rows of weights, with the rounded activations of many tokens: tile by tile
 * of {@code tokens} tokens, each sum of a run of quants in a register of its own, in integers. At the end of a run, whose
 * weights share a scale, the sums become float32, times the scale, and are added up for 256 activations; then these are added
 * to the product's sums in memory. The order of additions for one row and one token is the same whatever the other rows and
 * tokens are.
 *
 * <p>Panels are those of {@link PanelIsa#AVX512}.
 *
 * <p>With two registers of rows and six tokens there are 12 dot products for 8 loads, and 24 sums of both kinds leave room for the
 * operands: measured best of the shapes that fit.
 *
 * <p>Registers: zmm0 to 11 are the integer sums, of row vector r and token t in number 2t + r, zmm12 to 23 those in float32; RSI is
 * the run, RDX the tile's first record, RBX its record for the present group of 256, RCX 4 times the run's number in the group,
 * R11 its end; RAX the tile's sums in memory; R8 bytes from a group's records to the next one's, R9 tiles left, R10 groups left.
 *
 * @param records how activations are rounded
 * @param run weights of a row that share a scale: 16 or 32
 * @param minima whether weights have minima; if not, quants are 128 too large
 * @param tokens of a tile, at most {@value #MOST_TOKENS}
 */
record PanelCode(RoundedRecords records, int run, boolean minima, int tokens) {
    static final int ROWS = 32;
    static final int MOST_TOKENS = 6;

    /** Where the arguments stand in the block. */
    static final int PANEL = 0;

    /** The first token's record of the first group. */
    static final int RECORDS = 8;
    /** Bytes from a group's records to the next one's. */
    static final int GROUP_STRIDE = 16;
    /** f32 [tokens][{@link #SUMS_STRIDE} bytes], of which the first 32 rows are to be added to. */
    static final int SUMS = 24;

    /** Bytes from one token's sums to the next one's: of 256 rows. */
    static final int SUMS_STRIDE = 1024;

    static final int TILES = 32;
    static final int GROUPS = 40;
    /** Runs of a group, times 4. */
    static final int RUNS_BY_4 = 48;

    private static final int VECTORS = ROWS / 16;

    private static final Vec BROADCAST = zmm(24);
    private static final int WEIGHTS = 25;
    private static final int MINIMA = 27;

    Routine routine() {
        return Routine.of(this::write);
    }

    private void write(Assembler a) {
        a.push(RBX);
        a.load(RDX, at(RDI, RECORDS));
        a.load(R8, at(RDI, GROUP_STRIDE));
        a.load(RAX, at(RDI, SUMS));
        a.load(R9, at(RDI, TILES));
        a.load(R11, at(RDI, RUNS_BY_4));
        Label tile = new Label();
        Label group = new Label();
        Label nextRun = new Label();
        a.place(tile);
        a.load(RSI, at(RDI, PANEL));
        a.mov(RBX, RDX);
        a.load(R10, at(RDI, GROUPS));
        a.place(group);
        a.mov(RCX, 0);
        for (int i = 0; i < VECTORS * tokens; i++) {
            a.emit(VPXORD, total(i), total(i), total(i));
        }
        a.align(32);
        a.place(nextRun);
        begin(a);
        dots(a);
        scale(a);
        a.add(RSI, PanelIsa.AVX512.runBytes(run));
        a.add(RCX, 4);
        a.cmp(RCX, R11);
        a.jump(Condition.NOT_EQUAL, nextRun);
        finish(a);
        a.add(RBX, R8);
        a.sub(R10, 1);
        a.jump(Condition.NOT_EQUAL, group);
        a.add(RDX, tokens * records.bytes());
        a.add(RAX, tokens * SUMS_STRIDE);
        a.sub(R9, 1);
        a.jump(Condition.NOT_EQUAL, tile);
        a.pop(RBX);
    }

    /** What the integer sums begin with. */
    private void begin(Assembler a) {
        for (int token = 0; token < tokens; token++) {
            for (int vector = 0; vector < VECTORS; vector++) {
                Vec sum = sum(token, vector);
                if (minima) {
                    a.emit(VPXORD, sum, sum, sum);
                } else {
                    a.emit(VPBROADCASTD, sum, perRun(token, records.offsets(run)));
                }
            }
        }
    }

    private void dots(Assembler a) {
        for (int part = 0; part < run / 4; part++) {
            for (int vector = 0; vector < VECTORS; vector++) {
                a.emit(VMOVDQU32, zmm(WEIGHTS + vector), at(RSI, 64 * (VECTORS * part + vector)));
            }
            for (int token = 0; token < tokens; token++) {
                a.emit(VPBROADCASTD, BROADCAST, at(RBX, RCX, run / 4, token * records.bytes() + 4 * part));
                for (int vector = 0; vector < VECTORS; vector++) {
                    a.emit(VPDPBUSD, sum(token, vector), zmm(WEIGHTS + vector), BROADCAST);
                }
            }
        }
    }

    private void scale(Assembler a) {
        if (minima) {
            for (int vector = 0; vector < VECTORS; vector++) {
                a.emit(VMOVUPS, zmm(MINIMA + vector), at(RSI, PanelIsa.AVX512.minima(run) + 64 * vector));
            }
        }
        for (int token = 0; token < tokens; token++) {
            for (int vector = 0; vector < VECTORS; vector++) {
                Vec sum = sum(token, vector);
                a.emit(VCVTDQ2PS, sum, sum);
                if (records == RoundedRecords.SMALL) {
                    a.emit(VMULPS, sum, sum, perRun(token, RoundedRecords.SCALE).repeated());
                }
                a.emit(VFMADD231PS, total(token, vector), sum, at(RSI, PanelIsa.AVX512.scales(run) + 64 * vector));
                if (minima) {
                    Mem sums = perRun(token, records.sums(run)).repeated();
                    a.emit(VFMADD231PS, total(token, vector), zmm(MINIMA + vector), sums);
                }
            }
        }
    }

    /** The end of a group. */
    private void finish(Assembler a) {
        for (int token = 0; token < tokens; token++) {
            if (records == RoundedRecords.SUPER) {
                a.emit(VBROADCASTSS, BROADCAST, at(RBX, token * records.bytes() + RoundedRecords.SCALE));
            }
            for (int vector = 0; vector < VECTORS; vector++) {
                Vec total = total(token, vector);
                Mem place = at(RAX, SUMS_STRIDE * token + 64 * vector);
                if (records == RoundedRecords.SUPER) {
                    a.emit(VFMADD213PS, total, BROADCAST, place);
                } else {
                    a.emit(VADDPS, total, total, place);
                }
                a.store(VMOVUPS_STORE, place, total);
            }
        }
    }

    private Mem perRun(int token, int offset) {
        return at(RBX, RCX, 1, token * records.bytes() + offset);
    }

    private static Vec sum(int token, int vector) {
        return zmm(VECTORS * token + vector);
    }

    private static Vec total(int token, int vector) {
        return total(VECTORS * token + vector);
    }

    private static Vec total(int number) {
        return zmm(VECTORS * MOST_TOKENS + number);
    }
}
