package org.llmspell.engine.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llmspell.engine.EngineException;

/** Makes sets of stacks, each once. Not thread-safe. */
final class StackTable {
    /** Frames of all sets together, some 10 bytes each: beyond the first the table is to be left, beyond the second it ends. */
    private static final long MANY = 1_000_000;

    private static final long TOO_MANY = 8_000_000;
    /** How far down two sets may differ: a step of recursion each. */
    private static final int DEEPEST = 3_000;

    private final Map<StackSet, StackSet> known = new HashMap<>();
    private final Map<Pair, StackSet> unions = new HashMap<>();

    private long frames;

    private record Pair(StackSet a, StackSet b) {}

    /** Whether it has grown so large that a new one is better. */
    boolean isFull() {
        return frames > MANY;
    }

    /** The stacks of both. */
    StackSet union(StackSet a, StackSet b) {
        return union(a, b, 0);
    }

    @SuppressWarnings("ReferenceEquality") // equal sets are one object
    private StackSet union(StackSet a, StackSet b, int level) {
        if (level > DEEPEST) {
            throw tooAmbiguous();
        }
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
                below.add(union(a.below[i++], b.below[j++], level + 1));
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
        if (same != null) {
            return same;
        }
        frames += 8L + returns.length;
        if (frames > TOO_MANY) {
            throw tooAmbiguous();
        }
        return made;
    }

    private static EngineException tooAmbiguous() {
        return GrammarErrors.invalid("The grammar is too ambiguous: too many rules are open at one place of the text");
    }
}
