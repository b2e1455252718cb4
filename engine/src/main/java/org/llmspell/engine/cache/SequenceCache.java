package org.llmspell.engine.cache;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The keys and values of one sequence: which tokens it holds, in which pages. Not thread-safe, but its pages may be read and
 * written by workers while the scheduler waits for them. {@link #close} gives the pages back.
 */
public final class SequenceCache implements AutoCloseable {
    private final PagePool pool;
    private final Page[] pages;
    private final MemorySegment[][] keys;
    private final MemorySegment[][] values;
    private final int[] tokens;
    private final long root;
    private int length;
    private int pageCount;
    private int published;
    private int reservedPages;
    private int cachedTokens;

    SequenceCache(PagePool pool, KvLayout layout, long root, int capacity) {
        this.pool = pool;
        this.root = root;
        int most = KvLayout.pages(capacity);
        pages = new Page[most];
        keys = new MemorySegment[layout.layers()][most];
        values = new MemorySegment[layout.layers()][most];
        tokens = new int[capacity];
    }

    /** Tokens whose keys and values are there, or promised by {@link #append}. */
    public int length() {
        return length;
    }

    /** Tokens that were found in the pool when the sequence was admitted. */
    public int cachedTokens() {
        return cachedTokens;
    }

    /** Key pages of a layer, in order of position; beyond the sequence's end null. */
    public MemorySegment[] keys(int layer) {
        return keys[layer];
    }

    /** Value pages of a layer. */
    public MemorySegment[] values(int layer) {
        return values[layer];
    }

    /** Makes room for the tokens that the next forward pass computes. */
    public void append(int[] source, int from, int count) {
        System.arraycopy(source, from, tokens, length, count);
        length += count;
        while (pageCount * KvLayout.PAGE_TOKENS < length) {
            reservedPages--;
            install(pageCount++, pool.take());
        }
    }

    /** Says that the pass which {@link #append} announced is done: full pages become known to other prompts. */
    public void commit() {
        while ((published + 1) * KvLayout.PAGE_TOKENS <= length) {
            install(published, pool.publish(pages[published], nextKey(tokens)));
            published++;
        }
    }

    /** Takes back the last {@code count} tokens of an {@link #append} whose pass did not happen. */
    public void rollback(int count) {
        length -= count;
    }

    @Override
    public void close() {
        for (int page = pageCount - 1; page >= 0; page--) {
            pool.release(pages[page]);
        }
        pool.unreserve(reservedPages);
        pageCount = 0;
        reservedPages = 0;
        length = 0;
    }

    /** The index key of the first page that is not published yet, holding the tokens of {@code source} at its place. */
    PrefixKey nextKey(int[] source) {
        int from = published * KvLayout.PAGE_TOKENS;
        long parent = published == 0 ? root : pages[published - 1].serial;
        return new PrefixKey(parent, Arrays.copyOfRange(source, from, from + KvLayout.PAGE_TOKENS));
    }

    void adopt(Page page, int[] source) {
        System.arraycopy(source, length, tokens, length, KvLayout.PAGE_TOKENS);
        install(pageCount++, page);
        published++;
        length += KvLayout.PAGE_TOKENS;
        cachedTokens = length;
    }

    void reservedPages(int count) {
        reservedPages = count;
    }

    private void install(int position, Page page) {
        pages[position] = page;
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer][position] = page.keys[layer];
            values[layer][position] = page.values[layer];
        }
    }
}
