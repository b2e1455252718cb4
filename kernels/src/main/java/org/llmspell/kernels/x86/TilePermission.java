package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The permission to use AMX tiles, which Linux gives to a program that asks, for all its threads from then on (the kernel's
 * Documentation/arch/x86/xstate.rst): tiles make what it saves for a thread 8 KB larger.
 */
@SuppressWarnings("restricted") // a system call is what it is for
final class TilePermission {
    private static final long SYSCALL_ARCH_PRCTL = 158;
    private static final long ARCH_REQ_XCOMP_PERM = 0x1023;
    private static final long TILE_DATA = 18;

    private TilePermission() {}

    /** Asks for it; asking again does no harm. Null if it was given, else why not. */
    static @Nullable String request() {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            return "AMX is used on Linux only";
        }
        Linker linker = Linker.nativeLinker();
        StructLayout state = Linker.Option.captureStateLayout();
        MethodHandle syscall = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syscall"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
                Linker.Option.firstVariadicArg(1),
                Linker.Option.captureCallState("errno"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment captured = arena.allocate(state);
            long result = (long) syscall.invokeExact(captured, SYSCALL_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, TILE_DATA);
            if (result == 0) {
                return null;
            }
            int error = (int) state.varHandle(MemoryLayout.PathElement.groupElement("errno"))
                    .get(captured, 0L);
            return "the system refuses the tiles of AMX to this program (arch_prctl: error %d)".formatted(error);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
