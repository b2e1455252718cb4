package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Vec.zmm;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.llmspell.kernels.NativeMemory;

/**
 * Reads memory as fast as one thread can and does nothing with it, to learn what the machine's memory gives. Thread-safe.
 *
 * <p>A processor has more reads under way when they are of several streams, and when lines are asked for ahead of the loads; what
 * is best differs between processors, so there are several ways to read.
 */
public final class X86Reader {
    /** What {@link #read} reads a whole number of, in bytes. */
    public static final int GRAIN = 4096;

    /** Lines of each stream in one turn of the loop. */
    private static final int LINES = 2;

    private static final int LINE = 64;
    private static final int AHEAD = 4096;

    private final Routine routine;
    private final int streams;

    private X86Reader(int streams, boolean prefetch) {
        this.streams = streams;
        this.routine = Routine.of(a -> code(a, streams, prefetch));
    }

    /**
     * Assembles a reader.
     *
     * @param streams 1, 2 or 4
     * @param prefetch ask for lines a page ahead
     */
    public static X86Reader assemble(int streams, boolean prefetch) throws X86Kernels.Unavailable {
        if (streams != 1 && streams != 2 && streams != 4) {
            throw new IllegalArgumentException(streams + " streams");
        }
        try {
            if (!CpuFeatures.detect().avx512Vnni()) {
                throw new X86Kernels.Unavailable("the processor has no AVX-512 with VNNI");
            }
            return new X86Reader(streams, prefetch);
        } catch (ExecutableMemory.Refused e) {
            throw new X86Kernels.Unavailable(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Reads {@code bytes} from {@code from} on.
     *
     * @param memory off the heap
     * @param bytes a multiple of {@link #GRAIN}
     * @throws IndexOutOfBoundsException if {@code memory} has no such bytes
     * @throws IllegalArgumentException if {@code bytes} is no such multiple, or the memory on the heap or closed
     */
    public void read(MemorySegment memory, long from, long bytes) {
        MemorySegment part = memory.asSlice(from, bytes);
        if (bytes % GRAIN != 0 || !NativeMemory.reachable(part)) {
            throw new IllegalArgumentException(bytes + " bytes of " + memory);
        }
        if (bytes == 0) {
            return;
        }
        ByteBuffer arguments = ByteBuffer.allocateDirect(24).order(ByteOrder.nativeOrder());
        arguments.putLong(part.address()).putLong(bytes / streams).putLong(bytes / streams);
        routine.call(MemorySegment.ofBuffer(arguments.flip()).address());
        NativeMemory.keep(arguments, memory, memory);
    }

    /** RSI: place in the first stream; RDX: from one stream to the next, RAX: three times that; RCX: bytes left of each. */
    private static void code(Assembler a, int streams, boolean prefetch) {
        Assembler.Label loop = new Assembler.Label();
        a.load(RSI, Mem.at(RDI, 0));
        a.load(RDX, Mem.at(RDI, 8));
        a.load(RCX, Mem.at(RDI, 16));
        a.lea(RAX, Mem.at(RDX, RDX, 2, 0));
        a.align(64);
        a.place(loop);
        for (int stream = 0; stream < streams; stream++) {
            Mem place = switch (stream) {
                case 0 -> Mem.at(RSI, 0);
                case 1 -> Mem.at(RSI, RDX, 1, 0);
                case 2 -> Mem.at(RSI, RDX, 2, 0);
                default -> Mem.at(RSI, RAX, 1, 0);
            };
            for (int line = 0; line < LINES; line++) {
                if (prefetch) {
                    a.prefetch(place.plus(line * LINE + AHEAD));
                }
                a.emit(VMOVDQU32, zmm(stream * LINES + line), place.plus(line * LINE));
            }
        }
        a.add(RSI, LINES * LINE);
        a.sub(RCX, LINES * LINE);
        a.jump(Assembler.Condition.NOT_EQUAL, loop);
    }
}
