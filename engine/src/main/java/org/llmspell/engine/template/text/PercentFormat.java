package org.llmspell.engine.template.text;

import java.math.BigInteger;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.Numeric;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Range;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** Python's {@code %} on strings. One object formats one string. */
public final class PercentFormat {
    private final Text format;
    private final Value values;
    private final TextBuilder out = new TextBuilder();
    private int at;
    private int used;

    private String flags = "";
    private int width;
    private int precision;

    private PercentFormat(Text format, Value values) {
        this.format = format;
        this.values = values;
    }

    /** {@code format % values}: a tuple gives the values in order, a dict by name, anything else is the only value. */
    public static Text format(Text format, Value values) {
        return new PercentFormat(format, values).run();
    }

    private Text run() {
        String chars = format.chars();
        while (at < chars.length()) {
            int percent = chars.indexOf('%', at);
            if (percent < 0) {
                break;
            }
            out.append(format, at, percent);
            at = percent + 1;
            conversion(chars, percent);
        }
        out.append(format, at, chars.length());
        boolean tuple = values instanceof Sequence sequence && sequence.isTuple();
        // Python cannot tell whether what has items by key was meant as the one value or as values by name.
        boolean mapping = values instanceof Dict
                || values instanceof Range
                || values instanceof Undefined
                || (values instanceof Sequence && !tuple);
        if (tuple ? used < values.length() : used == 0 && !mapping) {
            throw PythonException.typeError("not all arguments converted during string formatting");
        }
        return out.build().asMarkup(format.markup());
    }

    private void conversion(String chars, int start) {
        Value named = name(chars);
        int flagsFrom = at;
        while (at < chars.length() && "#0- +".indexOf(chars.charAt(at)) >= 0) {
            at++;
        }
        flags = chars.substring(flagsFrom, at);
        width = size(chars);
        if (width < 0) {
            flags += "-";
            width = -width;
        }
        precision = -1;
        if (at < chars.length() && chars.charAt(at) == '.') {
            at++;
            precision = Math.max(0, size(chars));
        }
        while (at < chars.length() && "hlL".indexOf(chars.charAt(at)) >= 0) {
            at++;
        }
        if (at >= chars.length()) {
            throw PythonException.valueError("incomplete format");
        }
        char type = chars.charAt(at++);
        if (type == '%') {
            out.append("%", format.foreignAt(start));
            return;
        }
        convert(type, named != null ? named : next());
    }

    private @Nullable Value name(String chars) {
        if (at >= chars.length() || chars.charAt(at) != '(') {
            return null;
        }
        if (!(values instanceof Dict dict)) {
            throw PythonException.typeError("format requires a mapping");
        }
        int level = 1;
        int end = at + 1;
        for (; end < chars.length() && level > 0; end++) {
            level += chars.charAt(end) == '(' ? 1 : chars.charAt(end) == ')' ? -1 : 0;
        }
        if (level > 0) {
            throw PythonException.valueError("incomplete format key");
        }
        Text key = Text.own(chars.substring(at + 1, end - 1));
        at = end;
        Value value = dict.item(key);
        if (value == null) {
            throw new PythonException(PythonException.Type.LOOKUP_ERROR, "KeyError: '" + key + "'");
        }
        used++;
        return value;
    }

    private int size(String chars) {
        if (at < chars.length() && chars.charAt(at) == '*') {
            at++;
            if (!(next() instanceof Int integer)) {
                throw PythonException.typeError("* wants int");
            }
            int size = integer.clamped();
            Limits.checkedText(Math.abs((long) size));
            return size;
        }
        long size = 0;
        while (at < chars.length() && chars.charAt(at) >= '0' && chars.charAt(at) <= '9') {
            size = Limits.checkedText(size * 10 + chars.charAt(at++) - '0');
        }
        return (int) size;
    }

    private Value next() {
        if (values instanceof Sequence tuple && tuple.isTuple()) {
            if (used < tuple.length()) {
                return tuple.items().get(used++);
            }
        } else if (used++ == 0) {
            return values;
        }
        throw PythonException.typeError("not enough arguments for format string");
    }

