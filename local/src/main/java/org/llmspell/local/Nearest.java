package org.llmspell.local;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the known name that a mistyped one most likely meant. */
public final class Nearest {
    private Nearest() {}

    /**
     * The member of {@code known} nearest to {@code given} by edit distance with neighbouring letters swapped counting
     * once (restricted Damerau–Levenshtein), case ignored. A name that starts with {@code given} (three letters or more)
     * counts as one edit away. Empty if more than a third of the letters differ: that is no typing mistake.
     */
    public static Optional<String> to(String given, Collection<String> known) {
        String wanted = given.toLowerCase(Locale.ROOT);
        String best = null;
        int bestDistance = Integer.MAX_VALUE;
        for (String candidate : known) {
            String name = candidate.toLowerCase(Locale.ROOT);
            int distance = wanted.length() >= 3 && name.startsWith(wanted) ? 1 : distance(wanted, name);
            int allowed = Math.max(1, Math.max(wanted.length(), name.length()) / 3);
            if (distance <= allowed && distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return Optional.ofNullable(best);
    }

    /** {@code , did you mean "NAME"?} or nothing: the end of an error message. */
    public static String hint(String given, Collection<String> known) {
        return to(given, known).map(name -> "; did you mean \"" + name + "\"?").orElse("");
    }

    private static int distance(String a, String b) {
        // Names are short; the cap keeps a hostile megabyte from costing its square.
        if (Math.abs(a.length() - b.length()) > 40 || a.length() > 200 || b.length() > 200) {
            return Integer.MAX_VALUE;
        }
        int[] twoUp = new int[b.length() + 1];
        int[] up = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            up[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = up[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(up[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], twoUp[j - 2] + 1);
                }
            }
            int[] free = twoUp;
            twoUp = up;
            up = row;
            row = free;
        }
        return up[b.length()];
    }
}
