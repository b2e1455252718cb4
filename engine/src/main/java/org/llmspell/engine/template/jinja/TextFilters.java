package org.llmspell.engine.template.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.Occurrences;
import org.llmspell.engine.template.text.Padding;
import org.llmspell.engine.template.text.PercentFormat;
import org.llmspell.engine.template.text.Searching;
import org.llmspell.engine.template.text.Splitting;
import org.llmspell.engine.template.text.Stripping;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Characters;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** The filters that make texts of texts. */
final class TextFilters {
    private static final int CENTER_WIDTH = 80;
    private static final int TRUNCATE_LENGTH = 255;
    /** Jinja's policy {@code truncate.leeway}. */
    private static final int TRUNCATE_LEEWAY = 5;

    private TextFilters() {}

    /** Words begin after white space, a hyphen, an opening bracket or {@code <}; their first letter is made upper case, the rest lower. */
    static Text title(Text text) {
        String chars = text.chars();
        StringBuilder out = new StringBuilder(chars.length());
        int word = 0;
        for (int i = 0; i <= chars.length(); i++) {
            if (i < chars.length() && !startsWord(chars.charAt(i))) {
                continue;
            }
            if (i > word) {
                int second = word + Character.charCount(chars.codePointAt(word));
                out.append(chars.substring(word, second).toUpperCase(java.util.Locale.ROOT));
                out.append(chars.substring(second, i).toLowerCase(java.util.Locale.ROOT));
            }
            if (i < chars.length()) {
                out.append(chars.charAt(i));
            }
            word = i + 1;
        }
        return text.asMarkup(false).mapped(out.toString());
    }

    private static boolean startsWord(char unit) {
        return "-({[<".indexOf(unit) >= 0 || Characters.isSpace(unit);
    }

    static Value wordCount(Text text) {
        String chars = text.chars();
        int count = 0;
        boolean inWord = false;
        for (int i = 0; i < chars.length(); i += Character.charCount(chars.codePointAt(i))) {
            boolean word = Characters.isWord(chars.codePointAt(i));
            count += word && !inWord ? 1 : 0;
            inWord = word;
        }
        return Int.of(count);
    }

    static Value trim(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("trim", 0, "chars");
        return Stripping.strip(Filters.soft(value), Filters.or(given[0], None.NONE), true, true);
    }

    static Value replace(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("replace", 2, "old", "new", "count");
        Value count = Filters.or(given[2], None.NONE);
        return Searching.replace(
                value.str(),
                Filters.or(given[0], None.NONE).str(),
                Filters.or(given[1], None.NONE).str(),
                count == None.NONE ? -1 : Padding.integer(count));
    }

    static Value center(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("center", 0, "width");
        int width = given[0] == null ? CENTER_WIDTH : Padding.integer(given[0]);
        return Padding.center(Filters.soft(value), Text.own(" "), width);
    }

    static Value indent(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("indent", 0, "width", "first", "blank");
        Text text = required(value);
        Value width = Filters.or(given[0], Int.of(4));
        Text indention = width instanceof Text own
                ? own
                : new TextBuilder()
                        .repeat(Text.own(" "), Padding.integer(width))
                        .build();
        boolean first = given[1] != null && given[1].truthy();
        boolean blank = given[2] != null && given[2].truthy();
        List<Text> lines = Splitting.lines(text.asMarkup(false).concat(Text.own("\n")), false);
        TextBuilder out = new TextBuilder();
        for (int i = 0; i < lines.size(); i++) {
            Text line = lines.get(i);
            if (i > 0) {
                out.append("\n");
            }
            if (i == 0 ? first : blank || line.truthy()) {
                out.append(indention);
            }
            out.append(line);
        }
        return out.build().asMarkup(text.markup());
    }

    private static Text required(Value value) {
        if (value instanceof Text text) {
            return text;
        }
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        throw PythonException.typeError("unsupported operand type(s) for +=: '" + value.typeName() + "' and 'str'");
    }

    static Value truncate(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("truncate", 0, "length", "killwords", "end", "leeway");
        int length = given[0] == null ? TRUNCATE_LENGTH : Padding.integer(given[0]);
        Text end = given[2] == null ? Text.own("...") : required(given[2]);
        int leeway = given[3] == null || given[3] == None.NONE ? TRUNCATE_LEEWAY : Padding.integer(given[3]);
        if (length < end.length()) {
            throw PythonException.valueError("expected length >= " + end.length() + ", got " + length);
        }
        if (leeway < 0) {
            throw PythonException.valueError("expected leeway >= 0, got " + leeway);
        }
        int size = value.length();
        if (size < 0) {
            throw PythonException.typeError("object of type '" + value.typeName() + "' has no len()");
        }
        if (size <= (long) length + leeway) {
            return value;
        }
        Text text = required(value);
        Text kept = text.substring(0, text.offset(length - end.length()));
        if (given[1] == null || !given[1].truthy()) {
            int space = new Occurrences(" ").last(kept.chars(), 0, kept.chars().length());
            kept = space < 0 ? kept : kept.substring(0, space);
        }
        return kept.concat(end);
    }

    static Value format(Evaluation evaluation, Value value, Args args) {
        if (args.named().isEmpty()) {
            return PercentFormat.format(Filters.soft(value), Sequence.tuple(args.positional()));
        }
        if (!args.positional().isEmpty()) {
            throw PythonException.typeError("can't handle positional and keyword arguments at the same time");
        }
        LinkedHashMap<Value, Value> named = new LinkedHashMap<>();
        args.named().forEach((name, argument) -> named.put(Text.own(name), argument));
        return PercentFormat.format(Filters.soft(value), new Dict(named));
    }
}