    private void convert(char type, Value value) {
        switch (type) {
            case 's':
                text(value.str().asMarkup(value instanceof Text text && text.markup()));
                break;
            case 'r':
            case 'a':
                TextBuilder shown = new TextBuilder();
                value.repr(shown);
                text(shown.build());
                break;
            case 'c':
                text(character(value));
                break;
            case 'd':
            case 'i':
            case 'u':
                integer(truncated(value, type), 10, type);
                break;
            case 'x':
            case 'X':
                integer(whole(value, type), 16, type);
                break;
            case 'o':
                integer(whole(value, type), 8, type);
                break;
            case 'e':
            case 'E':
            case 'f':
            case 'F':
            case 'g':
            case 'G':
                real(value, type);
                break;
            default:
                throw PythonException.valueError("unsupported format character '" + type + "' (0x"
                        + Integer.toHexString(type) + ") at index " + format.codePointIndex(at - 1));
        }
    }

    private void text(Text value) {
        Text escaped = format.markup() ? Html.escape(value) : value;
        Text shown = precision >= 0 && precision < escaped.length()
                ? escaped.substring(0, escaped.offset(precision))
                : escaped;
        long missing = (long) width - shown.length();
        boolean left = flags.indexOf('-') >= 0;
        out.repeat(Text.own(" "), left ? 0 : missing).append(shown).repeat(Text.own(" "), left ? missing : 0);
    }

    private Text character(Value value) {
        if (value instanceof Text text && text.length() == 1) {
            return text;
        }
        if (value instanceof Int integer) {
            return Text.own(FormatSpec.character(integer));
        }
        throw PythonException.typeError("%c requires int or char");
    }

    private BigInteger truncated(Value value, char type) {
        return value instanceof Real real ? real.truncated().big() : whole(value, type);
    }

    private static BigInteger whole(Value value, char type) {
        if (value instanceof Int integer) {
            return integer.big();
        }
        if (value instanceof Bool bool) {
            return bool.toInt().big();
        }
        String wanted = type == 'd' || type == 'i' || type == 'u' ? "a real number" : "an integer";
        throw PythonException.typeError("%" + type + " format: " + wanted + " is required, not " + value.typeName());
    }

    private void integer(BigInteger value, int radix, char type) {
        BigInteger magnitude = value.abs();
        String digits = radix == 10 ? Int.of(magnitude).digits() : magnitude.toString(radix);
        if (type == 'X') {
            digits = digits.toUpperCase(Locale.ROOT);
        }
        if (precision > digits.length()) {
            digits = "0".repeat(precision - digits.length()) + digits;
        }
        String prefix = flags.indexOf('#') >= 0 && radix != 10 ? "0" + type : "";
        number(value.signum() < 0, prefix, digits, true);
    }

    private void real(Value value, char type) {
        if (!(value instanceof Numeric numeric)) {
            throw PythonException.typeError("must be real number, not " + value.typeName());
        }
        double number = numeric.toDouble();
        boolean negative = number < 0 || (number == 0 && 1 / number < 0);
        String shown = FloatFormat.format(Math.abs(number), type, precision, flags.indexOf('#') >= 0);
        number(negative, "", shown, Double.isFinite(number));
    }

    private void number(boolean negative, String prefix, String digits, boolean zeros) {
        String sign = negative ? "-" : flags.indexOf('+') >= 0 ? "+" : flags.indexOf(' ') >= 0 ? " " : "";
        String head = sign + prefix;
        long missing = (long) width - head.length() - digits.length();
        boolean left = flags.indexOf('-') >= 0;
        boolean zeroed = !left && flags.indexOf('0') >= 0 && zeros;
        out.repeat(Text.own(" "), left || zeroed ? 0 : missing)
                .append(head)
                .repeat(Text.own("0"), zeroed ? missing : 0)
                .append(digits)
                .repeat(Text.own(" "), left ? missing : 0);
    }
}
