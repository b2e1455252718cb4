package org.llmspell.engine.grammar;

import java.util.List;

/** What a rule of a grammar stands for. Immutable. */
public sealed interface Expr {
    /** Matches the empty text alone. */
    Expr EMPTY = new Sequence(List.of());

    /** Matches no text. */
    Expr NOTHING = new Choice(List.of());

    /** One character of a set. */
    record Chars(CharSet set) implements Expr {}

    /** Exactly this text. */
    record Literal(String text) implements Expr {}

    /** All parts, one after the other. */
    record Sequence(List<Expr> parts) implements Expr {
        public Sequence {
            parts = List.copyOf(parts);
        }
    }

    /** Any one of the alternatives. */
    record Choice(List<Expr> alternatives) implements Expr {
        public Choice {
            alternatives = List.copyOf(alternatives);
        }
    }

    /** {@code part} at least {@code min} and at most {@code max} times; {@link #UNBOUNDED} for any number. */
    record Repeat(Expr part, int min, int max) implements Expr {
        public static final int UNBOUNDED = -1;
    }

    /** What the rule of that name matches. */
    record Rule(String name) implements Expr {}

    /** One token by its id. Negated: any text token but that. */
    record TokenId(int id, boolean negated) implements Expr {}

    /** One token by what the vocabulary writes for it, such as {@code <think>}. Negated: any text token but that. */
    record TokenText(String text, boolean negated) implements Expr {}

    static Expr literal(String text) {
        return text.isEmpty() ? EMPTY : new Literal(text);
    }

    static Expr sequence(Expr... parts) {
        return new Sequence(List.of(parts));
    }

    static Expr choice(Expr... alternatives) {
        return new Choice(List.of(alternatives));
    }

    static Expr optional(Expr part) {
        return new Repeat(part, 0, 1);
    }

    static Expr any(Expr part) {
        return new Repeat(part, 0, Repeat.UNBOUNDED);
    }

    static Expr repeat(Expr part, int min, int max) {
        return new Repeat(part, min, max);
    }
}
