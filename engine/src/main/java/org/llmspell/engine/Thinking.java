package org.llmspell.engine;

/** Whether a model is to think before it answers, and how much; models differ in what of it they can be told. */
public enum Thinking {
    /** As the model's chat template has it. */
    DEFAULT,
    OFF,
    ON,
    LOW,
    MEDIUM,
    HIGH;

    /** Whether thinking is wanted. */
    public boolean wanted() {
        return this != DEFAULT && this != OFF;
    }

    /** {@code low}, {@code medium} or {@code high}; empty for what is no effort. */
    public String effort() {
        return switch (this) {
            case LOW -> "low";
            case MEDIUM -> "medium";
            case HIGH -> "high";
            case DEFAULT, OFF, ON -> "";
        };
    }
}
