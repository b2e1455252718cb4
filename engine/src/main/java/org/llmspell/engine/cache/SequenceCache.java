package org.llmspell.engine.cache;

import static org.llmspell.engine.cache.KvLayout.PAGE_TOKENS;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one sequence has computed: its tokens, the pages of their keys and values, and the states of recurrent layers. Pages
 * that a window has passed over are given back. Not thread-safe, but its memory may be read and written by workers while
 * the scheduler waits for them. {@link #close} gives everything back.
 *
 * <p>Each pass is announced by {@link #append} and ends with {@link #commit} or {@link #rollback}.
 */
public final class SequenceCache implements AutoCloseable {
    private final PagePool pool;
    private final int[] tokens;
    private final List<KeyValuePages> keyValues = new ArrayList<>();
    private final MemorySegment[][] keys;
    private final MemorySegment[][] values;
    private final @Nullable StatePages states;
    private final int capacity;
    private final int[] promises;
    /** The node of the full pages that other prompts know. */
    private PrefixNode node;

    private int length;
    private int published;
    private int cachedTokens;
    private boolean closed;

    /** Takes the promise of the pages for {@code promised} tokens; the caller sees to it that it can be kept. */
    SequenceCache(PagePool pool, PrefixNode root, int promptLength, int capacity, int promised) {
        this.pool = pool;
        this.capacity = capacity;
        this.node = root;
        root.enter();
        KvLayout layout = pool.layout();
        int most = KvLayout.pages(capacity);
        keys = new MemorySegment[layout.layers().size()][0];
        values = new MemorySegment[layout.layers().size()][0];
        tokens = new int[capacity];
        promises = new int[pool.groups()];
        StatePages found = null;
        for (int g = 0; g < promises.length; g++) {
            LayerGroup group = pool.group(g).group();
            promises[g] = group.need(Math.min(capacity, promised), pool.passTokens());
            pool.group(g).promise(promises[g]);
            if (group.kind() == LayerGroup.Kind.STATE) {
                found = new StatePages(pool, g, promptLength);
            } else {
                keyValues.add(new KeyValuePages(pool, g, most, keys, values));
            }
        }
        states = found;
    }

    /** Tokens whose keys and values are there, or promised by {@link #append}. */
    public int length() {
        return length;
    }

    /** Tokens that were found in the pool when the sequence was admitted. */
    public int cachedTokens() {
        return cachedTokens;
    }

    /** Key pages of a layer, in order of position; those not there yet or any more are not to be touched. */
    public MemorySegment[] keys(int layer) {
        return keys[layer];
    }

    /** Value pages of a layer. */
    public MemorySegment[] values(int layer) {
        return values[layer];
    }

    /** The states of a sequence whose model has recurrent layers. */
    public StatePages states() {
        if (states == null) {
            throw new IllegalStateException("the model has no recurrent layers");
        }
        return states;
    }

    /**
     * Asks for the promise of the pages for {@code tokens} tokens, where it was given for fewer.
     *
     * @return false if there are not enough pages; nothing has changed then
     */
    public boolean grow(int tokens) {
        int most = Math.min(capacity, tokens);
        boolean more = false;
        for (int g = 0; g < promises.length; g++) {
            more |= need(g, most) > promises[g];
        }
        if (!more) {
            return true;
        }
        int[] before = promises.clone();
        for (int g = 0; g < promises.length; g++) {
            promise(g, Math.max(promises[g], need(g, most)));
        }
        if (pool.keepsPromises()) {
            return true;
        }
        for (int g = 0; g < promises.length; g++) {
            promise(g, before[g]);
        }
        return false;
    }

    private int need(int group, int tokens) {
        return pool.group(group).group().need(tokens, pool.passTokens());
    }

    private void promise(int group, int pages) {
        pool.group(group).promise(pages - promises[group]);
        promises[group] = pages;
    }

    /**
     * Makes room for the tokens that the next forward pass computes, and gives back what no window sees any more. The pages for
     * them must be promised.
     */
    public void append(int[] source, int from, int count) {
        if (count > pool.passTokens()) {
            throw new IllegalArgumentException("%d tokens in a pass of at most %d".formatted(count, pool.passTokens()));
        }
        if (states != null && states.busy()) {
            throw new IllegalStateException("the pass before was neither committed nor rolled back");
        }
        System.arraycopy(source, from, tokens, length, count);
        int before = length;
        length += count;
        for (KeyValuePages pages : keyValues) {
            pages.slide(before);
            pages.extend(length);
        }
        if (states != null) {
            states.begin(before, length);
        }
    }

    /** Says that the pass which {@link #append} announced is done: full pages become known to other prompts. */
    public void commit() {
        commit(0);
    }

    /**
     * The same for a pass whose last {@code rejected} tokens turned out not to be part of the sequence: what was computed of them
     * is not kept, and no other prompt ever sees it.
     *
     * @throws IllegalStateException if there are any and the model has recurrent layers, whose states hold them already
     */
    public void commit(int rejected) {
        if (rejected > 0 && states != null) {
            throw new IllegalStateException("a recurrent state cannot forget the last tokens");
        }
        length -= rejected;
        for (; pool.prefixSharing() && (published + 1) * PAGE_TOKENS <= length; published++) {
            PrefixNode grown = node.grow(tokens, published * PAGE_TOKENS);
            grown.enter();
            node.leave();
            node = grown;
            for (KeyValuePages pages : keyValues) {
                pages.publish(published, node);
            }
            if (states != null) {
                states.publish((published + 1) * PAGE_TOKENS, node);
            }
        }
        if (states != null) {
            states.commit();
        }
    }

    /** Takes back the last {@code count} tokens of an {@link #append} whose pass did not happen; states are as before it. */
    public void rollback(int count) {
        length -= count;
        if (states != null) {
            states.rollback();
        }
    }

    @Override
    public void close() {
        keyValues.forEach(KeyValuePages::close);
        if (states != null) {
            states.close();
        }
        for (int g = 0; g < promises.length; g++) {
            pool.group(g).withdraw(promises[g]);
            promises[g] = 0;
        }
        length = 0;
        if (!closed) {
            node.leave();
            closed = true;
        }
    }

    /** Begins with what is known of {@code source}. */
    void adopt(List<PrefixNode> found, int[] source) {
        if (found.isEmpty()) {
            return;
        }
        published = found.size();
        length = published * PAGE_TOKENS;
        cachedTokens = length;
        System.arraycopy(source, 0, tokens, 0, length);
        node.leave();
        node = found.getLast();
        node.enter();
        for (KeyValuePages pages : keyValues) {
            pages.adopt(found);
        }
        if (states != null) {
            states.adopt(node);
        }
    }
}
