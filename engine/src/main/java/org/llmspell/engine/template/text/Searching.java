package org.llmspell.engine.template.text;

import java.util.List;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/** Looks for texts in texts: {@code find}, {@code count}, {@code replace}, {@code startswith} and their kin. */
public final class Searching {
    private Searching() {}

    /** Whether {@code part} is in {@code whole}. */
    public static boolean contains(Text whole, Text part) {
        String chars = whole.chars();
        return new Occurrences(part.chars()).next(chars, 0, chars.length()) >= 0;
    }

    static Value affix(Text self, Args args, String name) {
        List<Value> given = args.plain("str." + name, 1, 3);
        int[] bounds = bounds(self, given, 1);
        Value affix = given.get(0);
        if (affix instanceof Sequence tuple && tuple.isTuple()) {
            for (Value item : tuple.items()) {
                if (hasAffix(self, item, bounds, name)) {
                    return Bool.TRUE;
                }
            }
            return Bool.FALSE;
        }
        return Bool.of(hasAffix(self, affix, bounds, name));
    }

    private static boolean hasAffix(Text self, Value affix, int[] bounds, String name) {
        if (!(affix instanceof Text text)) {
            throw PythonException.typeError(name + " first arg must be str or a tuple of str, not " + affix.typeName());
        }
        String part = text.chars();
        int from = "startswith".equals(name) ? bounds[0] : bounds[1] - part.length();
        return from >= bounds[0]
                && from + part.length() <= bounds[1]
                && self.chars().startsWith(part, from);
    }

    static Value find(Text self, Args args, String name) {
        List<Value> given = args.plain("str." + name, 1, 3);
        int[] bounds = bounds(self, given, 1);
        Occurrences part = new Occurrences(TextMethods.text(given.get(0), name).chars());
        int at = bounds[0] > bounds[1]
                ? -1
                : name.startsWith("r")
                        ? part.last(self.chars(), bounds[0], bounds[1])
                        : part.next(self.chars(), bounds[0], bounds[1]);
        if (at < 0 && name.endsWith("index")) {
            throw PythonException.valueError("substring not found");
        }
        return Int.of(at < 0 ? -1 : self.codePointIndex(at));
    }

    static Value count(Text self, Args args) {
        List<Value> given = args.plain("str.count", 1, 3);
        int[] bounds = bounds(self, given, 1);
        String part = TextMethods.text(given.get(0), "count").chars();
        if (bounds[0] > bounds[1]) {
            return Int.of(0);
        }
        if (part.isEmpty()) {
            return Int.of(self.codePointIndex(bounds[1]) - self.codePointIndex(bounds[0]) + 1L);
        }
        Occurrences occurrences = new Occurrences(part);
        long count = 0;
        int at = occurrences.next(self.chars(), bounds[0], bounds[1]);
        while (at >= 0) {
            count++;
            at = occurrences.next(self.chars(), at + part.length(), bounds[1]);
        }
        return Int.of(count);
    }

    /** The optional bounds of a search, as slices count them, in UTF-16 units; the first may lie beyond the second. */
    private static int[] bounds(Text self, List<Value> given, int first) {
        int length = self.length();
        long from = given.size() > first && given.get(first) != None.NONE ? bound(given.get(first), length) : 0;
        long to = given.size() > first + 1 && given.get(first + 1) != None.NONE
                ? bound(given.get(first + 1), length)
                : length;
        to = Math.min(to, length);
        if (from > length) {
            return new int[] {self.chars().length() + 1, self.offset((int) to)};
        }
        return new int[] {self.offset((int) from), self.offset((int) to)};
    }

    private static long bound(Value value, int length) {
        int bound = Padding.integer(value);
        return bound < 0 ? Math.max(0, (long) bound + length) : bound;
    }

    static Value replace(Text self, Args args) {
        List<Value> given = args.plain("str.replace", 2, 3);
        int count = given.size() < 3 ? -1 : Padding.integer(given.get(2));
        return replace(
                self, TextMethods.text(given.get(0), "replace"), TextMethods.text(given.get(1), "replace"), count);
    }

    /** {@code self.replace(old, replacement, count)}; a negative count replaces all. */
    public static Text replace(Text self, Text old, Text replacement, int count) {
        Text inserted = self.markup() ? Html.escape(replacement) : replacement;
        String chars = self.chars();
        String part = old.chars();
        long left = count < 0 ? Long.MAX_VALUE : count;
        TextBuilder out = new TextBuilder();
        int copied = 0;
        if (part.isEmpty()) {
            while (left-- > 0) {
                out.append(inserted);
                if (copied >= chars.length()) {
                    break;
                }
                int next = copied + Character.charCount(chars.codePointAt(copied));
                out.append(self, copied, next);
                copied = next;
            }
        } else {
            Occurrences occurrences = new Occurrences(part);
            int at = left > 0 ? occurrences.next(chars, 0, chars.length()) : -1;
            if (at < 0) {
                return self;
            }
            while (at >= 0 && left-- > 0) {
                out.append(self, copied, at).append(inserted);
                copied = at + part.length();
                at = occurrences.next(chars, copied, chars.length());
            }
        }
        return out.append(self, copied, chars.length()).build().asMarkup(self.markup());
    }
}
