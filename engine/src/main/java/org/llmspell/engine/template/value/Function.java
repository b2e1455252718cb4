package org.llmspell.engine.template.value;

/** A function or bound method by what it does. */
public final class Function extends Opaque {
    /** What a function does. */
    @FunctionalInterface
    public interface Body {
        Value call(Args args);
    }

    private final String name;
    private final Value receiver;
    private final Body body;

    public Function(String name, Body body) {
        this(name, None.NONE, body);
    }

    /** A method of {@code receiver}. */
    public Function(String name, Value receiver, Body body) {
        this.name = name;
        this.receiver = receiver;
        this.body = body;
    }

    /** What it is a method of; None for a function. */
    public Value receiver() {
        return receiver;
    }

    @Override
    public String typeName() {
        return "builtin_function_or_method";
    }

    @Override
    public boolean callable() {
        return true;
    }

    @Override
    public Value call(Args args) {
        return body.call(args);
    }

    @Override
    public void repr(TextBuilder out) {
        out.append("<built-in function " + name + ">");
    }
}
