package org.llmspell.engine.template.value;

import java.util.Collections;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Jinja's {@code Undefined}: a missing variable or attribute, which prints as nothing and fails when used. */
public final class Undefined implements Value {
    private final @Nullable String hint;
    private final @Nullable Value owner;
    private final Value name;
    private final PythonException.Type type;

    private Undefined(@Nullable String hint, @Nullable Value owner, Value name, PythonException.Type type) {
        this.hint = hint;
        this.owner = owner;
        this.name = name;
        this.type = type;
    }

    /** A variable that does not exist. */
    public static Undefined variable(String name) {
        return new Undefined(null, null, Text.own(name), PythonException.Type.UNDEFINED);
    }

    /** {@code owner[name]} or {@code owner.name} that does not exist. */
    public static Undefined member(Value owner, Value name) {
        return new Undefined(null, owner, name, PythonException.Type.UNDEFINED);
    }

    /** Nothing, for the reason {@code hint}. */
    public static Undefined because(String hint) {
        return new Undefined(hint, null, None.NONE, PythonException.Type.UNDEFINED);
    }

    /** An attribute that exists and is kept away from templates. */
    public static Undefined unsafe(Value owner, String name) {
        return new Undefined(
                "access to attribute '" + name + "' of '" + owner.typeName() + "' object is unsafe.",
                null,
                None.NONE,
                PythonException.Type.SECURITY);
    }

    /** The error of using it. */
    public PythonException failure() {
        return new PythonException(type, message());
    }

    private String message() {
        if (hint != null) {
            return hint;
        }
        TextBuilder out = new TextBuilder();
        name.repr(out);
        String shown = out.build().chars();
        if (owner == null) {
            return shown + " is undefined";
        }
        return name instanceof Text
                ? "'" + owner.description() + "' has no attribute " + shown
                : owner.description() + " has no element " + shown;
    }

    @Override
    public String typeName() {
        return "Undefined";
    }

    @Override
    public boolean truthy() {
        return false;
    }

    @Override
    public void repr(TextBuilder out) {
        out.append("Undefined");
    }

    @Override
    public Text str() {
        return Text.EMPTY;
    }

    @Override
    public int length() {
        return 0;
    }

    @Override
    public Iterator<Value> iterate() {
        return Collections.emptyIterator();
    }

    @Override
    public Value item(Value key) {
        throw failure();
    }

    @Override
    public String description() {
        return "jinja2.runtime.Undefined object";
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
        return 0;
    }
}
