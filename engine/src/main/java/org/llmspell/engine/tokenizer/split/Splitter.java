package org.llmspell.engine.tokenizer.split;

/** One pass of a pre-tokenizer over a piece of text. Immutable and thread-safe. */
sealed interface Splitter permits SplitPattern, DigitGroups {
    /** Gives the parts of the text from {@code from} to {@code to} to {@code sink}, in order and without gaps. */
    void split(int[] text, int from, int to, PieceSink sink);

    /** The pass that {@code regex} stands for: one of {@link DigitGroups}, or a {@link SplitPattern}. */
    static Splitter of(String regex) {
        return switch (regex) {
            case DigitGroups.FROM_THE_RIGHT -> DigitGroups.fromTheRight();
            case DigitGroups.OF_WHOLE_NUMBERS -> DigitGroups.ofWholeNumbers();
            case DigitGroups.PLACES -> DigitGroups.places();
            default -> new SplitPattern(regex);
        };
    }
}
