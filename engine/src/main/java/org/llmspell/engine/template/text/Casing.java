package org.llmspell.engine.template.text;

import java.util.Locale;
import org.llmspell.engine.template.value.Text;

/** Upper and lower case, in Unicode's full mappings as Python uses them. */
public final class Casing {
    private Casing() {}

    public static Text upper(Text self) {
        return self.mapped(self.chars().toUpperCase(Locale.ROOT));
    }

    public static Text lower(Text self) {
        return self.mapped(self.chars().toLowerCase(Locale.ROOT));
    }

    static Text fold(Text self) {
        return self.mapped(self.chars().toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
    }

    /** The first character in title case, the rest in lower case. */
    public static Text capitalize(Text self) {
        String chars = self.chars();
        if (chars.isEmpty()) {
            return self;
        }
        int first = Character.charCount(chars.codePointAt(0));
        return self.mapped(titled(chars.substring(0, first))
                + chars.toLowerCase(Locale.ROOT)
                        .substring(chars.substring(0, first)
                                .toLowerCase(Locale.ROOT)
                                .length()));
    }

    /** {@code str.title}: letters after a letter in lower case, others in title case. */
    static Text title(Text self) {
        String chars = self.chars();
        String lower = chars.toLowerCase(Locale.ROOT);
        boolean sameLength = lower.length() == chars.length();
        StringBuilder out = new StringBuilder(chars.length());
        boolean inWord = false;
        for (int i = 0; i < chars.length(); ) {
            int point = chars.codePointAt(i);
            int next = i + Character.charCount(point);
            String unit = chars.substring(i, next);
            if (inWord) {
                // The lower case of the whole text knows about the final sigma.
                out.append(sameLength ? lower.substring(i, next) : unit.toLowerCase(Locale.ROOT));
            } else {
                out.append(titled(unit));
            }
            inWord = isCased(point);
            i = next;
        }
        return self.mapped(out.toString());
    }

    static Text swap(Text self) {
        String chars = self.chars();
        StringBuilder out = new StringBuilder(chars.length());
        chars.codePoints().forEach(point -> {
            String unit = Character.toString(point);
            out.append(Character.isUpperCase(point) ? unit.toLowerCase(Locale.ROOT) : unit.toUpperCase(Locale.ROOT));
        });
        return self.mapped(out.toString());
    }

    static boolean isCased(int point) {
        return Character.isUpperCase(point) || Character.isLowerCase(point) || Character.isTitleCase(point);
    }

    private static String titled(String unit) {
        String simple = Character.toString(Character.toTitleCase(unit.codePointAt(0)));
        if (!simple.equals(unit)) {
            return simple;
        }
        // Characters such as ß have a title case only in the full mapping: Ss.
        String upper = unit.toUpperCase(Locale.ROOT);
        return upper.length() > unit.length()
                ? upper.charAt(0) + upper.substring(1).toLowerCase(Locale.ROOT)
                : unit;
    }
}
