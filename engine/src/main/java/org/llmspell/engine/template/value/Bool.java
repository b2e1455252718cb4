package org.llmspell.engine.template.value;

/** Python's {@code bool}: an integer of value 0 or 1 that prints as {@code False} or {@code True}. */
@SuppressWarnings("ReferenceEquality") // identity is meant: single instances, and Python's own shortcut by it
public final class Bool implements Numeric {
    public static final Bool TRUE = new Bool(Int.of(1));
    public static final Bool FALSE = new Bool(Int.of(0));

    private final Int integer;

    private Bool(Int integer) {
        this.integer = integer;
    }

    public static Bool of(boolean value) {
        return value ? TRUE : FALSE;
    }

    /** 0 or 1. */
    public Int toInt() {
        return integer;
    }

    @Override
    public double toDouble() {
        return integer.toDouble();
    }

    @Override
    public String typeName() {
        return "bool";
    }

    @Override
    public boolean truthy() {
        return this == TRUE;
    }

    @Override
    public void repr(TextBuilder out) {
        out.append(this == TRUE ? "True" : "False");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bool ? this == other : integer.equals(other);
    }

    @Override
    public int hashCode() {
        return integer.hashCode();
    }
}
