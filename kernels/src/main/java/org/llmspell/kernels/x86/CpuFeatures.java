package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What this processor can do and the system lets it do, as the processor itself says (Intel SDM volume 2, CPUID; volume 1,
 * 14.3 for the system's part).
 *
 * @param avx2 AVX2, FMA and F16C, with their registers saved by the system
 * @param avxVnni AVX-VNNI beside those
 * @param avx512Vnni AVX-512 F, BW, VL, DQ and VNNI, with their registers saved by the system
 * @param avx512Bf16 products of bfloat16 beside those
 * @param amxBf16 AMX tiles and their product of bfloat16
 * @param tilesSaved whether the system saves tiles; a program must ask for them still
 */
record CpuFeatures(
        boolean avx2, boolean avxVnni, boolean avx512Vnni, boolean avx512Bf16, boolean amxBf16, boolean tilesSaved) {
    static final CpuFeatures NONE = new CpuFeatures(false, false, false, false, false, false);

    private static final int OSXSAVE = 1 << 27;
    private static final int FMA = 1 << 12;
    private static final int F16C = 1 << 29;
    private static final int AVX2 = 1 << 5;
    /** In the first subleaf. */
    private static final int AVXVNNI = 1 << 4;

    private static final int AVX512F = 1 << 16;
    private static final int AVX512DQ = 1 << 17;
    private static final int AVX512BW = 1 << 30;
    private static final int AVX512VL = 1 << 31;
    private static final int AVX512VNNI = 1 << 11;
    /** In the first subleaf. */
    private static final int AVX512BF16 = 1 << 5;

    private static final int AMXBF16 = 1 << 22;
    private static final int AMXTILE = 1 << 24;
    /** SSE, AVX, mask registers, both parts of the 512-bit registers. */
    private static final int SAVED = 0xE6;
    /** SSE, AVX. */
    private static final int SAVED_AVX = 0x6;

    /** Shapes and contents of tiles. */
    private static final int SAVED_TILES = 0x60000;

    /**
     * Asks the processor; {@link #NONE} where it is no x86-64.
     *
     * @throws ExecutableMemory.Refused if there is no memory for the code that asks
     */
    static CpuFeatures detect() throws ExecutableMemory.Refused {
        String architecture = System.getProperty("os.arch", "");
        if (!architecture.equals("amd64") && !architecture.equals("x86_64")) {
            return NONE;
        }
        Asking asking = new Asking();
        int most = asking.cpuid(0, 0)[0];
        int one = asking.cpuid(1, 0)[2];
        if (most < 7 || (one & OSXSAVE) == 0) {
            return NONE;
        }
        int[] seven = asking.cpuid(7, 0);
        int needed = AVX512F | AVX512DQ | AVX512BW | AVX512VL;
        boolean avx512 = (seven[1] & needed) == needed && (seven[2] & AVX512VNNI) != 0;
        int saved = asking.saved();
        int[] more = seven[0] >= 1 ? asking.cpuid(7, 1) : new int[4];
        boolean avx2 =
                (one & (FMA | F16C)) == (FMA | F16C) && (seven[1] & AVX2) != 0 && (saved & SAVED_AVX) == SAVED_AVX;
        boolean avxVnni = avx2 && (more[0] & AVXVNNI) != 0;
        avx512 &= (saved & SAVED) == SAVED;
        boolean bf16 = avx512 && (more[0] & AVX512BF16) != 0;
        int tiles = AMXTILE | AMXBF16;
        return new CpuFeatures(
                avx2, avxVnni, avx512, bf16, (seven[3] & tiles) == tiles, (saved & SAVED_TILES) == SAVED_TILES);
    }

    /** The instructions that tell. */
    private static final class Asking {
        private final Routine cpuid = Routine.plain(a -> {
            a.push(Gp.RBX);
            a.mov(Gp.R8, Gp.RDI);
            a.load32(Gp.RAX, Mem.at(Gp.R8, 0));
            a.load32(Gp.RCX, Mem.at(Gp.R8, 4));
            a.cpuid();
            a.store32(Mem.at(Gp.R8, 0), Gp.RAX);
            a.store32(Mem.at(Gp.R8, 4), Gp.RBX);
            a.store32(Mem.at(Gp.R8, 8), Gp.RCX);
            a.store32(Mem.at(Gp.R8, 12), Gp.RDX);
            a.pop(Gp.RBX);
        });
        private final Routine xgetbv = Routine.plain(a -> {
            a.mov(Gp.R8, Gp.RDI);
            a.mov(Gp.RCX, 0);
            a.xgetbv();
            a.store32(Mem.at(Gp.R8, 0), Gp.RAX);
        });

        Asking() throws ExecutableMemory.Refused {}

        /** EAX, EBX, ECX and EDX of one leaf. */
        int[] cpuid(int leaf, int subleaf) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment block = arena.allocate(16, 8);
                block.setAtIndex(ValueLayout.JAVA_INT, 0, leaf);
                block.setAtIndex(ValueLayout.JAVA_INT, 1, subleaf);
                cpuid.call(block.address());
                return block.toArray(ValueLayout.JAVA_INT);
            }
        }

        /** The registers that the system saves when it switches threads, by their bits in XCR0. */
        int saved() {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment block = arena.allocate(16, 8);
                xgetbv.call(block.address());
                return block.get(ValueLayout.JAVA_INT, 0);
            }
        }
    }
}
