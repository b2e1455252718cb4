package org.llmspell.engine.template.value;

import java.util.Iterator;

/**
 * A Python iterator, which can be gone through once: what {@code map}, {@code select}, {@code reverse} and others give.
 * Its items are made when they are asked for, as in Python, so an error in one that nobody wants does not happen.
 */
public final class OneShot implements Value {
    private final String typeName;
    private final Iterator<Value> items;
    private final int depth;

    /**
     * An iterator.
     *
     * @param typeName {@code generator}, {@code list_reverseiterator}, …
     * @param source what the items are made from; iterators over iterators may not pile up past
     *     {@link Limits#VALUE_DEPTH}
     */
    public OneShot(String typeName, Value source, Iterator<Value> items) {
        this.typeName = typeName;
        this.items = items;
        this.depth = Limits.checkedDepth(source.depth() + 1);
    }

    @Override
    public String typeName() {
        return typeName;
    }

    /** Without the address that Python shows, which differs in every run. */
    @Override
    public void repr(TextBuilder out) {
        out.append("<" + typeName + " object>");
    }

    @Override
    public Iterator<Value> iterate() {
        return items;
    }

    @Override
    public int depth() {
        return depth;
    }
}
