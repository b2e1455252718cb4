package org.llmspell.engine.tokenizer.split;

import java.util.List;

/**
 * A step of a compiled {@link SplitPattern}; each knows the step after it. Steps nest as deeply as the pattern is written,
 * never as deeply as the text is long, so no input can exhaust the stack.
 */
sealed interface Node {
    /** Where a match of this step and all after it ends, if it begins at {@code at} and stays before {@code end}; else −1. */
    int match(int[] text, int at, int end);

    /** The next place where a match can begin, after one at {@code at} failed. */
    default int retryFrom(int[] text, int at, int end) {
        return at + 1;
    }

    /** The end of the pattern. */
    record Accept() implements Node {
        @Override
        public int match(int[] text, int at, int end) {
            return at;
        }
    }

    /** {@code min} to {@code max} code points of a set, as many as can be. */
    record Run(CodePointSet set, int min, int max, Node next) implements Node {
        @Override
        public int match(int[] text, int at, int end) {
            int stop = max < end - at ? at + max : end;
            int to = at;
            while (to < stop && set.contains(text[to])) {
                to++;
            }
            for (int least = at + min; to >= least; to--) {
                int matched = next.match(text, to, end);
                if (matched >= 0) {
                    return matched;
                }
            }
            return -1;
        }

        /** A failed unbounded run fails from every place within it as well; without this, {@code \s+$} is quadratic. */
        @Override
        public int retryFrom(int[] text, int at, int end) {
            int to = at + 1;
            if (min <= 1 && max == Integer.MAX_VALUE && set.contains(text[at])) {
                while (to < end && set.contains(text[to])) {
                    to++;
                }
            }
            return to;
        }
    }

    /** The first of several ways that matches. */
    record Choice(List<Node> ways) implements Node {
        @Override
        public int match(int[] text, int at, int end) {
            for (int i = 0; i < ways.size(); i++) {
                int matched = ways.get(i).match(text, at, end);
                if (matched >= 0) {
                    return matched;
                }
            }
            return -1;
        }
    }

    /** A group as often as it matches, at least {@code min} times, giving none back. */
    record Repeat(Node group, int min, Node next) implements Node {
        @Override
        public int match(int[] text, int at, int end) {
            int count = 0;
            int to = at;
            for (int after = group.match(text, to, end); after > to; after = group.match(text, to, end)) {
                to = after;
                count++;
            }
            return count < min ? -1 : next.match(text, to, end);
        }
    }

    /** Not followed by a code point of the set; the end of the text is followed by none. */
    record NotFollowedBy(CodePointSet set, Node next) implements Node {
        @Override
        public int match(int[] text, int at, int end) {
            return at < end && set.contains(text[at]) ? -1 : next.match(text, at, end);
        }
    }

    /** The end of the text. */
    record AtEnd(Node next) implements Node {
        @Override
        public int match(int[] text, int at, int end) {
            return at == end ? next.match(text, at, end) : -1;
        }
    }
}
