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
import static org.llmspell.kernels.x86.PanelCode.GROUPS;
import static org.llmspell.kernels.x86.PanelCode.GROUP_STRIDE;
import static org.llmspell.kernels.x86.PanelCode.PANEL;
import static org.llmspell.kernels.x86.PanelCode.RECORDS;
import static org.llmspell.kernels.x86.PanelCode.RUNS_BY_4;
import static org.llmspell.kernels.x86.PanelCode.SUMS;
import static org.llmspell.kernels.x86.PanelCode.SUMS_STRIDE;
import static org.llmspell.kernels.x86.PanelCode.TILES;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VADDPS;
import static org.llmspell.kernels.x86.VexOp.VBROADCASTSS;
import static org.llmspell.kernels.x86.VexOp.VCVTDQ2PS;
import static org.llmspell.kernels.x86.VexOp.VFMADD213PS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VPABSB;
import static org.llmspell.kernels.x86.VexOp.VPADDD;
import static org.llmspell.kernels.x86.VexOp.VPADDW;
import static org.llmspell.kernels.x86.VexOp.VPBROADCASTD;
import static org.llmspell.kernels.x86.VexOp.VPDPBUSD;
import static org.llmspell.kernels.x86.VexOp.VPMADDUBSW;
import static org.llmspell.kernels.x86.VexOp.VPMADDWD;
import static org.llmspell.kernels.x86.VexOp.VPSIGNB;
import static org.llmspell.kernels.x86.VexOp.VPSRAD;
import static org.llmspell.kernels.x86.VexOp.VPXOR;

