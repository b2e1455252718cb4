package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Memory that holds code: written first, then made executable and read-only for good, so that at no time both can be done to
 * it. Lives as long as the program.
 */
@SuppressWarnings("restricted") // running code of our own is what it is for
final class ExecutableMemory {
    /** The system refused: it allows no such memory to this program, or is none that is known here. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    /** Makes code. */
    interface Maker<T> {
        T make() throws Refused;
    }

    private static final Linker LINKER = Linker.nativeLinker();

    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXECUTE = 4;
    private static final int PRIVATE = 2;
    private static final int ANONYMOUS_LINUX = 0x20;
    private static final int ANONYMOUS_MACOS = 0x1000;

    private static final int COMMIT_AND_RESERVE = 0x3000;
    private static final int PAGE_READWRITE = 0x04;
    private static final int PAGE_EXECUTE_READ = 0x20;

    private ExecutableMemory() {}

    /**
     * What {@code maker} makes, for code that is made only when it is first asked for.
     *
     * @throws IllegalStateException if the system refuses the memory, though it gave some at the start
     */
    static <T> T later(Maker<T> maker) {
        try {
            return maker.make();
        } catch (Refused e) {
            throw new IllegalStateException("no more executable memory, though there was some at start", e);
        }
    }

    /**
     * Puts {@code code} where it can run.
     *
     * @return its address
     */
    static long of(byte[] code) throws Refused {
        String system = System.getProperty("os.name", "");
        try {
            return system.startsWith("Windows") ? windows(code) : posix(code, system.startsWith("Mac"));
        } catch (Refused e) {
            throw e;
        } catch (Throwable e) {
            throw new Refused(system + " gives no executable memory: " + e);
        }
    }

    /**
     * The system's functions, found once, and called with as many numbers of 64 bits as the longest takes: each shape of a call costs a
     * start some fifteen classes. By the calling convention of x86-64 numbers are in registers of their own, whose upper halves a
     * function ignores that takes fewer bits, as it ignores the registers that it does not take.
     */
    private static final class Posix {
        private static final MethodHandle CALL = LINKER.downcallHandle(FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG));
        private static final MemorySegment MMAP = LINKER.defaultLookup().findOrThrow("mmap");
        private static final MemorySegment MPROTECT = LINKER.defaultLookup().findOrThrow("mprotect");

        static long map(long bytes, long protection, long flags) throws Throwable {
            return (long) CALL.invokeExact(MMAP, 0L, bytes, protection, flags, -1L, 0L);
        }

        static boolean protect(long address, long bytes, long protection) throws Throwable {
            return (int) (long) CALL.invokeExact(MPROTECT, address, bytes, protection, 0L, 0L, 0L) == 0;
        }
    }

    private static long posix(byte[] code, boolean macos) throws Throwable {
        int flags = PRIVATE | (macos ? ANONYMOUS_MACOS : ANONYMOUS_LINUX);
        long address = Posix.map(code.length, READ | WRITE, flags);
        if (address == -1) {
            throw new Refused("the system gives no memory for code");
        }
        copy(code, address);
        if (!Posix.protect(address, code.length, READ | EXECUTE)) {
            throw new Refused("the system allows no executable memory");
        }
        return address;
    }

    private static long windows(byte[] code) throws Throwable {
        SymbolLookup kernel = SymbolLookup.libraryLookup("kernel32", Arena.global());
        MethodHandle allocate = LINKER.downcallHandle(
                kernel.findOrThrow("VirtualAlloc"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT));
        MethodHandle protect = LINKER.downcallHandle(
                kernel.findOrThrow("VirtualProtect"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS));
        long address = (long) allocate.invokeExact(0L, (long) code.length, COMMIT_AND_RESERVE, PAGE_READWRITE);
        if (address == 0) {
            throw new Refused("the system gives no memory for code");
        }
        copy(code, address);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment before = arena.allocate(ValueLayout.JAVA_INT);
            if ((int) protect.invokeExact(address, (long) code.length, PAGE_EXECUTE_READ, before) == 0) {
                throw new Refused("the system allows no executable memory");
            }
        }
        return address;
    }

    private static void copy(byte[] code, long address) {
        MemorySegment target = MemorySegment.ofAddress(address).reinterpret(code.length);
        MemorySegment.copy(code, 0, target, ValueLayout.JAVA_BYTE, 0, code.length);
    }
}
