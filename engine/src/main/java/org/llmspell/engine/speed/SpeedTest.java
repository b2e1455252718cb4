package org.llmspell.engine.speed;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is measured, in llama-bench's terms.
 *
 * @param kind prompt processing or text generation
 * @param tokens that are timed
 * @param depth tokens that are there before them
 */
public record SpeedTest(Kind kind, int tokens, int depth) {
    /** The most tokens of a test and of a depth: enough for the longest contexts, and far from overflow. */
    public static final int MOST_TOKENS = 1 << 22;

    private static final Pattern NAME = Pattern.compile("(pp|tg)([0-9]{1,7})(?:@d([0-9]{1,7}))?");

    /** The two ways in which tokens come. */
    public enum Kind {
        /** All at once: a prompt. */
        PROMPT("pp"),
        /** One after the other: a reply. */
        GENERATION("tg");

        private final String mark;

        Kind(String mark) {
            this.mark = mark;
        }
    }

    public SpeedTest {
        if (tokens < 1 || tokens > MOST_TOKENS || depth < 0 || depth > MOST_TOKENS) {
            throw new IllegalArgumentException(tokens + " tokens at depth " + depth);
        }
    }

    /** The test of a name such as {@code pp512}, {@code tg128} or {@code tg128@d2048}; empty if it is none. */
    public static Optional<SpeedTest> named(String name) {
        Matcher matcher = NAME.matcher(name.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int tokens = Integer.parseInt(matcher.group(2));
        int depth = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
        if (tokens < 1 || tokens > MOST_TOKENS || depth > MOST_TOKENS) {
            return Optional.empty();
        }
        Kind kind = Arrays.stream(Kind.values())
                .filter(each -> each.mark.equals(matcher.group(1)))
                .findFirst()
                .orElseThrow();
        return Optional.of(new SpeedTest(kind, tokens, depth));
    }

    /** The same test at another depth. */
    public SpeedTest at(int newDepth) {
        return new SpeedTest(kind, tokens, newDepth);
    }

    /** The context that {@code tests} need. */
    public static int contextLength(List<SpeedTest> tests) {
        return tests.stream().mapToInt(test -> test.depth + test.tokens).max().orElse(1);
    }

    /** The name, with the depth where there is one: {@code pp512}, {@code tg128@d2048}. */
    public String name() {
        return kind.mark + tokens + (depth == 0 ? "" : "@d" + depth);
    }

    @Override
    public String toString() {
        return name();
    }
}
