package org.llmspell.engine.grammar;

import java.util.List;

/**
 * A grammar as a recursive transition network over bytes of UTF-8: nodes joined by byte ranges, forks, and calls of rules that
 * return to where they were called from. Immutable. Made by {@link NetworkBuilder}.
 */
final class Network {
    /** The node at which a rule ends. */
    static final int RETURN = 0;

    /** The node at which the whole text may end. */
    static final int ACCEPT = 1;

    /** What a node does. */
    sealed interface Node {}

    /** Ends a rule, or the text. */
    record End() implements Node {}

    /** Goes on with any of the targets without reading. */
    record Fork(int[] targets) implements Node {}

    /** Reads rule {@code rule} and goes on at {@code after}. */
    record Call(int rule, int after) implements Node {}

    /** Reads a byte: one of classes {@code first[i]} to {@code last[i]} leads to {@code target[i]}. */
    record Bytes(int[] first, int[] last, int[] target) implements Node {}

    /** Reads a whole token: {@code id}, or any text token but that. */
    record Token(int id, boolean negated, int after) implements Node {}

    private final Node[] nodes;
    private final int[] starts;
    private final byte[] classes;
    private final int classCount;

    /** @param classes the class of each of the 256 bytes: bytes of one class are treated alike everywhere */
    Network(List<Node> nodes, int[] starts, byte[] classes, int classCount) {
        this.nodes = nodes.toArray(Node[]::new);
        this.starts = starts;
        this.classes = classes;
        this.classCount = classCount;
    }

    Node node(int index) {
        return nodes[index];
    }

    int rules() {
        return starts.length;
    }

    /** The first node of a rule; rule 0 is the root. */
    int start(int rule) {
        return starts[rule];
    }

    int classCount() {
        return classCount;
    }

    /** The class of a byte, from 0. */
    int classOf(byte b) {
        return classes[b & 0xFF] & 0xFF;
    }
}
