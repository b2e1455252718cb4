package org.llmspell.engine.grammar;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Network} as a deterministic automaton whose states are made when first reached and then kept, so that reading a byte
 * again costs one look-up. Not thread-safe.
 */
final class Automaton {
    /** States kept; each takes about a kilobyte. Beyond, all are forgotten and made anew as needed. */
    static final int MOST_STATES = 20_000;

    private final Network network;
    private final @Nullable LocalCall[] scratch;
    private final State dead;
    private final int[] startNodes;
    private final StackSet[] startStacks;
    private Map<State, State> states = new HashMap<>();
    private StackTable stacks = new StackTable();
    private int period;

    Automaton(Network network) {
        this.network = network;
        this.scratch = new LocalCall[network.rules()];
        this.dead = new State(network, new int[0], new StackSet[0], 0);
        Closure closure = closure();
        closure.from(network.start(0), stacks.push(Network.ACCEPT, StackSet.BOTTOM));
        State start = state(closure.run());
        this.startNodes = start.nodes;
        this.startStacks = start.stacks;
    }

    Network network() {
        return network;
    }

    /** Before any text. */
    State start() {
        // Not kept as a state: through it, all that ever followed would be kept.
        return known(new State(network, startNodes, startStacks, period));
    }

    /** After {@code b}; dead if it does not fit. */
    State next(State state, byte b) {
        return nextOfClass(state, network.classOf(b));
    }

    State nextOfClass(State state, int byteClass) {
        State next = state.next[byteClass];
        if (next == null) {
            next = compute(state, byteClass);
            state.next[byteClass] = next;
        }
        return next;
    }

    private State compute(State state, int byteClass) {
        @Nullable Closure closure = null;
        for (int i = 0; i < state.nodes.length; i++) {
            if (network.node(state.nodes[i]) instanceof Network.Bytes bytes) {
                int edge = edge(bytes, byteClass);
                if (edge >= 0) {
                    closure = closure == null ? closure() : closure;
                    closure.from(bytes.target()[edge], state.stacks[i]);
                }
            }
        }
        return closure == null ? dead : state(closure.run());
    }

    private static int edge(Network.Bytes bytes, int byteClass) {
        for (int i = 0; i < bytes.first().length; i++) {
            if (byteClass >= bytes.first()[i] && byteClass <= bytes.last()[i]) {
                return i;
            }
        }
        return -1;
    }

    /**
     * After a whole token: what its bytes lead to and what its number leads to.
     *
     * @param bytes the state after the token's bytes, dead if they do not fit
     * @param text whether the token is text, which alone negated tokens match
     */
    State afterToken(State state, State bytes, int token, boolean text) {
        if (!state.readsTokens) {
            return bytes;
        }
        Closure closure = closure();
        for (int i = 0; i < bytes.nodes.length; i++) {
            closure.from(bytes.nodes[i], bytes.stacks[i]);
        }
        for (int i = 0; i < state.nodes.length; i++) {
            if (network.node(state.nodes[i]) instanceof Network.Token wanted && matches(wanted, token, text)) {
                closure.from(wanted.after(), state.stacks[i]);
            }
        }
        return state(closure.run());
    }

    static boolean matches(Network.Token wanted, int token, boolean text) {
        return wanted.negated() ? text && wanted.id() != token : wanted.id() == token;
    }

    /** {@code state} as this period knows it. */
    State current(State state) {
        return state.period == period || state.isDead()
                ? state
                : known(new State(network, state.nodes, state.stacks, period));
    }

    State dead() {
        return dead;
    }

    int states() {
        return states.size();
    }

    private Closure closure() {
        return new Closure(network, stacks, scratch);
    }

    private State state(TreeMap<Integer, StackSet> reached) {
        if (reached.isEmpty()) {
            return dead;
        }
        int[] nodes = new int[reached.size()];
        StackSet[] below = new StackSet[nodes.length];
        int i = 0;
        for (Map.Entry<Integer, StackSet> entry : reached.entrySet()) {
            nodes[i] = entry.getKey();
            below[i++] = entry.getValue();
        }
        return known(new State(network, nodes, below, period));
    }

    private State known(State made) {
        State same = states.putIfAbsent(made, made);
        if (same != null) {
            return same;
        }
        if (states.size() > MOST_STATES || stacks.isFull()) {
            states = new HashMap<>();
            stacks = new StackTable();
            period++;
            State fresh = new State(network, made.nodes, made.stacks, period);
            states.put(fresh, fresh);
            return fresh;
        }
        return made;
    }
}
