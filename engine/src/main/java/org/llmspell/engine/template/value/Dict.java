package org.llmspell.engine.template.value;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code dict}, in order of insertion. */
public final class Dict implements Value {
    private final Map<Value, Value> entries;
    private final long weight;
    private final int depth;
    private final boolean foreign;

    /** A dict of {@code entries}, which must not change any more; its keys must be {@link Value#hashable}. */
    public Dict(Map<Value, Value> entries) {
        this.entries = entries;
        long total = 1;
        int deepest = 0;
        boolean anyForeign = false;
        for (Map.Entry<Value, Value> entry : entries.entrySet()) {
            Value key = entry.getKey();
            Value value = entry.getValue();
            total += key.weight() + value.weight();
            deepest = Math.max(deepest, Math.max(key.depth(), value.depth()));
            anyForeign |= key.foreign() || value.foreign();
        }
        this.weight = Limits.checkedWeight(total);
        this.depth = Limits.checkedDepth(deepest + 1);
        this.foreign = anyForeign;
    }

    /** Puts an entry into a map that is to become a dict, keeping the first of equal keys as Python does. */
    public static void put(LinkedHashMap<Value, Value> entries, Value key, Value value) {
        entries.put(requireHashable(key), value);
    }

    /** {@code key} unless it cannot be in a dict. */
    public static Value requireHashable(Value key) {
        if (!key.hashable()) {
            Value culprit = key;
            while (culprit instanceof Sequence sequence && sequence.isTuple()) {
                culprit = sequence.items().stream()
                        .filter(item -> !item.hashable())
                        .findFirst()
                        .orElseThrow();
            }
            throw PythonException.typeError("unhashable type: '" + culprit.typeName() + "'");
        }
        return key;
    }

    /** Unmodifiable, in order. */
    public Map<Value, Value> entries() {
        return Collections.unmodifiableMap(entries);
    }

    @Override
    public String typeName() {
        return "dict";
    }

    @Override
    public boolean truthy() {
        return !entries.isEmpty();
    }

    @Override
    public void repr(TextBuilder out) {
        out.append("{");
        String separator = "";
        for (Map.Entry<Value, Value> entry : entries.entrySet()) {
            out.append(separator);
            entry.getKey().repr(out);
            out.append(": ");
            entry.getValue().repr(out);
            separator = ", ";
        }
        out.append("}");
    }

    @Override
    public int length() {
        return entries.size();
    }

    @Override
    public Iterator<Value> iterate() {
        return Collections.unmodifiableSet(entries.keySet()).iterator();
    }

    @Override
    public @Nullable Value item(Value key) {
        return key.hashable() ? entries.get(key) : null;
    }

    @Override
    public boolean hashable() {
        return false;
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
        return this == other || (other instanceof Dict dict && entries.equals(dict.entries));
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }
}
