package org.llmspell.engine.template.text;

import java.util.function.BiFunction;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/** Python's {@code str.format}. One object formats one string. */
public final class BraceFormat {
    private static final int NESTING = 2;

    private final Args args;
    private final BiFunction<Value, String, Value> attribute;
    private final BiFunction<Value, Value, Value> item;
    private int automatic;
    private boolean manual;

    /**
     * A formatting.
     *
     * @param attribute looks up {@code value.name} as the sandbox does
     * @param item looks up {@code value[key]} as the sandbox does
     */
    public BraceFormat(Args args, BiFunction<Value, String, Value> attribute, BiFunction<Value, Value, Value> item) {
        this.args = args;
        this.attribute = attribute;
        this.item = item;
    }

    /** {@code format.format(*args, **kwargs)}. */
    public Text format(Text format) {
        return format(format, NESTING).asMarkup(format.markup());
    }

    private Text format(Text format, int nesting) {
        if (nesting < 0) {
            throw PythonException.valueError("Max string recursion exceeded");
        }
        String chars = format.chars();
        TextBuilder out = new TextBuilder();
        int at = 0;
        while (at < chars.length()) {
            char unit = chars.charAt(at);
            if (unit != '{' && unit != '}') {
                out.append(unit, format.foreignAt(at++));
            } else if (at + 1 < chars.length() && chars.charAt(at + 1) == unit) {
                out.append(unit, format.foreignAt(at));
                at += 2;
            } else if (unit == '}') {
                throw PythonException.valueError("Single '}' encountered in format string");
            } else {
                int end = fieldEnd(chars, at + 1);
                out.append(field(format.substring(at + 1, end), nesting, format.markup()));
                at = end + 1;
            }
        }
        return out.build();
    }

    private static int fieldEnd(String chars, int from) {
        if (from >= chars.length()) {
            throw PythonException.valueError("Single '{' encountered in format string");
        }
        int level = 1;
        for (int i = from; i < chars.length(); i++) {
            char unit = chars.charAt(i);
            if (unit == '[') {
                int close = chars.indexOf(']', i);
                i = close < 0 || level > 1 ? i : close;
            } else if (unit == '{') {
                level++;
            } else if (unit == '}' && --level == 0) {
                return i;
            }
        }
        throw PythonException.valueError("expected '}' before end of string");
    }

    /** {@code name[!conversion][:spec]}. */
    private Text field(Text field, int nesting, boolean markup) {
        String chars = field.chars();
        int nameEnd = 0;
        while (nameEnd < chars.length() && chars.charAt(nameEnd) != '!' && chars.charAt(nameEnd) != ':') {
            int close = chars.charAt(nameEnd) == '[' ? chars.indexOf(']', nameEnd) : -1;
            nameEnd = close < 0 ? nameEnd + 1 : close + 1;
        }
        int at = nameEnd;
        Value value = lookUp(chars.substring(0, nameEnd));
        boolean plain = true;
        if (at < chars.length() && chars.charAt(at) == '!') {
            if (at + 1 >= chars.length()) {
                throw PythonException.valueError("end of string while looking for conversion specifier");
            }
            value = convert(value, chars.charAt(at + 1));
            at += 2;
            plain = false;
            if (at < chars.length() && chars.charAt(at) != ':') {
                throw PythonException.valueError("expected ':' after conversion specifier");
            }
        }
        Text spec = at < chars.length() ? format(field.substring(at + 1, chars.length()), nesting - 1) : Text.EMPTY;
        Text shown = FormatSpec.format(value, spec);
        boolean safe = plain && value instanceof Text text && text.markup();
        return markup ? Html.escape(shown.asMarkup(safe)) : shown;
    }

    private static Value convert(Value value, char conversion) {
        switch (conversion) {
            case 's':
                return value.str();
            case 'r':
            case 'a':
                TextBuilder out = new TextBuilder();
                value.repr(out);
                return out.build();
            default:
                throw PythonException.valueError("Unknown conversion specifier '" + conversion + "'");
        }
    }

    /** {@code first(.name|[key])*}. */
    private Value lookUp(String name) {
        int at = 0;
        while (at < name.length() && name.charAt(at) != '.' && name.charAt(at) != '[') {
            at++;
        }
        Value value = first(name.substring(0, at));
        while (at < name.length()) {
            int end;
            if (name.charAt(at) == '.') {
                end = at + 1;
                while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
                    end++;
                }
                requireName(end > at + 1);
                value = attribute.apply(value, name.substring(at + 1, end));
            } else if (name.charAt(at) == '[') {
                int close = name.indexOf(']', at);
                requireName(close > at + 1);
                String key = name.substring(at + 1, close);
                value = item.apply(value, isNumber(key) ? Int.of(Long.parseLong(key)) : Text.own(key));
                end = close + 1;
            } else {
                throw PythonException.valueError("Only '.' or '[' may follow ']' in format field specifier");
            }
            at = end;
        }
        return value;
    }

    private static void requireName(boolean given) {
        if (!given) {
            throw PythonException.valueError("Empty attribute in format string");
        }
    }

    private Value first(String name) {
        if (!name.isEmpty() && !isNumber(name)) {
            Value named = args.named().get(name);
            if (named == null) {
                throw new PythonException(PythonException.Type.LOOKUP_ERROR, "KeyError: '" + name + "'");
            }
            return named;
        }
        boolean numbered = !name.isEmpty();
        if (numbered ? automatic > 0 : manual) {
            throw PythonException.valueError("cannot switch from "
                    + (numbered ? "automatic field numbering to manual" : "manual field specification to automatic")
                    + (numbered ? " field specification" : " field numbering"));
        }
        manual |= numbered;
        long index = numbered ? Long.parseLong(name) : automatic++;
        if (index >= args.positional().size()) {
            throw new PythonException(
                    PythonException.Type.LOOKUP_ERROR,
                    "IndexError: Replacement index " + index + " out of range for positional args tuple");
        }
        return args.positional().get((int) index);
    }

    private static boolean isNumber(String name) {
        return name.length() < 10 && !name.isEmpty() && name.chars().allMatch(unit -> unit >= '0' && unit <= '9');
    }
}