import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * {@link PanelCode} in AVX2: 16 rows by three tokens, or by two where quants are signed and there is no AVX-VNNI. Without that, products
 * of pairs are added up in 16 bits as long as they fit, and then in 32 bits; those of signed quants go over to 32 bits at once.
 *
 * <p>Registers: ymm0 to 5 are the sums of a run, of row vector r and token t in number 2t + r, ymm6 to 11 those in float32; the general
 * ones are {@link PanelCode}'s.
 *
 * @param isa {@link PanelIsa#AVX2} or {@link PanelIsa#AVX2_VNNI}
 * @param records how activations are rounded
 * @param run weights of a row that share a scale: 16 or 32
 * @param minima whether weights have minima
 * @param quants what the panel's quants are
 * @param tokens of a tile, at most {@link #mostTokens}
 */
record Avx2PanelCode(PanelIsa isa, RoundedRecords records, int run, boolean minima, Quants quants, int tokens) {
    /**
     * What the format's quants are.
     *
     * @param most the largest; 0 if they are signed, with sizes up to 127
     * @param excess what they are too large by: 0, or a power of two up to 128
     */
    record Quants(int most, int excess) {
        /** Whether they are signed, which AVX-VNNI gets with 128 more. */
        boolean signed() {
            return most == 0;
        }

        /** The same as they are in panels for {@code isa}. */
        Quants in(PanelIsa isa) {
            return signed() && isa == PanelIsa.AVX2_VNNI ? new Quants(255, 128) : this;
        }
    }

    /** Room for the code's own use: a vector of ones. */
    private static final int ONES_PLACE = 128;

    /** The same, for sums of 32 bits. */
    private static final int WIDE_SUMS = 160;

    static final int ARGUMENT_BYTES = WIDE_SUMS + 32 * 6;

    private static final int VECTORS = 2;
    private static final int VECTOR = 32;
    private static final int MOST_TOKENS = 3;
    private static final int MOST_SIGNED_TOKENS = 2;

    /** The largest size of a rounded activation. */
    private static final int LARGEST_ACTIVATION = 127;

    private static final long ONES = Constants.words(i -> 1);

    private static final int WEIGHTS = 12;
    private static final Vec BROADCAST = ymm(14);
    private static final Vec TEMPORARY = ymm(15);
    /** Sizes of signed weights, where there are fewer sums. */
    private static final int SIZES = 4;

    /** Most tokens of a tile. */
    static int mostTokens(PanelIsa isa, Quants quants) {
        return isa == PanelIsa.AVX2 && quants.signed() ? MOST_SIGNED_TOKENS : MOST_TOKENS;
    }

    Routine routine() {
        return Routine.of(this::write);
    }

    private boolean vnni() {
        return isa == PanelIsa.AVX2_VNNI;
    }

    private void write(Assembler a) {
        a.push(RBX);
        a.mov(RAX, ONES);
        a.emit(VMOVDQU, TEMPORARY, at(RAX, 0));
        a.store(VMOVDQU_STORE, at(RDI, ONES_PLACE), TEMPORARY);
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
            a.emit(VPXOR, total(i), total(i), total(i));
        }
        a.align(32);
        a.place(nextRun);
        if (vnni()) {
            dots(a);
        } else if (quants.signed()) {
            signedDots(a);
        } else {
            narrowDots(a);
        }
        if (minima) {
            addMinima(a);
        }
        a.add(RSI, isa.runBytes(run));
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

    /** In 32 bits from the start. */
    private void dots(Assembler a) {
        for (int token = 0; token < tokens; token++) {
            for (int vector = 0; vector < VECTORS; vector++) {
                Vec sum = sum(token, vector);
                if (quants.excess == 0) {
                    a.emit(VPXOR, sum, sum, sum);
                } else if (vector == 0) {
                    excess(a, sum, token);
                } else {
                    a.emit(VMOVDQU, sum, sum(token, 0));
                }
            }
        }
        for (int part = 0; part < run / 4; part++) {
            weights(a, part);
            for (int token = 0; token < tokens; token++) {
                a.emit(VPBROADCASTD, BROADCAST, activations(token, part));
                for (int vector = 0; vector < VECTORS; vector++) {
                    a.emit(VPDPBUSD, sum(token, vector), ymm(WEIGHTS + vector), BROADCAST);
                }
            }
        }
        scale(a);
    }

    /** In 16 bits as long as that is enough. */
    private void narrowDots(Assembler a) {
        int fitting = Short.MAX_VALUE / (2 * LARGEST_ACTIVATION * quants.most);
        int together = Math.clamp(Integer.highestOneBit(fitting), 1, run / 4);
        for (int part = 0; part < run / 4; part++) {
            boolean first = part % together == 0;
            weights(a, part);
            for (int token = 0; token < tokens; token++) {
                a.emit(VPBROADCASTD, BROADCAST, activations(token, part));
                for (int vector = 0; vector < VECTORS; vector++) {
                    Vec sum = sum(token, vector);
                    if (first) {
                        a.emit(VPMADDUBSW, sum, ymm(WEIGHTS + vector), BROADCAST);
                    } else {
                        a.emit(VPMADDUBSW, TEMPORARY, ymm(WEIGHTS + vector), BROADCAST);
                        a.emit(VPADDW, sum, sum, TEMPORARY);
                    }
                }
            }
            if ((part + 1) % together == 0) {
                widen(a, part < together, part + 1 == run / 4);
            }
        }
        scale(a);
    }

    /** Sums of 16 bits become half as many of 32 bits, to which those that wait are added; what quants are too large by is taken off last. */
    private void widen(Assembler a, boolean first, boolean last) {
        for (int token = 0; token < tokens; token++) {
            boolean corrected = last && quants.excess > 0;
            if (corrected) {
                excess(a, TEMPORARY, token);
            }
            for (int vector = 0; vector < VECTORS; vector++) {
                Vec sum = sum(token, vector);
                Mem waiting = at(RDI, WIDE_SUMS + VECTOR * sum.number());
                a.emit(VPMADDWD, sum, sum, at(RDI, ONES_PLACE));
                if (!first) {
                    a.emit(VPADDD, sum, sum, waiting);
                }
                if (corrected) {
                    a.emit(VPADDD, sum, sum, TEMPORARY);
                }
                if (!last) {
                    a.store(VMOVDQU_STORE, waiting, sum);
                }
            }
        }
    }

    /** As products of sizes with activations that have the signs of both. */
    private void signedDots(Assembler a) {
        for (int i = 0; i < VECTORS * tokens; i++) {
            a.emit(VPXOR, ymm(i), ymm(i), ymm(i));
        }
        for (int part = 0; part < run / 4; part++) {
            weights(a, part);
            for (int vector = 0; vector < VECTORS; vector++) {
                a.emit(VPABSB, ymm(SIZES + vector), ymm(WEIGHTS + vector));
            }
            for (int token = 0; token < tokens; token++) {
                a.emit(VPBROADCASTD, BROADCAST, activations(token, part));
                for (int vector = 0; vector < VECTORS; vector++) {
                    Vec sum = sum(token, vector);
                    a.emit(VPSIGNB, TEMPORARY, BROADCAST, ymm(WEIGHTS + vector));
                    a.emit(VPMADDUBSW, TEMPORARY, ymm(SIZES + vector), TEMPORARY);
                    a.emit(VPMADDWD, TEMPORARY, TEMPORARY, at(RDI, ONES_PLACE));
                    a.emit(VPADDD, sum, sum, TEMPORARY);
                }
            }
        }
        scale(a);
    }

    private void weights(Assembler a, int part) {
        for (int vector = 0; vector < VECTORS; vector++) {
            a.emit(VMOVDQU, ymm(WEIGHTS + vector), at(RSI, VECTOR * (VECTORS * part + vector)));
        }
    }

    private Mem activations(int token, int part) {
        return at(RBX, RCX, run / 4, token * records.bytes() + 4 * part);
    }

    /** What the sum of a run is too large by, times −1. */
    private void excess(Assembler a, Vec vector, int token) {
        a.emit(VPBROADCASTD, vector, perRun(token, records.offsets(run)));
        if (quants.excess < 128) {
            a.emit(VPSRAD, vector, vector, Integer.numberOfTrailingZeros(128 / quants.excess));
        }
    }

    /** Adds the integer sums to those in float32. */
    private void scale(Assembler a) {
        for (int token = 0; token < tokens; token++) {
            if (records == RoundedRecords.SMALL) {
                a.emit(VBROADCASTSS, BROADCAST, perRun(token, RoundedRecords.SCALE));
            }
            for (int vector = 0; vector < VECTORS; vector++) {
                Vec sum = sum(token, vector);
                a.emit(VCVTDQ2PS, sum, sum);
                if (records == RoundedRecords.SMALL) {
                    a.emit(VMULPS, sum, sum, BROADCAST);
                }
                a.emit(VFMADD231PS, total(token, vector), sum, at(RSI, isa.scales(run) + VECTOR * vector));
            }
        }
    }

    private void addMinima(Assembler a) {
        for (int token = 0; token < tokens; token++) {
            a.emit(VBROADCASTSS, BROADCAST, perRun(token, records.sums(run)));
            for (int vector = 0; vector < VECTORS; vector++) {
                a.emit(VFMADD231PS, total(token, vector), BROADCAST, at(RSI, isa.minima(run) + VECTOR * vector));
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
                Mem place = at(RAX, SUMS_STRIDE * token + VECTOR * vector);
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
        return ymm(VECTORS * token + vector);
    }

    private static Vec total(int token, int vector) {
        return total(VECTORS * token + vector);
    }

    private static Vec total(int number) {
        return ymm(VECTORS * MOST_TOKENS + number);
    }
}
