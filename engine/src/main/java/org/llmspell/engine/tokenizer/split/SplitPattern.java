package org.llmspell.engine.tokenizer.split;

/**
 * One regular expression of a pre-tokenizer, in the part of the syntax that pre-tokenizers use.
 *
 * <p>Not {@code java.util.regex}: its {@code \s} and {@code \b} are ASCII unless a flag also changes other classes, it
 * works on UTF-16 where the references count code points, repeated groups recurse once per repetition and overflow the
 * stack on long input, and loading it costs a cold start tens of milliseconds. Immutable and thread-safe.
 */
final class SplitPattern implements Splitter {
    private final Node start;

    /**
     * Compiles {@code regex}: alternatives, classes with ranges, {@code \s \S \d \p{…}}, {@code &&[…]}, {@code (?:…)},
     * {@code (?i:…)}, {@code (?!class)}, {@code $}, and the quantifiers {@code ? * + {m} {m,n}}.
     *
     * @throws IllegalArgumentException if {@code regex} uses anything else
     */
    SplitPattern(String regex) {
        start = new SplitPatternParser(regex).parse();
    }

    /** The end of a match that begins at {@code at}, or −1. */
    int match(int[] text, int at, int end) {
        return start.match(text, at, end);
    }

    /** Every match is a part, and every gap between matches. */
    @Override
    public void split(int[] text, int from, int to, PieceSink sink) {
        int gap = from;
        int at = from;
        while (at < to) {
            int end = start.match(text, at, to);
            if (end <= at) {
                at = start.retryFrom(text, at, to);
                continue;
            }
            if (gap < at) {
                sink.piece(gap, at);
            }
            sink.piece(at, end);
            at = end;
            gap = end;
        }
        if (gap < to) {
            sink.piece(gap, to);
        }
    }
}
