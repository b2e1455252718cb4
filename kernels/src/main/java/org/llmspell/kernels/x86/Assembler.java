package org.llmspell.kernels.x86;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns instructions into bytes: the few general ones that kernels need, and the vector ones of {@link Op} in EVEX form
 * and of {@link VexOp} in VEX form (Intel SDM volume 2, chapters 2 and 3). Displacements are always written in full, which costs bytes and no time. Not
 * thread-safe.
 */
final class Assembler {
    /** A place in the code, to jump to. */
    static final class Label {
        private int position = -1;
        private final List<Integer> uses = new ArrayList<>();
    }

    /** Conditions of a jump, by their numbers. */
    enum Condition {
        EQUAL(4),
        NOT_EQUAL(5),
        BELOW(2),
        LESS(12),
        GREATER_OR_EQUAL(13),
        GREATER(15);

        private final int number;

        Condition(int number) {
            this.number = number;
        }
    }

    private byte[] code = new byte[1024];
    private int length;

    /** The code so far; every label that was used must have been placed. */
    byte[] bytes() {
        return Arrays.copyOf(code, length);
    }

    // Vector instructions

    void emit(Op op, Vec destination, Vec first, Source second) {
        emit(op, destination, first, second, Mask.NONE, 0);
    }

    void emit(Op op, Vec destination, Vec first, Source second, int immediate) {
        emit(op, destination, first, second, Mask.NONE, immediate);
    }

    /** An instruction of shape {@link Op.Shape#THREE}. */
    void emit(Op op, Vec destination, Vec first, Source second, Mask mask, int immediate) {
        require(op, Op.Shape.THREE);
        evex(op, destination.number(), first.number(), second, destination.bits(), mask);
        immediate(op, immediate);
    }

    void emit(Op op, Vec destination, Source source) {
        emit(op, destination, source, Mask.NONE, 0);
    }

    void emit(Op op, Vec destination, Source source, Mask mask) {
        emit(op, destination, source, mask, 0);
    }

    void emit(Op op, Vec destination, Source source, int immediate) {
        emit(op, destination, source, Mask.NONE, immediate);
    }

    /** An instruction of shape {@link Op.Shape#LOAD} or {@link Op.Shape#SHIFT}; its width is the destination's. */
    void emit(Op op, Vec destination, Source source, Mask mask, int immediate) {
        if (op.shape == Op.Shape.SHIFT) {
            evex(op, op.extension, destination.number(), source, destination.bits(), mask);
        } else {
            require(op, Op.Shape.LOAD);
            evex(op, destination.number(), 0, source, destination.bits(), mask);
        }
        immediate(op, immediate);
    }

    void store(Op op, Source destination, Vec source) {
        store(op, destination, source, Mask.NONE, 0);
    }

    void store(Op op, Source destination, Vec source, int immediate) {
        store(op, destination, source, Mask.NONE, immediate);
    }

    /** An instruction of shape {@link Op.Shape#STORE}; its width is the source's. */
    void store(Op op, Source destination, Vec source, Mask mask, int immediate) {
        require(op, Op.Shape.STORE);
        evex(op, source.number(), 0, destination, source.bits(), mask);
        immediate(op, immediate);
    }

    /**
     * Sets the bits of mask register {@code mask} where lanes meet the condition.
     *
     * @param predicate the condition's number: 1 is "less", 4 "not equal, or no number", 14 "greater"; unless they say so, there is none
     *     with what is no number
     */
    void compare(Op op, int mask, Vec first, Source second, int predicate) {
        require(op, Op.Shape.COMPARE);
        evex(op, mask, first.number(), second, first.bits(), Mask.NONE);
        immediate(op, predicate);
    }

    /** Sets mask register {@code mask} to the lower 32 bits of {@code source}. */
    void kmovd(int mask, Gp source) {
        // VEX.L0.F2.0F.W0 92 /r
        bytes(0xC4, 0xC1 | (~source.number() & 8) << 2, 0x7B, 0x92, 0xC0 | mask << 3 | source.number() & 7);
    }

