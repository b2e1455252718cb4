package org.llmspell.engine.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Follows a {@link Network} from some of its nodes without reading, up to the nodes that read or end the text. The rules
 * entered on the way are shared by all that enter them (as in generalized LL parsing, Scott and Johnstone 2010), so that
 * ambiguity costs no more than polynomial work. For one use.
 */
final class Closure {
    /** Deepest nesting of rules within rules. */
    static final int DEEPEST = 2_000;

    private static final int MOST_WORK = 200_000;

    private final Network network;
    private final StackTable stacks;
    private final @Nullable LocalCall[] calls;
    private final ArrayDeque<Item> todo = new ArrayDeque<>();
    private final Set<Item> seen = new HashSet<>();
    private final List<Item> reached = new ArrayList<>();

    private record Item(int node, Owner owner) {}

    Closure(Network network, StackTable stacks, @Nullable LocalCall[] scratch) {
        this.network = network;
        this.stacks = stacks;
        this.calls = scratch;
    }

    /** Begins at {@code node} as well, within a rule that returns to {@code owner}. */
    void from(int node, Owner owner) {
        Item item = new Item(node, owner);
        if (seen.add(item)) {
            if (seen.size() > MOST_WORK) {
                throw GrammarErrors.invalid("The grammar is too ambiguous: more than " + MOST_WORK
                        + " ways lead on from one place of the text");
            }
            todo.add(item);
        }
    }

    /** The nodes reached, ascending, each with the stacks it is reached with. */
    TreeMap<Integer, StackSet> run() {
        List<Integer> entered = new ArrayList<>();
        try {
            follow(entered);
        } finally {
            entered.forEach(rule -> calls[rule] = null);
        }
        TreeMap<Integer, StackSet> result = new TreeMap<>();
        for (Item item : reached) {
            result.merge(item.node, frozen(item.owner), stacks::union);
        }
        return result;
    }

    private void follow(List<Integer> entered) {
        while (!todo.isEmpty()) {
            Item item = todo.remove();
            if (item.node == Network.RETURN) {
                leave(item.owner);
                continue;
            }
            switch (network.node(item.node)) {
                case Network.Fork fork -> {
                    for (int target : fork.targets()) {
                        from(target, item.owner);
                    }
                }
                case Network.Call call -> enter(call, item.owner, entered);
                case Network.Bytes bytes -> reached.add(item);
                case Network.Token token -> reached.add(item);
                case Network.End end -> reached.add(item);
            }
        }
    }

    private void enter(Network.Call call, Owner owner, List<Integer> entered) {
        if (owner instanceof StackSet set && set.depth >= DEEPEST) {
            return; // nested too deep: whatever else is possible must do
        }
        LocalCall local = calls[call.rule()];
        if (local == null) {
            local = new LocalCall();
            calls[call.rule()] = local;
            entered.add(call.rule());
            from(network.start(call.rule()), local);
        }
        local.callers.add(new LocalCall.Caller(call.after(), owner));
        if (local.ended) {
            from(call.after(), owner);
        }
    }

    private void leave(Owner owner) {
        switch (owner) {
            case StackSet set -> {
                for (int i = 0; i < set.returns.length; i++) {
                    from(set.returns[i], set.below[i]);
                }
            }
            case LocalCall local -> {
                if (!local.ended) {
                    local.ended = true;
                    local.callers.forEach(caller -> from(caller.after(), caller.owner()));
                }
            }
        }
    }

    /** The stacks of an owner whose callers are all known; callers first, without recursion, as chains of rules may be long. */
    private StackSet frozen(Owner owner) {
        if (owner instanceof StackSet set) {
            return set;
        }
        ArrayDeque<LocalCall> path = new ArrayDeque<>();
        Map<LocalCall, Integer> next = new HashMap<>();
        path.push((LocalCall) owner);
        while (true) {
            LocalCall local = path.element();
            int at = next.getOrDefault(local, 0);
            if (local.frozen == null && at < local.callers.size()) {
                next.put(local, at + 1);
                if (local.callers.get(at).owner() instanceof LocalCall outer && outer.frozen == null) {
                    path.push(outer);
                }
                continue;
            }
            StackSet set = local.frozen;
            if (set == null) {
                set = StackSet.BOTTOM;
                for (LocalCall.Caller caller : local.callers) {
                    set = stacks.union(set, asStacks(caller));
                }
                local.frozen = set;
            }
            path.pop();
            if (path.isEmpty()) {
                return set;
            }
        }
    }

    private StackSet asStacks(LocalCall.Caller caller) {
        StackSet below = caller.owner() instanceof LocalCall outer ? frozenAlready(outer) : (StackSet) caller.owner();
        // A call at the end of its caller returns where the caller would: nothing is left to do in between.
        return caller.after() == Network.RETURN ? below : stacks.push(caller.after(), below);
    }

    private static StackSet frozenAlready(LocalCall call) {
        if (call.frozen == null) {
            throw new IllegalStateException("the rules call each other in a circle");
        }
        return call.frozen;
    }
}
