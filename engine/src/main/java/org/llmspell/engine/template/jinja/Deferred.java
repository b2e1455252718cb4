package org.llmspell.engine.template.jinja;

import java.util.Iterator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.OneShot;
import org.llmspell.engine.template.value.Value;

/** Items that are made when the first of them is asked for, and so are their errors: a Python generator. */
final class Deferred implements Iterator<Value> {
    private final Supplier<Iterator<Value>> maker;
    private @Nullable Iterator<Value> items;

    private Deferred(Supplier<Iterator<Value>> maker) {
        this.maker = maker;
    }

    /** A generator of what {@code maker} makes of {@code source}. */
    static Value generator(Value source, Supplier<Iterator<Value>> maker) {
        return new OneShot("generator", source, new Deferred(maker));
    }

    private Iterator<Value> items() {
        if (items == null) {
            items = maker.get();
        }
        return items;
    }

    @Override
    public boolean hasNext() {
        return items().hasNext();
    }

    @Override
    public Value next() {
        return items().next();
    }
}
