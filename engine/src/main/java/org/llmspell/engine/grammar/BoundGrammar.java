package org.llmspell.engine.grammar;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.tokenizer.Tokenizer;

/**
 * A grammar made ready for one vocabulary: which tokens fit after what, computed by walking the {@link TokenTrie} and the
 * grammar's {@link Automaton} together and kept for the places of the grammar where it was asked. Many {@link Constraint}s may
 * share it, so that a schema used again finds its masks; all of them on one thread at a time.
 */
public final class BoundGrammar {
    /** Masks kept, 16 kB each for 128,000 tokens. */
    private static final int MOST_MASKS = 1_000;

    /** A subtree with fewer nodes is walked, since asking whether it may be skipped costs more. */
    private static final int WORTH_SKIPPING = 8;

    private final TokenTrie trie;
    private final Automaton automaton;
    private final State[] path;
    /** Whether the classes of bytes fit the bits of a word. */
    private final boolean skips;

    private final List<State> masked = new ArrayList<>();
    /** Per node of the tree, the classes of the bytes below it, a bit each; empty until needed. */
    private long[] below = {};

    private BoundGrammar(TokenTrie trie, Network network) {
        this.trie = trie;
        this.automaton = new Automaton(network);
        this.path = new State[trie.deepest() + 1];
        this.skips = network.classCount() < Long.SIZE;
    }

    /**
     * Prepares {@code grammar} for {@code tokenizer}, whose tree is {@code trie}.
     *
     * @throws EngineException of kind {@code INVALID_OPTION} if the grammar is too large or too ambiguous, or names a token that
     *     the vocabulary does not have
     */
    public static BoundGrammar of(Grammar grammar, Tokenizer tokenizer, TokenTrie trie) {
        return new BoundGrammar(trie, NetworkBuilder.build(grammar, expr -> token(expr, tokenizer)));
    }

    private static int token(Expr expr, Tokenizer tokenizer) {
        int id;
        String written;
        switch (expr) {
            case Expr.TokenId token -> {
                id = token.id();
                written = "<[" + id + "]>";
                if (id >= tokenizer.vocabularySize()) {
                    throw GrammarErrors.invalid("The grammar names the token " + written
                            + "; the vocabulary runs from 0 to " + (tokenizer.vocabularySize() - 1));
                }
            }
            case Expr.TokenText token -> {
                int[] ids = tokenizer.encode(token.text(), false, true);
                written = token.text();
                if (ids.length != 1) {
                    throw GrammarErrors.invalid("The grammar names the token " + GrammarErrors.quote(written)
                            + ", which is no single token of this model's vocabulary");
                }
                id = ids[0];
            }
            default -> throw new IllegalArgumentException("no token: " + expr);
        }
        if (tokenizer.specialTokens().endOfGeneration().contains(id)) {
            throw GrammarErrors.invalid("The grammar names the token " + GrammarErrors.quote(written)
                    + ", which ends the reply and cannot be part of it");
        }
        return id;
    }

    /** A constraint at the beginning of a text. */
    public Constraint constraint() {
        return new Constraint(this);
    }

    TokenTrie trie() {
        return trie;
    }

    Automaton automaton() {
        return automaton;
    }

    /** The tokens that fit at {@code state}: bit {@code id % 64} of element {@code id / 64}. Not to be changed. */
    long[] mask(State state) {
        long[] mask = state.mask;
        if (mask == null) {
            if (masked.size() >= MOST_MASKS) {
                masked.forEach(old -> old.mask = null);
                masked.clear();
            }
            mask = compute(state);
            state.mask = mask;
            masked.add(state);
        }
        return mask;
    }

    private long[] compute(State state) {
        long[] mask = new long[(trie.vocabulary() + 63) >> 6];
        if (state.readsBytes) {
            walk(state, mask);
        }
        if (state.accepting) {
            trie.endOfGeneration().forEach(id -> set(mask, id));
        }
        for (int node : state.nodes) {
            if (automaton.network().node(node) instanceof Network.Token wanted) {
                if (wanted.negated()) {
                    for (int id = 0; id < trie.vocabulary(); id++) {
                        if (id != wanted.id() && trie.length(id) > 0) {
                            set(mask, id);
                        }
                    }
                } else {
                    set(mask, wanted.id());
                }
            }
        }
        return mask;
    }

    private void walk(State state, long[] mask) {
        path[0] = state;
        int node = 0;
        int nodes = trie.nodes();
        while (node < nodes) {
            int depth = trie.depth(node);
            State before = path[depth - 1];
            State after = automaton.next(before, trie.label(node));
            if (after.isDead()) {
                node = trie.end(node);
                continue;
            }
            int end = trie.end(node);
            // In the middle of a string most bytes lead nowhere else: whole subtrees fit at once.
            if (after == before && end - node > WORTH_SKIPPING && skips && (below(node) & ~loops(after)) == 0) {
                setAll(mask, trie.firstToken(node), end == nodes ? trie.firstToken(nodes) : trie.firstToken(end));
                node = end;
                continue;
            }
            path[depth] = after;
            int first = trie.firstToken(node);
            int own = node + 1 < end ? ownTokens(node, first) : trie.firstToken(end);
            setAll(mask, first, own);
            node++;
        }
    }

    /** The place after the tokens that end at {@code node}, which has nodes below. */
    private int ownTokens(int node, int first) {
        int place = first;
        while (trie.length(trie.tokenAt(place)) == trie.depth(node)) {
            place++;
        }
        return place;
    }

    private void setAll(long[] mask, int from, int to) {
        for (int place = from; place < to; place++) {
            set(mask, trie.tokenAt(place));
        }
    }

    private static void set(long[] mask, int id) {
        mask[id >> 6] |= 1L << id;
    }

    /** The classes of bytes that lead from a state back to it. */
    private long loops(State state) {
        if (state.loops < 0) {
            long loops = 0;
            for (int c = 0; c < automaton.network().classCount(); c++) {
                loops |= automaton.nextOfClass(state, c) == state ? 1L << c : 0;
            }
            state.loops = loops;
        }
        return state.loops;
    }

    /** The classes of the bytes below a node, itself included. */
    private long below(int node) {
        if (below.length == 0) {
            below = new long[trie.nodes()];
            for (int i = trie.nodes() - 1; i >= 0; i--) {
                long classes = 1L << automaton.network().classOf(trie.label(i));
                for (int child = i + 1; child < trie.end(i); child = trie.end(child)) {
                    classes |= below[child];
                }
                below[i] = classes;
            }
        }
        return below[node];
    }
}
