package org.llmspell.kernels.x86;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Assembled code that can be called: it takes the address of a block of arguments and returns nothing. One argument keeps the
 * code the same under both calling conventions, but for where it arrives. Thread-safe. Most of a program's routines never run, so one
 * is assembled when it is first called.
 *
 * <p>Code may use the general registers RAX, RCX, RDX, RSI, RDI, R8 to R11 and all vector registers; the block's address is in RDI.
 */
@SuppressWarnings("restricted") // calling code of our own is what it is for
final class Routine {
    private static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");

    /**
     * One handle for all: a constant that the compiler sees through, made once. Critical: such a call costs tens of nanoseconds less,
     * and the code neither blocks nor calls back.
     */
    private static final MethodHandle CALL = Linker.nativeLinker()
            .downcallHandle(FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), Linker.Option.critical(false));

    private final Consumer<Assembler> body;
    private volatile @Nullable MemorySegment code;

    private Routine(Consumer<Assembler> body) {
        this.body = body;
    }

    /**
     * A routine.
     *
     * @param body the code between entry and return
     */
    static Routine of(Consumer<Assembler> body) {
        return new Routine(body);
    }

    /** The code that runs, or will. */
    byte[] bytes() {
        return assemble(body, WINDOWS);
    }

    private MemorySegment code() {
        MemorySegment made = code;
        return made == null ? assembled() : made;
    }

    private synchronized MemorySegment assembled() {
        MemorySegment made = code;
        if (made == null) {
            made = ExecutableMemory.later(() -> placed(assemble(body, WINDOWS)));
            code = made;
        }
        return made;
    }

    private static MemorySegment placed(byte[] bytes) throws ExecutableMemory.Refused {
        return MemorySegment.ofAddress(ExecutableMemory.of(bytes)).reinterpret(bytes.length);
    }

    /** A routine that touches no vector register and neither needs nor does anything about them, assembled at once. */
    static Routine plain(Consumer<Assembler> body) throws ExecutableMemory.Refused {
        Assembler a = new Assembler();
        if (WINDOWS) {
            a.push(Gp.RDI);
            a.mov(Gp.RDI, Gp.RCX);
        }
        body.accept(a);
        if (WINDOWS) {
            a.pop(Gp.RDI);
        }
        a.ret();
        Routine routine = new Routine(body);
        routine.code = placed(a.bytes());
        return routine;
    }

    /** The code of {@code body} between entry and return as the calling convention wants them. */
    static byte[] assemble(Consumer<Assembler> body, boolean windows) {
        Assembler a = new Assembler();
        if (windows) {
            // There RDI, RSI and the lower halves of vector registers 6 to 15 belong to the caller.
            a.push(Gp.RDI);
            a.push(Gp.RSI);
            a.sub(Gp.RSP, 160);
            for (int i = 0; i < 10; i++) {
                a.store(VexOp.VMOVDQU_STORE, Mem.at(Gp.RSP, 16 * i), Vec.xmm(6 + i));
            }
            a.mov(Gp.RDI, Gp.RCX);
        }
        body.accept(a);
        a.vzeroupper();
        if (windows) {
            for (int i = 0; i < 10; i++) {
                a.emit(VexOp.VMOVDQU, Vec.xmm(6 + i), Mem.at(Gp.RSP, 16 * i));
            }
            a.add(Gp.RSP, 160);
            a.pop(Gp.RSI);
            a.pop(Gp.RDI);
        }
        a.ret();
        return a.bytes();
    }

    /** Runs it. Whatever the block at {@code arguments} points to must be there and large enough: nothing is checked. */
    void call(long arguments) {
        try {
            CALL.invokeExact(code(), arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
