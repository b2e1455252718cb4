package org.llmspell.lua.vm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The stack of one Lua thread, by which Java and Lua hand each other values: a function's arguments are at 1 and up, what
 * is pushed goes on top. Strings are bytes in Lua; text in Java is their UTF-8.
 *
 * <p>Only operations that run no Lua code are here, since an error raised below a Java frame would end the JVM: tables
 * are read and written raw. To be used within the call that it was given to, by that thread alone.
 */
@SuppressWarnings("restricted") // calling C is what this package is for
public final class LuaStack {
    /** {@code LUA_MULTRET}, and the type of an index with nothing at it. */
    static final int NONE = -1;

    static final int NIL = 0;
    static final int BOOLEAN = 1;
    static final int NUMBER = 3;
    static final int STRING = 4;
    static final int TABLE = 5;

    /** {@code LUA_REGISTRYINDEX}: below any index of the stack. */
    static final int REGISTRY = -1_000_000 - 1000;

    /** {@code LUA_RIDX_GLOBALS}. */
    private static final int GLOBALS = 2;

    private static final String[] TYPES = {
        "nil", "boolean", "userdata", "number", "string", "table", "function", "userdata", "thread"
    };
    private static final int DEEPEST = 16;
    private static final int MOST_ENTRIES = 100_000;
    private static final int SMALL = 8192;

    private final LuaLibrary lua;
    private final long state;
    private final MemorySegment scratch;

    /** @param scratch {@value #SMALL} bytes for strings on their way to Lua; may be shared by the stacks of a state */
    LuaStack(LuaLibrary lua, long state, MemorySegment scratch) {
        this.lua = lua;
        this.state = state;
        this.scratch = scratch;
    }

    static MemorySegment newScratch(Arena arena) {
        return arena.allocate(SMALL);
    }

    /** The address of the Lua thread. */
    long state() {
        return state;
    }

    public int top() {
        return (int) LuaLibrary.call(lua.getTop, state);
    }

    public void setTop(int top) {
        LuaLibrary.call(lua.setTop, state, top);
    }

    /** Makes room for {@code more} values; false where there is none. */
    boolean ensure(int more) {
        return (int) LuaLibrary.call(lua.checkStack, state, more) != 0;
    }

    int type(int index) {
        return (int) LuaLibrary.call(lua.type, state, index);
    }

    /** The Lua name of the type of the value at {@code index}; {@code nil} where there is none. */
    public String typeName(int index) {
        return TYPES[Math.max(0, type(index))];
    }

    public boolean isNil(int index) {
        return type(index) <= NIL;
    }

    public boolean isString(int index) {
        return type(index) == STRING;
    }

    public boolean isTable(int index) {
        return type(index) == TABLE;
    }

    public boolean toBoolean(int index) {
        return (int) LuaLibrary.call(lua.toBoolean, state, index) != 0;
    }

    /** The integer at {@code index}, or 0 where there is none. */
    public long toInteger(int index) {
        return LuaLibrary.call(lua.toInteger, state, index, 0);
    }

    /** The bytes of the string at {@code index}, which must be one: a copy. */
    public byte[] toBytes(int index) {
        long address = LuaLibrary.call(lua.toBytes, state, index, 0);
        long length = LuaLibrary.call(lua.rawLength, state, index);
        if (length > Integer.MAX_VALUE - 8) {
            throw new LuaFault("a string of " + length + " bytes is too long");
        }
        return MemorySegment.ofAddress(address).reinterpret(length).toArray(JAVA_BYTE);
    }

    /**
     * The text of the string at {@code index}, which must be one.
     *
     * @throws LuaFault if its bytes are no UTF-8
     */
    public String toText(int index) {
        return text(toBytes(index));
    }

    /** The text of the string at {@code index} for people: what is no UTF-8 shows as a replacement character. */
    public String toShown(int index) {
        return new String(toBytes(index), StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new LuaFault("the text is not valid UTF-8");
        }
    }

    public void pushNil() {
        LuaLibrary.call(lua.pushNil, state);
    }

    public void push(boolean value) {
        LuaLibrary.call(lua.pushBoolean, state, value ? 1 : 0);
    }

    public void push(long value) {
        LuaLibrary.call(lua.pushInteger, state, value);
    }

    /** Pushes a float; what is no number becomes nil. */
    public void push(double value) {
        if (Double.isNaN(value)) {
            pushNil();
            return;
        }
        // Lua reads a numeral to the nearest double, as Java does; one beyond the range is infinite.
        String numeral = Double.isInfinite(value) ? (value > 0 ? "1e999" : "-1e999") : Double.toString(value);
        MemorySegment.copy(
                MemorySegment.ofArray(numeral.getBytes(StandardCharsets.US_ASCII)), 0, scratch, 0, numeral.length());
        scratch.set(JAVA_BYTE, numeral.length(), (byte) 0);
        LuaLibrary.call(lua.pushNumeral, state, scratch.address());
    }

    public void push(String text) {
        push(text.getBytes(StandardCharsets.UTF_8));
    }

