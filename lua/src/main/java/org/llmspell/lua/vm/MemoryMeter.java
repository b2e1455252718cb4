package org.llmspell.lua.vm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * An allocator for a Lua state that counts what it hands out and refuses what would pass a limit, upon which Lua collects
 * garbage and then raises “not enough memory”.
 *
 * <p>It refuses only while Lua's own code runs. Raising an error unwinds the C stack; were there a Java frame on it, the
 * JVM would be lost. So what Java pushes is counted and given, and the next allocation of the script's pays for it.
 */
final class MemoryMeter {
    private final LuaLibrary lua;
    private final long limit;
    private long allocator;
    private long allocatorData;
    private long used;
    private boolean enforced;

    MemoryMeter(LuaLibrary lua, long limit) {
        this.lua = lua;
        this.limit = limit;
    }

    /** Takes over the memory of {@code state}, which must be fresh; the address stays valid until {@code arena} closes. */
    void install(long state, Arena arena) {
        try {
            var target = MethodHandles.lookup()
                    .findVirtual(
                            MemoryMeter.class,
                            "allocate",
                            MethodType.methodType(long.class, long.class, long.class, long.class, long.class))
                    .bindTo(this);
            MemorySegment data = arena.allocate(Long.BYTES);
            allocator = LuaLibrary.call(lua.getAllocator, state, data.address());
            allocatorData = data.get(java.lang.foreign.ValueLayout.JAVA_LONG, 0);
            LuaLibrary.call(
                    lua.setAllocator, state, LuaLibrary.upcall(target, arena).address(), 0);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sets whether the limit holds from now on, and says whether it did. */
    boolean enforce(boolean on) {
        boolean before = enforced;
        enforced = on;
        return before;
    }

    /** {@code lua_Alloc}: {@code oldSize} is a type, not a size, where there is no old block. */
    @SuppressWarnings("unused") // Lua calls it
    private long allocate(long data, long block, long oldSize, long newSize) {
        long freed = block == 0 ? 0 : oldSize;
        if (enforced && newSize > freed && used - freed + newSize > limit) {
            return 0;
        }
        long result = LuaLibrary.call(MemorySegment.ofAddress(allocator), allocatorData, block, oldSize, newSize);
        if (result != 0 || newSize == 0) {
            used += newSize - freed;
        }
        return result;
    }
}
