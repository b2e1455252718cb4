package org.llmspell.cli.console;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The three calls of the C library that Java has no words for: is a descriptor a terminal, how wide is it, and let one
 * descriptor be another. Linking a call costs tens of milliseconds, so nothing here happens before it is needed. Where the
 * library has no such function (Windows) the answers are: no terminal, no width, not done.
 */
final class Posix {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    /** {@code TIOCGWINSZ} of Linux's asm-generic/ioctls.h and of macOS's sys/ttycom.h. */
    private static final long WINDOW_SIZE_LINUX = 0x5413L;

    private static final long WINDOW_SIZE_MACOS = 0x40087468L;

    private Posix() {}

    static boolean isTerminal(int descriptor) {
        return function("isatty", FunctionDescriptor.of(INT, INT))
                .map(isatty -> {
                    try {
                        return (int) isatty.invokeExact(descriptor) == 1;
                    } catch (Throwable e) {
                        return false;
                    }
                })
                .orElse(false);
    }

    /** Columns of the terminal behind {@code descriptor}; empty if it is none or does not say. */
    static OptionalInt columns(int descriptor) {
        boolean mac = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("mac");
        Optional<MethodHandle> ioctl = function(
                "ioctl",
                FunctionDescriptor.of(INT, INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS),
                Linker.Option.firstVariadicArg(2));
        if (ioctl.isEmpty()) {
            return OptionalInt.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            // struct winsize: rows, columns, width and height in pixels, each an unsigned short
            MemorySegment size = arena.allocate(8, 2);
            int result = (int) ioctl.get().invokeExact(descriptor, mac ? WINDOW_SIZE_MACOS : WINDOW_SIZE_LINUX, size);
            int columns = Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, 2));
            return result == 0 && columns > 0 ? OptionalInt.of(columns) : OptionalInt.empty();
        } catch (Throwable e) {
            return OptionalInt.empty();
        }
    }

    /** Lets {@code target} be what {@code source} is; false if that cannot be done. */
    static boolean redirect(int source, int target) {
        return function("dup2", FunctionDescriptor.of(INT, INT, INT))
                .map(dup2 -> {
                    try {
                        return (int) dup2.invokeExact(source, target) == target;
                    } catch (Throwable e) {
                        return false;
                    }
                })
                .orElse(false);
    }

    @SuppressWarnings("restricted") // the descriptors above are those of the C library's headers
    private static Optional<MethodHandle> function(
            String name, FunctionDescriptor descriptor, Linker.Option... options) {
        try {
            Linker linker = Linker.nativeLinker();
            return linker.defaultLookup()
                    .find(name)
                    .map(address -> linker.downcallHandle(address, descriptor, options));
        } catch (UnsupportedOperationException | IllegalCallerException e) {
            return Optional.empty();
        }
    }
}
