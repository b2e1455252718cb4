package org.llmspell.lua.vm;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The C functions of Lua 5.4 that this program calls, by address.
 *
 * <p>All of them are called through one method handle that takes six 64-bit words and returns one. The C calling
 * conventions of x86-64 and AArch64 pass integers and pointers in the same registers, ignore arguments that the function
 * does not have, and leave the upper half of an {@code int} open, so one shape serves every function without floating
 * point. That is not for elegance: the linker spends 5 to 10 ms on each new shape in a fresh JVM, and a script should
 * start at once. Results declared {@code int} in C must be cast to {@code int}.
 */
@SuppressWarnings("restricted") // calling C is what this package is for
final class LuaLibrary {
    private static final MethodHandle CALL = Linker.nativeLinker()
            .downcallHandle(
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    /** The shape of every function that Lua calls in Java: a function, an allocator, a hook. */
    private static final FunctionDescriptor UPCALL =
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private final SymbolLookup symbols;

    final MemorySegment newState;
    final MemorySegment openLibs;
    final MemorySegment close;
    final MemorySegment loadBuffer;
    final MemorySegment pcall;
    final MemorySegment setHook;
    final MemorySegment raiseError;
    final MemorySegment getAllocator;
    final MemorySegment setAllocator;
    final MemorySegment getTop;
    final MemorySegment setTop;
    final MemorySegment checkStack;
    final MemorySegment rotate;
    final MemorySegment type;
    final MemorySegment isInteger;
    final MemorySegment toInteger;
    final MemorySegment toNumber;
    final MemorySegment toBoolean;
    final MemorySegment toBytes;
    final MemorySegment toThread;
    final MemorySegment rawLength;
    final MemorySegment pushNil;
    final MemorySegment pushBoolean;
    final MemorySegment pushInteger;
    final MemorySegment pushNumeral;
    final MemorySegment pushBytes;
    final MemorySegment pushClosure;
    final MemorySegment pushValue;
    final MemorySegment createTable;
    final MemorySegment rawGet;
    final MemorySegment rawGetPointer;
    final MemorySegment rawSetPointer;
    final MemorySegment setMetatable;
    final MemorySegment rawSet;
    final MemorySegment rawGetIndex;
    final MemorySegment rawSetIndex;
    final MemorySegment next;

    private LuaLibrary(SymbolLookup symbols) {
        this.symbols = symbols;
        newState = find("luaL_newstate");
        openLibs = find("luaL_openlibs");
        close = find("lua_close");
        loadBuffer = find("luaL_loadbufferx");
        pcall = find("lua_pcallk");
        setHook = find("lua_sethook");
        raiseError = find("luaL_error");
        getAllocator = find("lua_getallocf");
        setAllocator = find("lua_setallocf");
        getTop = find("lua_gettop");
        setTop = find("lua_settop");
        checkStack = find("lua_checkstack");
        rotate = find("lua_rotate");
        type = find("lua_type");
        isInteger = find("lua_isinteger");
        toInteger = find("lua_tointegerx");
        toNumber = find("lua_tonumberx");
        toBoolean = find("lua_toboolean");
        toBytes = find("lua_tolstring");
        toThread = find("lua_tothread");
        rawLength = find("lua_rawlen");
        pushNil = find("lua_pushnil");
        pushBoolean = find("lua_pushboolean");
        pushInteger = find("lua_pushinteger");
        pushNumeral = find("lua_stringtonumber");
        pushBytes = find("lua_pushlstring");
        pushClosure = find("lua_pushcclosure");
        pushValue = find("lua_pushvalue");
        createTable = find("lua_createtable");
        rawGet = find("lua_rawget");
        rawGetPointer = find("lua_rawgetp");
        rawSetPointer = find("lua_rawsetp");
        setMetatable = find("lua_setmetatable");
        rawSet = find("lua_rawset");
        rawGetIndex = find("lua_rawgeti");
        rawSetIndex = find("lua_rawseti");
        next = find("lua_next");
    }

    /**
     * The library, loaded once for the process.
     *
     * @throws LuaUnavailableException if it cannot be
     */
    static LuaLibrary get() {
        LuaLibrary library = Loaded.LIBRARY;
        if (library == null) {
            LuaUnavailableException failure = Loaded.FAILURE;
            throw new LuaUnavailableException(failure == null ? "" : String.valueOf(failure.getMessage()), failure);
        }
        return library;
    }

    static long call(MemorySegment function, long a) {
        return call(function, a, 0, 0, 0, 0, 0);
    }

    static long call(MemorySegment function, long a, long b) {
        return call(function, a, b, 0, 0, 0, 0);
    }

    static long call(MemorySegment function, long a, long b, long c) {
        return call(function, a, b, c, 0, 0, 0);
    }

    static long call(MemorySegment function, long a, long b, long c, long d) {
        return call(function, a, b, c, d, 0, 0);
    }

    static long call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) CALL.invokeExact(function, a, b, c, d, e, f);
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible); // no Java exception passes through native frames
        }
    }

    /** {@code lua_tonumberx}: the one function that returns a floating-point number. */
    double number(long state, int index) {
        try {
            return (double) Floating.TO_NUMBER.invokeExact(toNumber, state, (long) index, 0L);
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The address by which Lua calls {@code target}, of type {@code (long, long, long, long) -> long}, until {@code arena} closes. */
    static MemorySegment upcall(MethodHandle target, Arena arena) {
        return Linker.nativeLinker().upcallStub(target, UPCALL, arena);
    }

    private MemorySegment find(String name) {
        return symbols.find(name)
                .orElseThrow(() -> new LuaUnavailableException("The Lua library has no function " + name, null));
    }

    /** The outcome of the one attempt. */
    private static final class Loaded {
        static final @Nullable LuaLibrary LIBRARY;
        static final @Nullable LuaUnavailableException FAILURE;

        static {
            LuaLibrary library = null;
            LuaUnavailableException failure = null;
            try {
                library = new LuaLibrary(LuaLibraryFile.load());
            } catch (LuaUnavailableException e) {
                failure = e;
            }
            LIBRARY = library;
            FAILURE = failure;
        }
    }

    /** Apart, since few scripts hand a fraction to Java. */
    private static final class Floating {
        static final MethodHandle TO_NUMBER = Linker.nativeLinker()
                .downcallHandle(FunctionDescriptor.of(JAVA_DOUBLE, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    }
}
