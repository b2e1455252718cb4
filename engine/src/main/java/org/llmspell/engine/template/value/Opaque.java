package org.llmspell.engine.template.value;

import org.jspecify.annotations.Nullable;

/** An object that is known by its attributes and perhaps its call: a function, macro, namespace or loop. */
public abstract non-sealed class Opaque implements Value {
    /** The attribute {@code name}; null if there is none. */
    public @Nullable Value attribute(String name) {
        return null;
    }

    /** Whether {@link #call} works. */
    public boolean callable() {
        return false;
    }

    /** Calls it. */
    public Value call(Args args) {
        throw PythonException.typeError("'" + typeName() + "' object is not callable");
    }

    @Override
    public void repr(TextBuilder out) {
        out.append("<" + typeName() + ">");
    }
}