    /** Sets mask register {@code mask} to all of {@code source}. */
    void kmovq(int mask, Gp source) {
        // VEX.L0.F2.0F.W1 92 /r
        bytes(0xC4, 0xC1 | (~source.number() & 8) << 2, 0xFB, 0x92, 0xC0 | mask << 3 | source.number() & 7);
    }

    /** Ends the use of vector registers, lest later instructions of the older form wait for their upper halves. */
    void vzeroupper() {
        bytes(0xC5, 0xF8, 0x77);
    }

    // Tile instructions (AMX); tiles are given by their numbers, 0 to 7

    /** Sets the shapes of all tiles by the 64 bytes at {@code shapes}. */
    void loadTileShapes(Mem shapes) {
        vex(0x49, 0, 0, shapes);
    }

    /** Gives all tiles up, so that the system has none to save when it switches threads. */
    void releaseTiles() {
        bytes(0xC4, 0xE2, 0x78, 0x49, 0xC0);
    }

    /** {@code tile = 0}. */
    void zeroTile(int tile) {
        bytes(0xC4, 0xE2, 0x7B, 0x49, 0xC0 | tile << 3);
    }

    /** Loads the rows of a tile from {@code base}, {@code stride} bytes apart. */
    void loadTile(int tile, Gp base, int displacement, Gp stride) {
        vex(0x4B, 3, tile, Mem.at(base, stride, 1, displacement));
    }

    /** Stores the rows of a tile to {@code base}, {@code stride} bytes apart. */
    void storeTile(Gp base, int displacement, Gp stride, int tile) {
        vex(0x4B, 2, tile, Mem.at(base, stride, 1, displacement));
    }

    /** {@code sum += left · right} for pairs of bfloat16: rows of the left, columns of the right. */
    void multiplyTiles(int sum, int left, int right) {
        bytes(0xC4, 0xE2, (~right & 15) << 3 | 2, 0x5C, 0xC0 | sum << 3 | left);
    }

    /** A VEX instruction of the map 0F38, 128 bits wide, on memory. */
    private void vex(int opcode, int prefix, int register, Mem memory) {
        Gp index = memory.index();
        int x = index == null ? 0 : index.number() >> 3;
        int b = memory.base().number() >> 3;
        bytes(0xC4, (~register & 8) << 4 | (~x & 1) << 6 | (~b & 1) << 5 | 2, 0x78 | prefix, opcode);
        modrm(register, memory);
    }

    private static void require(Op op, Op.Shape shape) {
        if (op.shape != shape) {
            throw new IllegalArgumentException(op + " is no " + shape);
        }
    }

    private void immediate(Op op, int immediate) {
        if (op.immediate) {
            bytes(immediate);
        } else if (immediate != 0) {
            throw new IllegalArgumentException(op + " has no immediate");
        }
    }

    private void evex(Op op, int register, int second, Source source, int bits, Mask mask) {
        int x;
        int b;
        boolean broadcast = false;
        switch (source) {
            case Vec vector -> {
                x = vector.number() >> 4 & 1;
                b = vector.number() >> 3 & 1;
            }
            case Mem memory -> {
                x = memory.index() == null ? 0 : memory.index().number() >> 3;
                b = memory.base().number() >> 3;
                broadcast = memory.broadcast();
            }
        }
        int width = bits == 512 ? 2 : bits == 256 ? 1 : 0;
        bytes(
                0x62,
                (~register & 8) << 4 | (~x & 1) << 6 | (~b & 1) << 5 | (~register & 16) | op.map,
                op.w << 7 | (~second & 15) << 3 | 4 | op.prefix,
                (mask.zeroing() ? 0x80 : 0) | width << 5 | (broadcast ? 0x10 : 0) | (~second & 16) >> 1 | mask.number(),
                op.opcode);
        modrm(register, source);
    }

    private void modrm(int register, Source source) {
        switch (source) {
            case Vec vector -> bytes(0xC0 | (register & 7) << 3 | vector.number() & 7);
            case Mem memory -> modrm(register, memory);
        }
    }

    private void modrm(int register, Mem memory) {
        int base = memory.base().number() & 7;
        Gp index = memory.index();
        // base 4 says that a SIB byte follows; index 4 in it says that there is none
        if (index == null && base != 4) {
            bytes(0x80 | (register & 7) << 3 | base);
        } else {
            int scale = Integer.numberOfTrailingZeros(memory.scale());
            bytes(0x84 | (register & 7) << 3, scale << 6 | (index == null ? 4 : index.number() & 7) << 3 | base);
        }
        int32(memory.displacement());
    }

