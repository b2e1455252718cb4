package org.llmspell.engine.grammar;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.tokenizer.Tokenizer;

/**
 * The grammars last used with one vocabulary, made ready for it, so that the next request with the same schema finds the masks
 * of the last. The vocabulary's tree is made when first needed. Thread-safe; what it gives out is not.
 */
public final class GrammarCache {
    /** Each may hold some ten MB of states and masks. */
    private static final int MOST = 8;

    private final Tokenizer tokenizer;
    private final Map<Map<String, Expr>, BoundGrammar> bound = new LinkedHashMap<>(16, 0.75f, true);
    private @Nullable TokenTrie trie;

    public GrammarCache(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * {@code grammar} for the vocabulary; the same object for equal grammars, as long as it is kept.
     *
     * @throws org.llmspell.engine.EngineException of kind {@code INVALID_OPTION} as {@link BoundGrammar#of} does
     */
    public synchronized BoundGrammar bind(Grammar grammar) {
        Map<String, Expr> rules = grammar.rules();
        BoundGrammar known = bound.get(rules);
        if (known != null) {
            return known;
        }
        if (trie == null) {
            trie = TokenTrie.of(tokenizer);
        }
        BoundGrammar made = BoundGrammar.of(grammar, tokenizer, trie);
        bound.put(rules, made);
        if (bound.size() > MOST) {
            Iterator<?> eldest = bound.values().iterator();
            eldest.next();
            eldest.remove();
        }
        return made;
    }
}
