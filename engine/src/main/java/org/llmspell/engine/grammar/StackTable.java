package org.llmspell.engine.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes sets of stacks, each once. Not thread-safe. */
final class StackTable {
    private final Map<StackSet, StackSet> known = new HashMap<>();
    private final Map<Pair, StackSet> unions = new HashMap<>();

    private record Pair(StackSet a, StackSet b) {}

    int size() {
        return known.size();
    }

    /** The stacks of both. */
    StackSet union(StackSet a, StackSet b) {
        if (a == b || b.returns.length == 0) {
            return a;
        }
        if (a.returns.length == 0) {
            return b;
        }
        Pair pair = new Pair(a, b);
        StackSet union = unions.get(pair);
        if (union != null) {
            return union;
        }
        List<Integer> returns = new ArrayList<>();
        List<StackSet> below = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < a.returns.length || j < b.returns.length) {
            int mine = i < a.returns.length ? a.returns[i] : Integer.MAX_VALUE;
            int theirs = j < b.returns.length ? b.returns[j] : Integer.MAX_VALUE;
            returns.add(Math.min(mine, theirs));
            if (mine == theirs) {
                below.add(union(a.below[i++], b.below[j++]));
            } else {
                below.add(mine < theirs ? a.below[i++] : b.below[j++]);
            }
        }
        StackSet made = of(returns.stream().mapToInt(n -> n).toArray(), below.toArray(StackSet[]::new));
        unions.put(pair, made);
        return made;
    }

    /** The stacks of {@code below}, each with {@code after} on top. */
    StackSet push(int after, StackSet below) {
        return of(new int[] {after}, new StackSet[] {below});
    }

    private StackSet of(int[] returns, StackSet[] below) {
        StackSet made = new StackSet(returns, below);
        StackSet same = known.putIfAbsent(made, made);
        return same == null ? made : same;
    }
}
