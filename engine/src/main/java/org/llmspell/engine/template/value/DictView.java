package org.llmspell.engine.template.value;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a dict's {@code keys()}, {@code values()} and {@code items()} give. */
public record DictView(Dict dict, Kind kind) implements Value {
    /** Which part of the entries a view shows. */
    public enum Kind {
        KEYS,
        VALUES,
        ITEMS
    }

    @Override
    public String typeName() {
        switch (kind) {
            case KEYS:
                return "dict_keys";
            case VALUES:
                return "dict_values";
            default:
                return "dict_items";
        }
    }

    @Override
    public boolean truthy() {
        return dict.truthy();
    }

    @Override
    public void repr(TextBuilder out) {
        out.append(typeName()).append("(");
        List<Value> items = new java.util.ArrayList<>(length());
        iterate().forEachRemaining(items::add);
        Sequence.list(items).repr(out);
        out.append(")");
    }

    @Override
    public int length() {
        return dict.length();
    }

    @Override
    public Iterator<Value> iterate() {
        Iterator<Map.Entry<Value, Value>> entries = dict.entries().entrySet().iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return entries.hasNext();
            }

            @Override
            public Value next() {
                Map.Entry<Value, Value> entry = entries.next();
                switch (kind) {
                    case KEYS:
                        return entry.getKey();
                    case VALUES:
                        return entry.getValue();
                    default:
                        return Sequence.tuple(List.of(entry.getKey(), entry.getValue()));
                }
            }
        };
    }

    @Override
    public boolean hashable() {
        return kind == Kind.VALUES;
    }

    @Override
    public long weight() {
        return dict.weight();
    }

    @Override
    public int depth() {
        return dict.depth();
    }

    @Override
    public boolean foreign() {
        return dict.foreign();
    }

    /** Keys and items compare as sets, values only as the same object. */
    @Override
    public boolean equals(@Nullable Object other) {
        if (this == other) {
            return true;
        }
        if (!(other instanceof DictView view) || kind != view.kind || kind == Kind.VALUES) {
            return false;
        }
        return kind == Kind.KEYS
                ? dict.entries().keySet().equals(view.dict.entries().keySet())
                : dict.equals(view.dict);
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(dict);
    }
}
