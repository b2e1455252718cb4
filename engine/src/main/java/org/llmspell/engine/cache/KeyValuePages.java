package org.llmspell.engine.cache;

import static org.llmspell.engine.cache.KvLayout.PAGE_TOKENS;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The pages that one sequence holds in one group of attention layers: those from the first needed to the last there is. */
final class KeyValuePages {
    private final PagePool pool;
    private final int index;
    private final LayerGroup group;
    private final MemorySegment[][] keys;
    private final MemorySegment[][] values;
    private final @Nullable Page[] pages;
    private int first;
    private int end;

    /**
     * @param most pages that the sequence may grow to, passed over or not
     * @param keys by layer of the model: filled in for the layers of this group, likewise {@code values}
     */
    KeyValuePages(PagePool pool, int index, int most, MemorySegment[][] keys, MemorySegment[][] values) {
        this.pool = pool;
        this.index = index;
        this.group = pool.group(index).group();
        this.keys = keys;
        this.values = values;
        pages = new Page[most];
        for (int layer : group.layers()) {
            keys[layer] = new MemorySegment[most];
            values[layer] = new MemorySegment[most];
        }
    }

    /** Gives back the pages that the token at {@code position} and all later ones do not see. */
    void slide(int position) {
        int needed = Math.min(end, group.firstNeeded(position));
        for (int page = needed - 1; page >= first; page--) {
            release(page);
        }
        first = Math.max(first, needed);
    }

    /** Sees to it that there are pages for {@code length} tokens. */
    void extend(int length) {
        while (end * PAGE_TOKENS < length) {
            install(end, pool.take(index));
            end++;
        }
    }

    /** Makes a full page known to later prompts, or goes on with an equal one that is known already. */
    void publish(int position, PrefixNode node) {
        Page own = pages[position];
        if (own == null || own.node != null) {
            return;
        }
        Page equal = node.page(index);
        if (equal == null) {
            node.put(index, own);
        } else {
            pool.group(index).retain(equal);
            pool.group(index).release(own);
            install(position, equal);
        }
    }

    /** Begins with the pages of {@code found} that the token after them sees. */
    void adopt(List<PrefixNode> found) {
        end = found.size();
        first = Math.min(end, group.firstNeeded(end * PAGE_TOKENS));
        for (int position = first; position < end; position++) {
            Page page = found.get(position).page(index);
            if (page == null) {
                throw new IllegalStateException("page " + position + " is not there");
            }
            pool.group(index).retain(page);
            install(position, page);
        }
    }

    void close() {
        for (int page = end - 1; page >= first; page--) {
            release(page);
        }
        first = end;
    }

    private void release(int position) {
        Page page = pages[position];
        if (page != null) {
            pool.group(index).release(page);
        }
        pages[position] = null;
        for (int layer : group.layers()) {
            keys[layer][position] = MemorySegment.NULL;
            values[layer][position] = MemorySegment.NULL;
        }
    }

    private void install(int position, Page page) {
        pages[position] = page;
        for (int i = 0; i < group.layers().size(); i++) {
            int layer = group.layers().get(i);
            keys[layer][position] = page.keys(i);
            values[layer][position] = page.values(i);
        }
    }
}
