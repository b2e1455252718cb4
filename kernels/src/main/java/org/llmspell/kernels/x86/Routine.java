package org.llmspell.kernels.x86;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.function.Consumer;

/**
 * Assembled code that can be called: it takes the address of a block of arguments and returns nothing. One argument keeps the
 * code the same under both calling conventions, but for where it arrives. Thread-safe.
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

    private final MemorySegment code;

    private Routine(byte[] code) throws ExecutableMemory.Refused {
        this.code = MemorySegment.ofAddress(ExecutableMemory.of(code)).reinterpret(code.length);
    }

    /** The code that runs. */
    byte[] bytes() {
        return code.toArray(ValueLayout.JAVA_BYTE);
    }

    /**
     * Assembles a routine.
     *
     * @param body the code between entry and return
     */
    static Routine of(Consumer<Assembler> body) throws ExecutableMemory.Refused {
        return new Routine(assemble(body, WINDOWS));
    }

    /** Assembles a routine that touches no vector register and neither needs nor does anything about them. */
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
        return new Routine(a.bytes());
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
            CALL.invokeExact(code, arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
