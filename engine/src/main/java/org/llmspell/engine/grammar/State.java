package org.llmspell.engine.grammar;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where in a grammar a text may be: nodes that read or end, ascending, each with the stacks to return to. Equal states of one
 * {@link Automaton} are one object. What follows from it (the states after a byte, the tokens that fit) is kept here once
 * computed; the rest does not change.
 */
final class State {
    final int[] nodes;
    final StackSet[] stacks;
    /** Whether the text may end here. */
    final boolean accepting;
    /** Whether a token may be read by its number. */
    final boolean readsTokens;
    /** Whether a byte may be read. */
    final boolean readsBytes;
    /** The state after each class of bytes, once known. */
    final @Nullable State[] next;
    /** Which period of its automaton it belongs to. */
    final int period;
    /** The tokens that fit, a bit each, once known. */
    long @Nullable [] mask;

    /** The classes of bytes that lead back to it, a bit each; negative until known. */
    long loops = -1;

    private final int hash;

    State(Network network, int[] nodes, StackSet[] stacks, int period) {
        this.nodes = nodes;
        this.stacks = stacks;
        this.period = period;
        this.next = new State[network.classCount()];
        boolean ends = false;
        boolean tokens = false;
        boolean bytes = false;
        int code = Arrays.hashCode(nodes);
        for (int i = 0; i < nodes.length; i++) {
            ends |= nodes[i] == Network.ACCEPT;
            tokens |= network.node(nodes[i]) instanceof Network.Token;
            bytes |= network.node(nodes[i]) instanceof Network.Bytes;
            code = 31 * code + System.identityHashCode(stacks[i]);
        }
        this.accepting = ends;
        this.readsTokens = tokens;
        this.readsBytes = bytes;
        this.hash = code;
    }

    /** Whether no text at all can follow, not even none. */
    boolean isDead() {
        return nodes.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof State state) || hash != state.hash || !Arrays.equals(nodes, state.nodes)) {
            return this == other;
        }
        for (int i = 0; i < stacks.length; i++) {
            if (stacks[i] != state.stacks[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
