package org.llmspell.lua.vm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One Lua state with all standard libraries: loads and calls Lua code, gives it functions in Java, and can stop it.
 *
 * <p>Java functions never raise. They return true and their results, or false and a message, and Lua code raises the
 * error, since raising one unwinds the C stack and a Java frame on it would end the JVM.
 *
 * <p>A script is stopped from inside: a hook looks every few hundred instructions whether it should end. Then it puts Lua's own
 * {@code luaL_error} in its place, before every instruction. So catching the error leads into the next one, until no
 * frame of the script is left. Coroutines inherit the hook; {@code flow.lua} carries a stop from a coroutine to whoever
 * resumed it.
 *
 * <p>Not thread-safe but for {@link #stop}: one thread at a time.
 */
public final class LuaVm implements AutoCloseable {
    /** How many of its instructions a thread runs between two looks; a coroutine's end is charged as that many. */
    public static final int PERIOD = 200;

    /** {@code LUA_MASKCOUNT}. */
    private static final int COUNT = 1 << 3;

    /** {@code lua_upvalueindex(1)}. */
    private static final int FIRST_UPVALUE = LuaStack.REGISTRY - 1;

    private static final int OUT_OF_MEMORY = 4;

    private final LuaLibrary lua = LuaLibrary.get();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment scratch = LuaStack.newScratch(arena);
    private final List<JavaFunction> functions = new ArrayList<>();
    private final Function<Throwable, String> messages;
    private final MemoryMeter memory;
    private final MemorySegment dispatcher;
    private final MemorySegment hook;
    private final long state;
    private final LuaStack stack;
    private long instructionLimit = Long.MAX_VALUE;

    private volatile @Nullable StopReason stop;
    private long instructions;
    private boolean closed;

    /**
     * @param memoryLimit bytes for Lua's own values; {@link Long#MAX_VALUE} for no limit
     * @param messages what a script reads of an exception from a {@link JavaFunction}
     * @throws LuaUnavailableException if this machine cannot run Lua
     */
    public LuaVm(long memoryLimit, Function<Throwable, String> messages) {
        this.messages = messages;
        this.memory = new MemoryMeter(lua, memoryLimit);
        this.dispatcher = LuaLibrary.upcall(method("dispatch"), arena);
        this.hook = LuaLibrary.upcall(method("onPeriod"), arena);
        this.state = LuaLibrary.call(lua.newState, 0);
        if (state == 0) {
            throw new LuaUnavailableException("Not enough memory to start Lua", null);
        }
        if (memoryLimit != Long.MAX_VALUE) {
            memory.install(state, arena);
        }
        this.stack = new LuaStack(lua, state, scratch);
        LuaLibrary.call(lua.openLibs, state);
        watch(state);
    }

    /** Makes and closes a state, so that the next is made quickly; what fails will say so then. */
    public static void prepare() {
        try (LuaVm first = new LuaVm(Long.MAX_VALUE, Throwable::toString)) {
            first.stack().top();
        } catch (LuaUnavailableException e) {
            // whoever needs it gets the same
        }
    }

    private MethodHandle method(String name) {
        try {
            return MethodHandles.lookup()
                    .findVirtual(
                            LuaVm.class,
                            name,
                            MethodType.methodType(long.class, long.class, long.class, long.class, long.class))
                    .bindTo(this);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Stops every {@link #call} from now on that runs more than {@code limit} instructions of the virtual machine. */
    public void limitInstructions(long limit) {
        instructionLimit = limit;
    }

    /** The main thread's stack. */
    public LuaStack stack() {
        return stack;
    }

    /** Pushes {@code function}, which lives as long as the state. In Lua it returns true and its results, or false and a message. */
    public void push(JavaFunction function) {
        functions.add(function);
        stack.push((long) functions.size() - 1);
        LuaLibrary.call(lua.pushClosure, state, dispatcher.address(), 1);
    }

    /** Pushes a table of functions. */
    public void push(Map<String, JavaFunction> named) {
        LuaLibrary.call(lua.createTable, state, 0, named.size());
        named.forEach((name, function) -> {
            stack.push(name);
            push(function);
            LuaLibrary.call(lua.rawSet, state, -3);
        });
    }

    /**
     * Compiles {@code source}, which must be text, and pushes it as a function, or else the error's message.
     *
     * @param chunkName as error messages name it, after {@code @} for a file or {@code =} for anything else
     * @return whether it compiled
     */
    public boolean load(byte[] source, String chunkName) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment code = local.allocate(Math.max(1, source.length));
            MemorySegment.copy(source, 0, code, JAVA_BYTE, 0, source.length);
            MemorySegment name = local.allocateFrom(chunkName);
            MemorySegment mode = local.allocateFrom("t");
            boolean before = memory.enforce(true);
            try {
                return (int) LuaLibrary.call(
                                lua.loadBuffer, state, code.address(), source.length, name.address(), mode.address(), 0)
                        == 0;
            } finally {
                memory.enforce(before);
            }
        }
    }

    /** How a call ended. */
    public enum Outcome {
        /** The results are on the stack. */
        RETURNED,
        /** The handler's result, or a message, is on the stack. */
        FAILED,
        /** The memory limit, or the machine's memory, was reached; a message is on the stack. */
        OUT_OF_MEMORY
    }

    /**
     * Calls the function below the {@code arguments} on top of the stack, leaving its results there.
     *
     * @param results how many to leave; −1 for all
     * @param handler the index of the function that turns an error into what is left on the stack; 0 for none
     */
    public Outcome call(int arguments, int results, int handler) {
        instructions = 0;
        boolean before = memory.enforce(true);
        int status;
        try {
            status = (int) LuaLibrary.call(lua.pcall, state, arguments, results, handler, 0, 0);
        } finally {
            memory.enforce(before);
        }
        return status == 0 ? Outcome.RETURNED : status == OUT_OF_MEMORY ? Outcome.OUT_OF_MEMORY : Outcome.FAILED;
    }

    /** Ends the script that runs, at its next instruction; the first reason counts. From any thread. */
    public synchronized void stop(StopReason reason) {
        if (stop == null) {
            stop = reason;
        }
    }

    /** Why the script is being ended; null if it is not. */
    public @Nullable StopReason stopReason() {
        return stop;
    }

    /** Forgets a stop, so that something else can run. */
    public synchronized void resume() {
        stop = null;
        watch(state);
    }

    /** Looks again after the Lua thread at {@code index} of {@code from}, whose hook was another. */
    public void watch(LuaStack from, int index) {
        long thread = from.toThread(index);
        watch(thread == 0 ? from.state() : thread);
    }

    /** Counts instructions that no hook could, those of a coroutine that has ended. */
    public void charge() {
        countPeriod();
    }

    private void watch(long thread) {
        LuaLibrary.call(lua.setHook, thread, hook.address(), COUNT, PERIOD);
    }

    private void countPeriod() {
        instructions += PERIOD;
        if (instructions > instructionLimit) {
            stop(StopReason.INSTRUCTION_LIMIT);
        }
    }

    /**
     * Lets nothing more of the script run on {@code thread}: {@code luaL_error} as the hook of every instruction. Its
     * second argument, a format, is then the {@code lua_Debug} record, whose first bytes are the event's number (3, 0).
     */
    private void block(long thread) {
        LuaLibrary.call(lua.setHook, thread, lua.raiseError.address(), COUNT, 1);
        if (thread != state) {
            LuaLibrary.call(lua.setHook, state, lua.raiseError.address(), COUNT, 1);
        }
    }

    @SuppressWarnings("unused") // Lua calls it
    private long onPeriod(long thread, long activation, long unused1, long unused2) {
        boolean before = memory.enforce(false);
        countPeriod();
        if (stop != null) {
            block(thread);
        }
        memory.enforce(before);
        return 0;
    }

    @SuppressWarnings("unused") // Lua calls it
    private long dispatch(long thread, long unused1, long unused2, long unused3) {
        boolean before = memory.enforce(false);
        try {
            return run(new LuaStack(lua, thread, scratch));
        } catch (Throwable t) { // even reporting failed; nothing may pass into C
            return 0;
        } finally {
            memory.enforce(before);
        }
    }

    private int run(LuaStack caller) {
        int function = (int) caller.toInteger(FIRST_UPVALUE);
        int results;
        try {
            if (!caller.ensure(32)) {
                throw new LuaFault("the Lua stack is full");
            }
            caller.push(true);
            results = 1 + functions.get(function).call(caller);
        } catch (Throwable t) {
            caller.setTop(0);
            caller.push(false);
            caller.push(messages.apply(t));
            results = 2;
        }
        if (stop != null) {
            block(caller.state());
        }
        return results;
    }

    /** Runs the finalizers that are left and frees everything; no script may be running. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LuaLibrary.call(lua.close, state);
            arena.close();
        }
    }
}
