package org.llmspell.engine.cache;

import static org.llmspell.engine.cache.KvLayout.PAGE_TOKENS;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The states of one sequence's recurrent layers. A pass reads the state before it and writes the state after it elsewhere,
 * so that a pass that did not happen needs no undoing, and a state that others may go on from never changes.
 *
 * <p>Later prompts can only begin where a state was kept: where a pass crosses the end of one or more pages, the state after the
 * last of them is. Of those that a sequence leaves behind, the last one and the one at the end of its prompt are kept
 * longest: they are where the conversation goes on, with its reply and without.
 */
public final class StatePages {
    private final PagePool pool;
    private final int index;
    private final int[] places;
    private final int promptEnd;
    private @Nullable Page before;
    private @Nullable Page after;
    private @Nullable Page kept;
    private int keptLength;
    private int start;
    /** The last one made known to others, unless it is the one at the end of the prompt. */
    private @Nullable Page passing;

    private @Nullable PrefixNode passingNode;

    StatePages(PagePool pool, int index, int promptLength) {
        this.pool = pool;
        this.index = index;
        this.promptEnd = promptLength / PAGE_TOKENS * PAGE_TOKENS;
        LayerGroup group = pool.group(index).group();
        places = new int[pool.layout().layers().size()];
        for (int i = 0; i < group.layers().size(); i++) {
            places[group.layers().get(i)] = i;
        }
    }

    /** A layer's state before the pass, float32; not to be written. */
    public MemorySegment before(int layer) {
        return state(before, layer);
    }

    /** Where the layer's state after the pass goes; what is there is undefined. */
    public MemorySegment after(int layer) {
        return state(after, layer);
    }

    /** Whether the state after the first {@link #keptRows} tokens of the pass is wanted as well. */
    public boolean keeps() {
        return kept != null && kept != after;
    }

    /** Tokens of the pass up to the state to keep; meaningful if {@link #keeps}. */
    public int keptRows() {
        return keptLength - start;
    }

    /** Where the layer's state to keep goes. */
    public MemorySegment kept(int layer) {
        return state(kept, layer);
    }

    private MemorySegment state(@Nullable Page page, int layer) {
        if (page == null) {
            throw new IllegalStateException("no pass has been announced");
        }
        return page.state(places[layer]);
    }

    /** Makes room for a pass that takes the sequence from {@code from} tokens to {@code to}. */
    void begin(int from, int to) {
        if (after != null) {
            throw new IllegalStateException("the pass before was neither committed nor rolled back");
        }
        if (before == null) {
            before = pool.take(index);
            before.zero();
        }
        start = from;
        after = pool.take(index);
        int boundary = to / PAGE_TOKENS * PAGE_TOKENS;
        if (pool.prefixSharing() && boundary > from) {
            keptLength = boundary;
            kept = boundary == to ? after : pool.take(index);
        }
    }

    /** Makes the kept state known to later prompts if {@code node} is where it belongs. */
    void publish(int length, PrefixNode node) {
        if (kept == null || length != keptLength) {
            return;
        }
        if (node.page(index) == null) {
            node.put(index, kept);
            if (passing != null && passing.node == passingNode) {
                pool.group(index).demote(passing);
            }
            passing = length == promptEnd ? null : kept;
            passingNode = node;
        }
    }

    /** The state after the pass is the one to start from. */
    void commit() {
        if (after == null) {
            return;
        }
        release(before);
        if (kept != after) {
            release(kept);
        }
        before = after;
        after = null;
        kept = null;
    }

    /** Forgets what the pass wrote. */
    void rollback() {
        if (kept != after) {
            release(kept);
        }
        release(after);
        after = null;
        kept = null;
    }

    void adopt(PrefixNode node) {
        Page found = node.page(index);
        if (found == null) {
            throw new IllegalStateException("the state is not there");
        }
        pool.group(index).retain(found);
        before = found;
    }

    void close() {
        rollback();
        release(before);
        before = null;
    }

    private void release(@Nullable Page page) {
        if (page != null) {
            pool.group(index).release(page);
        }
    }
}
