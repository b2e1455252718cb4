package org.llmspell.engine.template.text;

import java.util.List;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Characters;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/** Takes characters off the ends of a text: {@code strip}, {@code removeprefix} and their kin. */
public final class Stripping {
    private Stripping() {}

    static Text strip(Text self, Args args, String name, boolean left, boolean right) {
        List<Value> given = args.plain("str." + name, 0, 1);
        Value characters = given.isEmpty() ? None.NONE : given.get(0);
        return strip(self, characters, left, right);
    }

    /** Without the leading or trailing characters that are in {@code characters}, or are white space if that is None. */
    public static Text strip(Text self, Value characters, boolean left, boolean right) {
        String set = characters == None.NONE
                ? null
                : TextMethods.text(characters, "strip").chars();
        String chars = self.chars();
        int from = 0;
        int to = chars.length();
        while (left && from < to) {
            int point = chars.codePointAt(from);
            if (!(set == null ? Characters.isSpace(point) : set.indexOf(point) >= 0)) {
                break;
            }
            from += Character.charCount(point);
        }
        while (right && to > from) {
            int point = chars.codePointBefore(to);
            if (!(set == null ? Characters.isSpace(point) : set.indexOf(point) >= 0)) {
                break;
            }
            to -= Character.charCount(point);
        }
        return self.substring(from, to);
    }

    static Text removePrefix(Text self, Args args) {
        String prefix = TextMethods.text(args.plain("str.removeprefix", 1, 1).get(0), "removeprefix")
                .chars();
        String chars = self.chars();
        return chars.startsWith(prefix) ? self.substring(prefix.length(), chars.length()) : self;
    }

    static Text removeSuffix(Text self, Args args) {
        String suffix = TextMethods.text(args.plain("str.removesuffix", 1, 1).get(0), "removesuffix")
                .chars();
        String chars = self.chars();
        return chars.endsWith(suffix) ? self.substring(0, chars.length() - suffix.length()) : self;
    }
}