    public void push(byte[] bytes) {
        if (bytes.length <= SMALL) {
            MemorySegment.copy(bytes, 0, scratch, JAVA_BYTE, 0, bytes.length);
            LuaLibrary.call(lua.pushBytes, state, scratch.address(), bytes.length);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(bytes.length);
            MemorySegment.copy(bytes, 0, copy, JAVA_BYTE, 0, bytes.length);
            LuaLibrary.call(lua.pushBytes, state, copy.address(), bytes.length);
        }
    }

    public void pushValue(int index) {
        LuaLibrary.call(lua.pushValue, state, index);
    }

    /** Pushes strings, for which there must be room. */
    public void pushAll(List<String> texts) {
        if (!ensure(texts.size() + 8)) {
            throw new LuaFault("too many arguments");
        }
        texts.forEach(this::push);
    }

    /** Pushes {@code t[key]} of the table at {@code index}. */
    public void pushElement(int index, int key) {
        LuaLibrary.call(lua.rawGetIndex, state, index, key);
    }

    /** Pushes {@code t[key]} of the table at {@code index}. */
    public void pushField(int index, String key) {
        push(key);
        LuaLibrary.call(lua.rawGet, state, index);
    }

    /** Makes the table on top, which is taken off, the metatable of every list that Java pushes from now on. */
    public void markLists() {
        LuaLibrary.call(lua.rawSetPointer, state, REGISTRY, scratch.address());
    }

    /** Leaves the value on top alone on the stack. */
    public void replaceAll() {
        LuaLibrary.call(lua.rotate, state, 1, 1);
        setTop(1);
    }

    /** Sets the global {@code name} to a copy of {@code value}. */
    public void setGlobal(String name, Object value) {
        LuaLibrary.call(lua.rawGetIndex, state, REGISTRY, GLOBALS);
        push(name);
        pushCopy(value);
        LuaLibrary.call(lua.rawSet, state, -3);
        setTop(-2);
    }

    /** The Lua thread at {@code index}, or 0 where there is none. */
    long toThread(int index) {
        return LuaLibrary.call(lua.toThread, state, index);
    }

    /**
     * Pushes a copy of {@code value}: null, {@link Boolean}, {@link Number}, {@link String}, {@link List} (a sequence with
     * the metatable of {@link #markLists}) or {@link Map} (entries that are null are left out).
     */
    public void pushCopy(@Nullable Object value) {
        if (!ensure(8)) {
            throw new LuaFault("the Lua stack is full");
        }
        switch (value) {
            case null -> pushNil();
            case Boolean flag -> push(flag.booleanValue());
            case Float number -> push(number.doubleValue());
            case Double number -> push(number.doubleValue());
            case Number number -> push(number.longValue());
            case List<?> list -> {
                LuaLibrary.call(lua.createTable, state, list.size(), 0);
                for (int i = 0; i < list.size(); i++) {
                    pushCopy(list.get(i));
                    LuaLibrary.call(lua.rawSetIndex, state, -2, i + 1L);
                }
                LuaLibrary.call(lua.rawGetPointer, state, REGISTRY, scratch.address());
                LuaLibrary.call(lua.setMetatable, state, -2);
            }
            case Map<?, ?> map -> {
                LuaLibrary.call(lua.createTable, state, 0, map.size());
                map.forEach((key, element) -> {
                    if (element != null) {
                        pushCopy(key);
                        pushCopy(element);
                        LuaLibrary.call(lua.rawSet, state, -3);
                    }
                });
            }
            default -> push(String.valueOf(value));
        }
    }

    /**
     * A copy of the table at {@code index}: keys are {@link String} or {@link Long}, values {@link Boolean}, {@link Long},
     * {@link Double}, {@link String}, a {@link Map} of the same kind, or a {@link List} for a table that is a sequence.
     *
     * @throws LuaFault for a value that has no such form, an endless table or text that is no UTF-8
     */
    public Map<Object, Object> toMap(int index) {
        return toMap(index, 0, new int[] {MOST_ENTRIES});
    }

    private Map<Object, Object> toMap(int index, int depth, int[] left) {
        if (depth > DEEPEST || !ensure(8)) {
            throw new LuaFault("the table is nested too deeply");
        }
        Map<Object, Object> map = new LinkedHashMap<>();
        int table = index < 0 ? top() + index + 1 : index;
        pushNil();
        while ((int) LuaLibrary.call(lua.next, state, table) != 0) {
            if (left[0]-- == 0) {
                throw new LuaFault("the table has too many entries");
            }
            Object key = toJava(-2, "a key", depth, left);
            map.put(key, toJava(-1, "the value of " + key, depth, left));
            setTop(-2);
        }
        return map;
    }

    private Object toJava(int index, String what, int depth, int[] left) {
        return switch (type(index)) {
            case BOOLEAN -> toBoolean(index);
            case NUMBER ->
                (int) LuaLibrary.call(lua.isInteger, state, index) != 0
                        ? (Object) toInteger(index)
                        : (Object) lua.number(state, index);
            case STRING -> toText(index);
            case TABLE -> listOrMap(toMap(index, depth + 1, left));
            default -> throw new LuaFault(what + " is a " + typeName(index));
        };
    }

    private static Object listOrMap(Map<Object, Object> map) {
        List<Object> list = new ArrayList<>();
        for (long i = 1; i <= map.size(); i++) {
            Object element = map.get(i);
            if (element == null) {
                return map;
            }
            list.add(element);
        }
        return map.isEmpty() ? map : list;
    }
}
