package org.llmspell.engine;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The allocator of native memory. That of Linux' C library keeps most of what is freed for its process, so that neither other
 * programs nor {@link AvailableMemory} see it again; other systems' give large blocks back at once.
 */
final class NativeHeap {
    private static final @Nullable MethodHandle TRIM = trimmer();

    private NativeHeap() {}

    @SuppressWarnings("restricted") // a function of the C library is what it is for
    private static @Nullable MethodHandle trimmer() {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("malloc_trim")
                .map(function -> linker.downcallHandle(
                        function, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG)))
                .orElse(null);
    }

    /** Has freed memory go back to the operating system; takes milliseconds, and does nothing where that happens anyway. */
    static void trim() {
        if (TRIM == null) {
            return;
        }
        try {
            int ignored = (int) TRIM.invokeExact(0L);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
