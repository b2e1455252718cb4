package org.llmspell.engine.grammar;

import org.llmspell.engine.EngineException;
import org.llmspell.engine.sampling.TokenFilter;

/** Where one reply is in its grammar, and which tokens may come next. Not thread-safe; see {@link BoundGrammar}. */
public final class Constraint implements TokenFilter {
    private final BoundGrammar grammar;
    private State state;

    Constraint(BoundGrammar grammar) {
        this.grammar = grammar;
        this.state = grammar.automaton().start();
    }

    @Override
    public boolean allows(int token) {
        if (grammar.trie().endOfGeneration().contains(token)) {
            return state.accepting;
        }
        return !after(token).isDead();
    }

    @Override
    public boolean mask(float[] logits) {
        state = grammar.automaton().current(state);
        long[] mask = grammar.mask(state);
        boolean any = false;
        for (int word = 0; word < mask.length; word++) {
            long bits = mask[word];
            any |= bits != 0;
            int from = word << 6;
            int to = Math.min(logits.length, from + Long.SIZE);
            if (bits == 0) {
                java.util.Arrays.fill(logits, from, to, Float.NEGATIVE_INFINITY);
            } else if (bits != -1L) {
                for (int id = from; id < to; id++) {
                    if ((bits >>> id & 1) == 0) {
                        logits[id] = Float.NEGATIVE_INFINITY;
                    }
                }
            }
        }
        return any;
    }

    /**
     * Notes that {@code token} was taken; tokens that end the generation change nothing.
     *
     * @throws EngineException of kind {@code INVALID_OPTION} if it does not fit
     */
    public void accept(int token) {
        if (grammar.trie().endOfGeneration().contains(token)) {
            return;
        }
        State after = after(token);
        if (after.isDead()) {
            throw GrammarErrors.invalid("The grammar does not allow token " + token + " here");
        }
        state = after;
    }

    /** Whether the text may end here. */
    public boolean mayEnd() {
        return state.accepting;
    }

    /** Whether the text is whole and nothing may follow. */
    public boolean mustEnd() {
        return state.accepting && !state.readsBytes && !state.readsTokens;
    }

    private State after(int token) {
        Automaton automaton = grammar.automaton();
        state = automaton.current(state);
        TokenTrie trie = grammar.trie();
        int length = trie.length(token);
        State bytes = length == 0 ? automaton.dead() : state;
        for (int i = 0; i < length && !bytes.isDead(); i++) {
            bytes = automaton.next(bytes, trie.byteOf(token, i));
        }
        return automaton.afterToken(state, bytes, token, length > 0);
    }
}
