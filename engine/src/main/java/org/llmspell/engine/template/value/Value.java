package org.llmspell.engine.template.value;

import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * A value of a template with the behaviour of its Python type. {@code equals} and {@code hashCode} are Python's
 * {@code ==} and {@code hash}. All values are immutable but {@link OneShot} and some {@link Opaque} ones, so containers
 * know at construction how deep and how large they are; see {@link Limits}.
 */
public sealed interface Value permits None, Numeric, Text, Sequence, Dict, DictView, Range, OneShot, Undefined, Opaque {
    /** The name of the Python type, as in error messages. */
    String typeName();

    /** Whether Python takes it for true. */
    default boolean truthy() {
        return true;
    }

    /** Appends Python's {@code repr}. */
    void repr(TextBuilder out);

    /** Python's {@code str}. */
    default Text str() {
        TextBuilder out = new TextBuilder();
        repr(out);
        return out.build();
    }

    /** Python's {@code len}; −1 where the type has none. */
    default int length() {
        return -1;
    }

    /** Python's {@code iter}; null where the type is not iterable. */
    default @Nullable Iterator<Value> iterate() {
        return null;
    }

    /** Python's {@code self[key]}; null where that raises a TypeError or LookupError. */
    default @Nullable Value item(Value key) {
        return null;
    }

    /** Whether it may be the key of a dict. */
    default boolean hashable() {
        return true;
    }

    /** What comparing or printing it costs, in steps of {@link Budget}. */
    default long weight() {
        return 1;
    }

    /** How deep containers are nested in it. */
    default int depth() {
        return 0;
    }

    /** Whether it holds text that does not come from the template. */
    default boolean foreign() {
        return false;
    }

    /** How {@link Undefined} names its owner, such as {@code str object}. */
    default String description() {
        return typeName() + " object";
    }
}
