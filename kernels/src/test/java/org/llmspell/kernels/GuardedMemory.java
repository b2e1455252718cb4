package org.llmspell.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Memory that ends where the next byte cannot be read: code that reads too far ends the test's JVM. Only on Linux; elsewhere it is
 * ordinary memory. Lives as long as the program.
 */
@SuppressWarnings("restricted") // asking the system for such memory is what it is for
public final class GuardedMemory {
    private static final long PAGE = 4096;
    private static final int READ_WRITE = 3;
    private static final int NONE = 0;
    private static final int PRIVATE_ANONYMOUS = 0x22;

    private final MemorySegment all;

    /** Memory for {@link #ending} of at most {@code bytes}. */
    public GuardedMemory(long bytes) {
        long pages = (bytes + PAGE - 1) / PAGE;
        all = System.getProperty("os.name", "").equals("Linux")
                ? guarded(pages * PAGE)
                : Arena.global().allocate(pages * PAGE, 64);
    }

    /** The last {@code bytes} before the end. */
    public MemorySegment ending(long bytes) {
        return all.asSlice(all.byteSize() - bytes);
    }

    private static MemorySegment guarded(long bytes) {
        Linker linker = Linker.nativeLinker();
        MethodHandle mmap = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("mmap"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG));
        MethodHandle mprotect = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("mprotect"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        try {
            long address = (long) mmap.invokeExact(0L, bytes + PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (address == -1 || (int) mprotect.invokeExact(address + bytes, PAGE, NONE) != 0) {
                throw new AssertionError("the system gives no guarded memory");
            }
            return MemorySegment.ofAddress(address).reinterpret(bytes);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
