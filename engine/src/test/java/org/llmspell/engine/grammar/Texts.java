package org.llmspell.engine.grammar;

import java.nio.charset.StandardCharsets;

/** Asks a grammar about texts, without a vocabulary. */
public final class Texts {
    private final Automaton automaton;

    public Texts(Grammar grammar) {
        automaton = new Automaton(NetworkBuilder.build(grammar, token -> {
            throw new IllegalArgumentException("no vocabulary");
        }));
    }

    /** Whether the grammar is of the whole of {@code text}. */
    public boolean accepts(String text) {
        return after(text.getBytes(StandardCharsets.UTF_8)).accepting;
    }

    /** Whether more text can make {@code text} one of the grammar. */
    public boolean begins(String text) {
        return begins(text.getBytes(StandardCharsets.UTF_8));
    }

    public boolean begins(byte[] text) {
        return !after(text).isDead();
    }

    State after(byte[] text) {
        State state = automaton.start();
        for (byte b : text) {
            state = automaton.next(automaton.current(state), b);
        }
        return state;
    }

    int states() {
        return automaton.states();
    }
}
