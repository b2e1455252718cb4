package org.llmspell.engine.template.value;

import java.util.Arrays;

/** Puts a {@link Text} together, keeping the origin of every part; stops at {@link Limits#TEXT}. Not thread-safe. */
public final class TextBuilder {
    private final StringBuilder chars = new StringBuilder();
    private int[] cuts = Text.NO_CUTS;
    private int cutCount;
    private boolean startsForeign;
    private boolean endsForeign;

    /** Appends text of the template's own. */
    public TextBuilder append(String part) {
        return append(part, false);
    }

    public TextBuilder append(String part, boolean foreign) {
        if (!part.isEmpty()) {
            begin(foreign, part.length());
            chars.append(part);
        }
        return this;
    }

    /** Appends one UTF-16 unit. */
    public TextBuilder append(char part, boolean foreign) {
        begin(foreign, 1);
        chars.append(part);
        return this;
    }

    public TextBuilder append(Text part) {
        return append(part, 0, part.chars().length());
    }

    /** Appends the characters {@code from} to {@code to} of {@link Text#chars}. */
    public TextBuilder append(Text part, int from, int to) {
        int at = from;
        while (at < to) {
            int end = Math.min(to, part.runEnd(at));
            begin(part.foreignAt(at), end - at);
            chars.append(part.chars(), at, end);
            at = end;
        }
        return this;
    }

    /** Appends {@code part} {@code count} times; nothing for a count under 1. */
    public TextBuilder repeat(Text part, long count) {
        if (count > 0 && part.truthy()) {
            Limits.checkedText(Math.multiplyExact(
                    Math.min(count, Integer.MAX_VALUE), (long) part.chars().length()));
            for (long i = 0; i < count; i++) {
                append(part);
            }
        }
        return this;
    }

    public int length() {
        return chars.length();
    }

    public Text build() {
        return new Text(
                chars.toString(), startsForeign, cutCount == 0 ? Text.NO_CUTS : Arrays.copyOf(cuts, cutCount), false);
    }

    private void begin(boolean foreign, int added) {
        int length = chars.length();
        Limits.checkedText((long) length + added);
        if (length == 0) {
            startsForeign = foreign;
        } else if (foreign != endsForeign) {
            if (cutCount == cuts.length) {
                cuts = Arrays.copyOf(cuts, Math.max(8, cutCount * 2));
            }
            cuts[cutCount++] = length;
        }
        endsForeign = foreign;
    }
}
