package org.llmspell.engine.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The keys and values of {@link KvLayout#PAGE_TOKENS} consecutive tokens in all layers. Belongs to a {@link PagePool}. */
final class Page {
    /** Per layer, as {@link KvLayout} lays them out. */
    final MemorySegment[] keys;

    final MemorySegment[] values;

    /** Sequences that use the page. */
    int references;

    /** Under which the prefix index knows it; null while it is not full or not indexed. */
    @Nullable
    PrefixKey key;

    /** Names the content for the keys of the pages after it; meaningful while {@link #key} is set. */
    long serial;

    Page(KvLayout layout, Arena arena) {
        MemorySegment memory = arena.allocate(layout.pageBytes(), 64);
        keys = new MemorySegment[layout.layers()];
        values = new MemorySegment[layout.layers()];
        long offset = 0;
        for (int layer = 0; layer < layout.layers(); layer++) {
            keys[layer] = memory.asSlice(offset, layout.keyBytes(layer));
            offset += layout.keyBytes(layer);
            values[layer] = memory.asSlice(offset, layout.valueBytes(layer));
            offset += layout.valueBytes(layer);
        }
    }
}
