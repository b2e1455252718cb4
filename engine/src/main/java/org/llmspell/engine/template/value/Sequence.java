package org.llmspell.engine.template.value;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's {@code list} and {@code tuple}. */
public final class Sequence implements Value {
    private final List<Value> items;
    private final boolean tuple;
    private final List<String> names;
    private final long weight;
    private final int depth;
    private final boolean foreign;
    private final boolean hashable;
    private int hash;

    private Sequence(List<Value> items, boolean tuple, List<String> names) {
        this.items = items;
        this.tuple = tuple;
        this.names = names;
        long total = 1;
        int deepest = 0;
        boolean anyForeign = false;
        boolean allHashable = tuple;
        for (Value item : items) {
            total += item.weight();
            deepest = Math.max(deepest, item.depth());
            anyForeign |= item.foreign();
            allHashable &= item.hashable();
        }
        this.weight = Limits.checkedWeight(total);
        this.depth = Limits.checkedDepth(deepest + 1);
        this.foreign = anyForeign;
        this.hashable = allHashable;
    }

    /** A list of {@code items}, which must not change any more. */
    public static Sequence list(List<Value> items) {
        return new Sequence(items, false, List.of());
    }

    /** A tuple of {@code items}, which must not change any more. */
    public static Sequence tuple(List<Value> items) {
        return new Sequence(items, true, List.of());
    }

    /** A tuple whose items are attributes too, as a Python namedtuple's. */
    public static Sequence namedTuple(List<String> names, List<Value> items) {
        return new Sequence(items, true, names);
    }

    /** A list or tuple as this one is, of other items. */
    public Sequence same(List<Value> others) {
        return new Sequence(others, tuple, List.of());
    }

    /** Unmodifiable. */
    public List<Value> items() {
        return Collections.unmodifiableList(items);
    }

    /** The item that is the attribute {@code name}; null if none is. */
    public @Nullable Value named(String name) {
        int index = names.indexOf(name);
        return index < 0 ? null : items.get(index);
    }

    public boolean isTuple() {
        return tuple;
    }

    /** {@code self + other}. */
    public Sequence concat(Sequence other) {
        List<Value> joined = new ArrayList<>(Limits.checkedItems((long) items.size() + other.items.size()));
        joined.addAll(items);
        joined.addAll(other.items);
        return same(joined);
    }

    /** {@code self * count}. */
    public Sequence repeat(int count) {
        int times = Math.max(0, count);
        List<Value> repeated = new ArrayList<>(Limits.checkedItems((long) items.size() * times));
        for (int i = 0; i < times && !items.isEmpty(); i++) {
            repeated.addAll(items);
        }
        return same(repeated);
    }

    @Override
    public String typeName() {
        return tuple ? "tuple" : "list";
    }

    @Override
    public boolean truthy() {
        return !items.isEmpty();
    }

    @Override
    public void repr(TextBuilder out) {
        out.append(tuple ? "(" : "[");
        String separator = "";
        for (Value item : items) {
            out.append(separator);
            item.repr(out);
            separator = ", ";
        }
        out.append(tuple ? items.size() == 1 ? ",)" : ")" : "]");
    }

    @Override
    public int length() {
        return items.size();
    }

    @Override
    public Iterator<Value> iterate() {
        return items.iterator();
    }

    @Override
    public @Nullable Value item(Value key) {
        int index = Slices.index(key, items.size());
        return index < 0 ? null : items.get(index);
    }

    @Override
    public boolean hashable() {
        return hashable;
    }

    @Override
    public long weight() {
        return weight;
    }

    @Override
    public int depth() {
        return depth;
    }

    @Override
    public boolean foreign() {
        return foreign;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof Sequence s && tuple == s.tuple && items.equals(s.items));
    }

    @Override
    public int hashCode() {
        if (hash == 0) {
            hash = items.hashCode();
        }
        return hash;
    }
}
