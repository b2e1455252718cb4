package org.llmspell.engine.tokenizer.split;

import java.util.List;

/**
 * Cuts text into the pieces within which a BPE vocabulary merges: each pattern splits the pieces that the one before it
 * left, and what no pattern matches stays together. Immutable and thread-safe; the time is linear in the text for every
 * rule in {@link PreTokenizers}.
 */
public final class PreTokenizer {
    private final List<Splitter> passes;

    PreTokenizer(List<String> regexes) {
        passes = regexes.stream().map(Splitter::of).toList();
    }

    /** Gives the pieces of the first {@code length} code points of {@code text} to {@code sink}, in order. */
    public void split(int[] text, int length, PieceSink sink) {
        split(0, text, 0, length, sink);
    }

    private void split(int pass, int[] text, int from, int to, PieceSink sink) {
        if (pass == passes.size() - 1) {
            passes.get(pass).split(text, from, to, sink);
        } else {
            passes.get(pass).split(text, from, to, (start, end) -> split(pass + 1, text, start, end, sink));
        }
    }
}
