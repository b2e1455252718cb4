package org.llmspell.engine.template.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Characters;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/** Cuts texts into parts: {@code split}, {@code rsplit}, {@code splitlines}, {@code partition}. */
public final class Splitting {
    private Splitting() {}

    static Value split(Text self, Args args, boolean fromRight) {
        @Nullable Value[] given = args.bind(fromRight ? "rsplit" : "split", 0, "sep", "maxsplit");
        int most = given[1] == null ? -1 : Padding.integer(given[1]);
        if (given[0] == null || given[0] == None.NONE) {
            return Sequence.list(atSpaces(self, most < 0 ? Integer.MAX_VALUE : most, fromRight));
        }
        String separator = TextMethods.text(given[0], "split").chars();
        if (separator.isEmpty()) {
            throw PythonException.valueError("empty separator");
        }
        return Sequence.list(at(self, separator, most < 0 ? Integer.MAX_VALUE : most, fromRight));
    }

    private static List<Value> at(Text self, String separator, int most, boolean fromRight) {
        // From the right is from the left of the reversed text, which keeps the search linear.
        String chars = fromRight ? reversed(self.chars()) : self.chars();
        Occurrences occurrences = new Occurrences(fromRight ? reversed(separator) : separator);
        int length = chars.length();
        List<Value> parts = new ArrayList<>();
        int from = 0;
        int at = most > 0 ? occurrences.next(chars, 0, length) : -1;
        while (at >= 0) {
            add(parts, self, from, at, fromRight);
            from = at + separator.length();
            at = parts.size() < most ? occurrences.next(chars, from, length) : -1;
        }
        add(parts, self, from, length, fromRight);
        return fromRight ? parts.reversed() : parts;
    }

    /** Runs of white space separate, those at the ends are dropped; what is left after {@code most} cuts stays whole. */
    private static List<Value> atSpaces(Text self, int most, boolean fromRight) {
        String chars = fromRight ? reversed(self.chars()) : self.chars();
        int length = chars.length();
        List<Value> parts = new ArrayList<>();
        int from = run(chars, 0, true);
        while (from < length) {
            int to = parts.size() < most ? run(chars, from, false) : length;
            add(parts, self, from, to, fromRight);
            from = run(chars, to, true);
        }
        return fromRight ? parts.reversed() : parts;
    }

    /** The end of the run of spaces, or of other characters, from {@code from} on. */
    private static int run(String chars, int from, boolean spaces) {
        int at = from;
        while (at < chars.length() && Characters.isSpace(chars.charAt(at)) == spaces) {
            at++;
        }
        return at;
    }

    private static void add(List<Value> parts, Text self, int from, int to, boolean fromRight) {
        Limits.checkedItems(parts.size() + 1L);
        int length = self.chars().length();
        parts.add(fromRight ? self.substring(length - to, length - from) : self.substring(from, to));
    }

    private static String reversed(String chars) {
        return new StringBuilder(chars).reverse().toString();
    }

    static Value splitLines(Text self, Args args) {
        @Nullable Value[] given = args.bind("splitlines", 0, "keepends");
        return Sequence.list(new ArrayList<>(lines(self, given[0] != null && given[0].truthy())));
    }

    /** The lines of a text; a line break at its end begins no further line. */
    public static List<Text> lines(Text self, boolean keepEnds) {
        List<Text> lines = new ArrayList<>();
        String chars = self.chars();
        int from = 0;
        for (int i = 0; i < chars.length(); i++) {
            if (!Characters.isLineBreak(chars.charAt(i))) {
                continue;
            }
            int end = i;
            if (chars.startsWith("\r\n", i)) {
                i++;
            }
            Limits.checkedItems(lines.size() + 1L);
            lines.add(self.substring(from, keepEnds ? i + 1 : end));
            from = i + 1;
        }
        if (from < chars.length()) {
            lines.add(self.substring(from, chars.length()));
        }
        return lines;
    }

    static Value partition(Text self, Args args, boolean fromRight) {
        String name = fromRight ? "rpartition" : "partition";
        String separator =
                TextMethods.text(args.plain("str." + name, 1, 1).get(0), name).chars();
        if (separator.isEmpty()) {
            throw PythonException.valueError("empty separator");
        }
        String chars = self.chars();
        Occurrences occurrences = new Occurrences(separator);
        int at = fromRight ? occurrences.last(chars, 0, chars.length()) : occurrences.next(chars, 0, chars.length());
        Text nothing = Text.EMPTY.asMarkup(self.markup());
        if (at < 0) {
            return Sequence.tuple(fromRight ? List.of(nothing, nothing, self) : List.of(self, nothing, nothing));
        }
        int end = at + separator.length();
        return Sequence.tuple(
                List.of(self.substring(0, at), self.substring(at, end), self.substring(end, chars.length())));
    }
}