    // Vector instructions in VEX form

    void emit(VexOp op, Vec destination, Vec first, Source second) {
        emit(op, destination, first, second, 0);
    }

    /** An instruction of shape {@link Op.Shape#THREE}. */
    void emit(VexOp op, Vec destination, Vec first, Source second, int immediate) {
        vex(op, Op.Shape.THREE, destination, first.number(), second, immediate);
    }

    void emit(VexOp op, Vec destination, Source source) {
        emit(op, destination, source, 0);
    }

    /** An instruction of shape {@link Op.Shape#LOAD} or {@link Op.Shape#SHIFT}; its width is the destination's. */
    void emit(VexOp op, Vec destination, Source source, int immediate) {
        if (op.shape == Op.Shape.SHIFT) {
            Vec extension = new Vec(op.extension, destination.bits());
            vex(op, Op.Shape.SHIFT, extension, destination.number(), source, immediate);
        } else {
            vex(op, Op.Shape.LOAD, destination, 0, source, immediate);
        }
    }

    void store(VexOp op, Source destination, Vec source) {
        store(op, destination, source, 0);
    }

    /** An instruction of shape {@link Op.Shape#STORE}; its width is the source's. */
    void store(VexOp op, Source destination, Vec source, int immediate) {
        vex(op, Op.Shape.STORE, source, 0, destination, immediate);
    }

    private void vex(VexOp op, Op.Shape shape, Vec register, int second, Source source, int immediate) {
        int index = 0;
        int base = switch (source) {
            case Vec vector -> vector.number();
            case Mem memory -> {
                index = memory.index() == null ? 0 : memory.index().number();
                yield memory.base().number();
            }
        };
        boolean encodable = (register.number() | second | index | base) < 16 && register.bits() <= 256;
        if (op.shape != shape || !encodable || !op.immediate && immediate != 0) {
            throw new IllegalArgumentException(op + " cannot be so");
        }
        bytes(
                0xC4,
                (~register.number() & 8) << 4 | (~index & 8) << 3 | (~base & 8) << 2 | op.map,
                op.w << 7 | (~second & 15) << 3 | (register.bits() == 256 ? 4 : 0) | op.prefix,
                op.opcode);
        modrm(register.number(), source);
        if (op.immediate) {
            bytes(immediate);
        }
    }

    // General instructions, on 64 bits unless they say otherwise

    void mov(Gp destination, Gp source) {
        general(0x8B, destination, source);
    }

    void mov(Gp destination, long value) {
        bytes(0x48 | destination.number() >> 3, 0xB8 | destination.number() & 7);
        int32((int) value);
        int32((int) (value >> 32));
    }

    void load(Gp destination, Mem source) {
        general(8, new int[] {0x8B}, destination.number(), source);
    }

    /** Loads a byte; the other bits become zero. */
    void load8(Gp destination, Mem source) {
        general(0, new int[] {0x0F, 0xB6}, destination.number(), source);
    }

    /** Loads 32 bits; the upper half becomes zero. */
    void load32(Gp destination, Mem source) {
        general(0, new int[] {0x8B}, destination.number(), source);
    }

    /** Loads 16 bits; the rest becomes zero. */
    void load16(Gp destination, Mem source) {
        general(0, new int[] {0x0F, 0xB7}, destination.number(), source);
    }

    void store32(Mem destination, Gp source) {
        general(0, new int[] {0x89}, source.number(), destination);
    }

    void store16(Mem destination, Gp source) {
        bytes(0x66);
        general(0, new int[] {0x89}, source.number(), destination);
    }

    /** Stores the lowest byte; of RSP, RBP, RSI and RDI it has another encoding, so that {@code source} is none of these. */
    void store8(Mem destination, Gp source) {
        general(0, new int[] {0x88}, source.number(), destination);
    }

    void store(Mem destination, Gp source) {
        general(8, new int[] {0x89}, source.number(), destination);
    }

    void lea(Gp destination, Mem source) {
        general(8, new int[] {0x8D}, destination.number(), source);
    }

