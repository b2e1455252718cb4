package org.llmspell.engine.template.text;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/** Fills texts up to a width: {@code center}, {@code ljust}, {@code zfill}, {@code expandtabs}. */
public final class Padding {
    private Padding() {}

    static Value justify(Text self, Args args, String name) {
        List<Value> given = args.plain("str." + name, 1, 2);
        Text fill = given.size() < 2 ? Text.own(" ") : TextMethods.text(given.get(1), name);
        Text used = self.markup() ? Html.escape(fill) : fill;
        if (used.length() != 1) {
            throw PythonException.typeError("The fill character must be exactly one character long");
        }
        int width = integer(given.get(0));
        long missing = Math.max(0, (long) width - self.length());
        switch (name) {
            case "ljust":
                return pad(self, used, 0, missing);
            case "rjust":
                return pad(self, used, missing, 0);
            default:
                return center(self, used, width);
        }
    }

    /** {@code str.center}. */
    public static Text center(Text self, Text fill, int width) {
        long missing = Math.max(0, (long) width - self.length());
        // CPython puts the odd one to the left where the width is odd.
        long left = missing / 2 + (missing & width & 1);
        return pad(self, fill, left, missing - left);
    }

    private static Text pad(Text self, Text fill, long left, long right) {
        return new TextBuilder()
                .repeat(fill, left)
                .append(self)
                .repeat(fill, right)
                .build()
                .asMarkup(self.markup());
    }

    static Value zeroFill(Text self, Args args) {
        int width = integer(args.plain("str.zfill", 1, 1).get(0));
        String chars = self.chars();
        int sign = chars.startsWith("+") || chars.startsWith("-") ? 1 : 0;
        return new TextBuilder()
                .append(self, 0, sign)
                .repeat(Text.own("0"), (long) width - self.length())
                .append(self, sign, chars.length())
                .build()
                .asMarkup(self.markup());
    }

    static Value expandTabs(Text self, Args args) {
        @Nullable Value[] given = args.bind("expandtabs", 0, "tabsize");
        int size = given[0] == null ? 8 : integer(given[0]);
        String chars = self.chars();
        TextBuilder out = new TextBuilder();
        long column = 0;
        for (int i = 0; i < chars.length(); ) {
            int next = i + Character.charCount(chars.codePointAt(i));
            if (chars.charAt(i) == '\t') {
                long spaces = size > 0 ? size - column % size : 0;
                out.repeat(Text.of(" ", self.foreignAt(i)), spaces);
                column += spaces;
            } else {
                out.append(self, i, next);
                column = chars.charAt(i) == '\n' || chars.charAt(i) == '\r' ? 0 : column + 1;
            }
            i = next;
        }
        return out.build().asMarkup(self.markup());
    }

    /** An argument that must be an integer, brought into the range of an {@code int}. */
    public static int integer(Value value) {
        if (value instanceof Int integer) {
            return integer.clamped();
        }
        if (value instanceof Bool bool) {
            return bool.toInt().clamped();
        }
        throw PythonException.typeError("'" + value.typeName() + "' object cannot be interpreted as an integer");
    }
}
