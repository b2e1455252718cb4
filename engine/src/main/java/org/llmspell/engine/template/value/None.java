package org.llmspell.engine.template.value;

/** Python's {@code None}. */
public enum None implements Value {
    NONE;

    @Override
    public String typeName() {
        return "NoneType";
    }

    @Override
    public boolean truthy() {
        return false;
    }

    @Override
    public void repr(TextBuilder out) {
        out.append("None");
    }

    @Override
    public String description() {
        return "None";
    }
}