    /** Asks for the line at {@code place} to be brought to the second-level cache; any address is harmless. */
    void prefetch(Mem place) {
        general(0, new int[] {0x0F, 0x18}, 2, place);
    }

    /** Asks for the line at {@code place} to be brought to all caches; any address is harmless. */
    void prefetchNear(Mem place) {
        general(0, new int[] {0x0F, 0x18}, 1, place);
    }

    /** Asks for the line at {@code place} to be brought near, to be used once; any address is harmless. */
    void prefetchOnce(Mem place) {
        general(0, new int[] {0x0F, 0x18}, 0, place);
    }

    void add(Gp destination, Gp source) {
        general(0x03, destination, source);
    }

    void sub(Gp destination, Gp source) {
        general(0x2B, destination, source);
    }

    void test(Gp first, Gp second) {
        general(0x85, second, first);
    }

    void cmp(Gp first, Gp second) {
        general(0x3B, first, second);
    }

    void add(Gp destination, int value) {
        arithmetic(0, destination, value);
    }

    void sub(Gp destination, int value) {
        arithmetic(5, destination, value);
    }

    void cmp(Gp first, int value) {
        arithmetic(7, first, value);
    }

    void and(Gp destination, int value) {
        arithmetic(4, destination, value);
    }

    void or(Gp destination, Gp source) {
        general(0x0B, destination, source);
    }

    /** Shifts left by {@code count} bits. */
    void shl(Gp destination, int count) {
        bytes(0x48 | destination.number() >> 3, 0xC1, 0xE0 | destination.number() & 7, count);
    }

    void push(Gp source) {
        rex(source.number() >> 3);
        bytes(0x50 | source.number() & 7);
    }

    void pop(Gp destination) {
        rex(destination.number() >> 3);
        bytes(0x58 | destination.number() & 7);
    }

    void ret() {
        bytes(0xC3);
    }

    void cpuid() {
        bytes(0x0F, 0xA2);
    }

    void xgetbv() {
        bytes(0x0F, 0x01, 0xD0);
    }

    void jump(Label label) {
        bytes(0xE9);
        use(label);
    }

    void jump(Condition condition, Label label) {
        bytes(0x0F, 0x80 | condition.number);
        use(label);
    }

    /** Says where {@code label} is. */
    void place(Label label) {
        label.position = length;
        label.uses.forEach(use -> patch(use, label.position));
    }

    /** Fills with instructions that do nothing until the position is a multiple of {@code bytes}. */
    void align(int bytes) {
        while (length % bytes != 0) {
            bytes(0x90);
        }
    }

    private void use(Label label) {
        label.uses.add(length);
        int32(0);
        if (label.position >= 0) {
            patch(length - 4, label.position);
        }
    }

    private void patch(int at, int target) {
        int distance = target - (at + 4);
        for (int i = 0; i < 4; i++) {
            code[at + i] = (byte) (distance >> 8 * i);
        }
    }

    private void arithmetic(int extension, Gp destination, int value) {
        bytes(0x48 | destination.number() >> 3, 0x81, 0xC0 | extension << 3 | destination.number() & 7);
        int32(value);
    }

    private void general(int opcode, Gp register, Gp other) {
        bytes(
                0x48 | register.number() >> 3 << 2 | other.number() >> 3,
                opcode,
                0xC0 | (register.number() & 7) << 3 | other.number() & 7);
    }

    private void general(int wide, int[] opcode, int register, Mem memory) {
        Gp index = memory.index();
        rex(wide
                | register >> 3 << 2
                | (index == null ? 0 : index.number() >> 3 << 1)
                | memory.base().number() >> 3);
        bytes(opcode);
        modrm(register, memory);
    }

    /** The prefix for 64 bits (8) and for the upper half of the registers (4, 2 and 1), where there is need of it. */
    private void rex(int bits) {
        if (bits != 0) {
            bytes(0x40 | bits);
        }
    }

    private void int32(int value) {
        bytes(value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24);
    }

    private void bytes(int... values) {
        if (length + values.length > code.length) {
            code = Arrays.copyOf(code, 2 * code.length);
        }
        for (int value : values) {
            code[length++] = (byte) value;
        }
    }
}
