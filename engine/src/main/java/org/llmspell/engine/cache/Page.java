package org.llmspell.engine.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the layers of one group keep of {@link KvLayout#PAGE_TOKENS} consecutive tokens, or their states after one. Belongs to a
 * {@link GroupPages}.
 */
final class Page {
    private final MemorySegment[] keys;
    private final MemorySegment[] values;
    private final MemorySegment[] states;
    private final MemorySegment memory;
    /** Its own, so that it can be given back while other pages stay. */
    private final Arena arena = Arena.ofShared();

    /** Uses by sequences. */
    int references;

    /** Where later prompts find it; null while it is not full or not known to them. */
    @Nullable
    PrefixNode node;

    /** @throws OutOfMemoryError if the operating system has no memory for it */
    Page(LayerGroup group) {
        memory = allocate(arena, group.pageBytes());
        List<Integer> layers = group.layers();
        boolean state = group.kind() == LayerGroup.Kind.STATE;
        keys = new MemorySegment[state ? 0 : layers.size()];
        values = new MemorySegment[state ? 0 : layers.size()];
        states = new MemorySegment[state ? layers.size() : 0];
        long offset = 0;
        for (int i = 0; i < layers.size(); i++) {
            if (state) {
                long bytes = group.layout().stateBytes(layers.get(i));
                states[i] = memory.asSlice(offset, bytes);
                offset += bytes;
            } else {
                long keyBytes = group.layout().keyBytes(layers.get(i));
                long valueBytes = group.layout().valueBytes(layers.get(i));
                keys[i] = memory.asSlice(offset, keyBytes);
                values[i] = memory.asSlice(offset + keyBytes, valueBytes);
                offset += keyBytes + valueBytes;
            }
        }
    }

    private static MemorySegment allocate(Arena arena, long bytes) {
        try {
            return arena.allocate(bytes, 64);
        } catch (OutOfMemoryError e) {
            arena.close();
            throw e;
        }
    }

    /** Gives the memory back; nobody may use the page any more. */
    void free() {
        arena.close();
    }

    /** Keys of the group's layer {@code i}. */
    MemorySegment keys(int i) {
        return keys[i];
    }

    MemorySegment values(int i) {
        return values[i];
    }

    MemorySegment state(int i) {
        return states[i];
    }

    void zero() {
        memory.fill((byte) 0);
    }
}
