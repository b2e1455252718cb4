package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.DenseProductCode.FIRST;
import static org.llmspell.kernels.x86.DenseProductCode.GROUP_SUMS;
import static org.llmspell.kernels.x86.DenseProductCode.PANEL;
import static org.llmspell.kernels.x86.DenseProductCode.PANEL_STRIDE;
import static org.llmspell.kernels.x86.DenseProductCode.STEPS;
import static org.llmspell.kernels.x86.DenseProductCode.SUMS;
import static org.llmspell.kernels.x86.DenseProductCode.TIMES;
import static org.llmspell.kernels.x86.DenseProductCode.X;
import static org.llmspell.kernels.x86.DenseProductCode.X_STRIDE;
import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RBP;
import static org.llmspell.kernels.x86.Gp.RBX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The dense product of bfloat16 in AMX tiles: 32 rows by up to two groups of tokens at a time, two left tiles by two right ones.
 * A step of the inner loop is 16 steps of the elements: four tiles of 1 KB loaded in some 32 cycles while the four multiplications
 * of 8192 each keep the unit busy for 64. A sum waits for 52 cycles, so with four in turn none waits for itself.
 *
 * <p>Tile shapes belong to the thread and are set on entry; on return no tile is in use, so that the system has none to save.
 *
 * <p>Registers: tiles 0 to 3 are the sums, of left tile l and right tile r in number 2l + r; 4 and 5 the left tiles, 6 and 7 the
 * right ones. RSI and R10 are rows 0 and 16 of the panel, R8 the bytes of a row; RDX and R11 the activations of the two groups; RBX
 * the bytes of a row of sums or activations; RAX the sums; RCX and RBP count steps and groups.
 */
final class DenseTileCode {
    /** Most groups of tokens at a time. */
    static final int MOST_GROUPS = 2;

    private static final int TILE_BYTES = 1024;
    private static final int TILE_ROW_BYTES = 64;
    private static final int STEPS_OF_TILE = 16;

    private static final long SHAPES = shapes();

    private final int groups;
    private final long shapes;

    DenseTileCode(int groups) {
        this(groups, SHAPES);
    }

    /** The same with the shapes of tiles, 64 bytes, at an address that the caller provides for. */
    DenseTileCode(int groups, long shapes) {
        this.groups = groups;
        this.shapes = shapes;
    }

    /** What the instruction that sets the shapes reads: palette 1, eight tiles of 16 rows of 64 bytes (Intel SDM, volume 1, 18). */
    static byte[] shapeBytes() {
        byte[] bytes = new byte[64];
        bytes[0] = 1;
        for (int tile = 0; tile < 8; tile++) {
            bytes[16 + 2 * tile] = TILE_ROW_BYTES;
            bytes[48 + tile] = 16;
        }
        return bytes;
    }

    private static long shapes() {
        byte[] bytes = shapeBytes();
        MemorySegment segment = Arena.global().allocate(bytes.length, 64);
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return segment.address();
    }

    Routine routine() {
        return Routine.of(this::write);
    }

    void write(Assembler a) {
        a.push(RBX);
        a.push(RBP);
        a.mov(RAX, shapes);
        a.loadTileShapes(at(RAX, 0));
        a.load(R8, at(RDI, PANEL_STRIDE));
        a.load(R9, at(RDI, X_STRIDE));
        a.load(RBP, at(RDI, TIMES));
        a.load(RAX, at(RDI, SUMS));
        a.load(RDX, at(RDI, X));
        a.mov(RBX, TILE_ROW_BYTES);
        Assembler.Label time = new Assembler.Label();
        a.place(time);
        begin(a);
        a.store(at(RDI, X), RDX);
        a.lea(R11, at(RDX, R9, 1, 0));
        a.load(RSI, at(RDI, PANEL));
        a.lea(R10, at(RSI, R8, 8, 0));
        a.lea(R10, at(R10, R8, 8, 0));
        a.load(RCX, at(RDI, STEPS));
        steps(a);
        for (int left = 0; left < 2; left++) {
            for (int right = 0; right < groups; right++) {
                a.storeTile(RAX, waiting(left, right), RBX, sum(left, right));
            }
        }
        a.add(RAX, groups * GROUP_SUMS);
        a.load(RDX, at(RDI, X));
        for (int group = 0; group < groups; group++) {
            a.add(RDX, R9);
        }
        a.sub(RBP, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, time);
        a.releaseTiles();
        a.pop(RBP);
        a.pop(RBX);
    }

    private void begin(Assembler a) {
        Assembler.Label goOn = new Assembler.Label();
        Assembler.Label ready = new Assembler.Label();
        a.load(RCX, at(RDI, FIRST));
        a.test(RCX, RCX);
        a.jump(Assembler.Condition.EQUAL, goOn);
        for (int left = 0; left < 2; left++) {
            for (int right = 0; right < groups; right++) {
                a.zeroTile(sum(left, right));
            }
        }
        a.jump(ready);
        a.place(goOn);
        for (int left = 0; left < 2; left++) {
            for (int right = 0; right < groups; right++) {
                a.loadTile(sum(left, right), RAX, waiting(left, right), RBX);
            }
        }
        a.place(ready);
    }

    private void steps(Assembler a) {
        Assembler.Label steps = new Assembler.Label();
        a.align(32);
        a.place(steps);
        a.loadTile(4, RSI, 0, R8);
        a.loadTile(6, RDX, 0, RBX);
        a.multiplyTiles(sum(0, 0), 4, 6);
        if (groups == 2) {
            a.loadTile(7, R11, 0, RBX);
            a.multiplyTiles(sum(0, 1), 4, 7);
        }
        a.loadTile(5, R10, 0, R8);
        a.multiplyTiles(sum(1, 0), 5, 6);
        if (groups == 2) {
            a.multiplyTiles(sum(1, 1), 5, 7);
            a.add(R11, TILE_BYTES);
        }
        a.add(RSI, TILE_ROW_BYTES);
        a.add(R10, TILE_ROW_BYTES);
        a.add(RDX, TILE_BYTES);
        a.sub(RCX, STEPS_OF_TILE);
        a.jump(Assembler.Condition.NOT_EQUAL, steps);
    }

    private static int sum(int left, int right) {
        return 2 * left + right;
    }

    private static int waiting(int left, int right) {
        return right * GROUP_SUMS + left * TILE_BYTES;
    }
}
