package org.llmspell.engine.sampling;

import java.util.List;

/**
 * Lets text through up to the first stop string, holding back what may be the beginning of one, so that no part of a stop
 * string is ever shown, also when it spans tokens. Not thread-safe.
 */
public final class StopFilter {
    private final List<String> stops;
    private String held = "";
    private boolean stopped;

    public StopFilter(List<String> stops) {
        this.stops = stops;
    }

    /** The text that is safe to show after {@code text}; empty from the first stop string on. */
    public String next(String text) {
        if (stopped) {
            return "";
        }
        String all = held + text;
        int cut = firstStop(all);
        if (cut >= 0) {
            stopped = true;
            held = "";
            return all.substring(0, cut);
        }
        int safe = all.length() - longestBeginning(all);
        held = all.substring(safe);
        return all.substring(0, safe);
    }

    /** What was held back, once it is clear that no more text follows. */
    public String finish() {
        String rest = held;
        held = "";
        return rest;
    }

    /** Whether a stop string has appeared. */
    public boolean stopped() {
        return stopped;
    }

    private int firstStop(String text) {
        int first = -1;
        for (String stop : stops) {
            int at = text.indexOf(stop);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
            }
        }
        return first;
    }

    /** The length of the longest end of {@code text} that begins a stop string. */
    private int longestBeginning(String text) {
        int longest = 0;
        for (String stop : stops) {
            int length = Math.min(text.length(), stop.length() - 1);
            while (length > longest && !text.regionMatches(text.length() - length, stop, 0, length)) {
                length--;
            }
            longest = Math.max(longest, length);
        }
        return longest;
    }
}
