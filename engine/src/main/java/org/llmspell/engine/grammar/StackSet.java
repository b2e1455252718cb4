package org.llmspell.engine.grammar;

import java.util.Arrays;

/**
 * A set of call stacks, shared in their lower parts: the nodes to return to, ascending, and for each the set of stacks below
 * it. Within one {@link StackTable} equal sets are one object, so that a set of exponentially many stacks stays small and is
 * compared at once. Immutable.
 */
final class StackSet implements Owner {
    /** Below the outermost call. */
    static final StackSet BOTTOM = new StackSet(new int[0], new StackSet[0]);

    final int[] returns;
    final StackSet[] below;
    /** Length of the longest stack. */
    final int depth;

    private final int hash;

    StackSet(int[] returns, StackSet[] below) {
        this.returns = returns;
        this.below = below;
        int deepest = -1;
        int code = Arrays.hashCode(returns);
        for (StackSet set : below) {
            deepest = Math.max(deepest, set.depth);
            code = 31 * code + System.identityHashCode(set);
        }
        this.depth = deepest + 1;
        this.hash = code;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof StackSet set) || hash != set.hash || !Arrays.equals(returns, set.returns)) {
            return this == other;
        }
        for (int i = 0; i < below.length; i++) {
            if (below[i] != set.below[i]) {
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
