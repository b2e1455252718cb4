package org.llmspell.engine.template.text;

import java.math.BigInteger;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/**
 * A specification of Python's format mini-language: {@code [[fill]align][sign][z][#][0][width][,_][.precision][type]}.
 *
 * @param fill the code point to fill with
 * @param align {@code <>=^}, or 0 for the type's own
 * @param zeros whether a zero before the width asks numbers to be filled between sign and digits
 * @param width −1 for none
 * @param grouping {@code ,} or {@code _}, or 0
 * @param precision −1 for none
 * @param type the type letter, or 0
 */
record FormatSpec(
        int fill,
        char align,
        boolean zeros,
        char sign,
        boolean alternate,
        int width,
        char grouping,
        int precision,
        char type) {

    static FormatSpec parse(String spec) {
        int at = 0;
        int fill = -1;
        char align = 0;
        int first = spec.isEmpty() ? 0 : Character.charCount(spec.codePointAt(0));
        if (spec.length() > first && "<>=^".indexOf(spec.charAt(first)) >= 0) {
            fill = spec.codePointAt(0);
            align = spec.charAt(first);
            at = first + 1;
        } else if (!spec.isEmpty() && "<>=^".indexOf(spec.charAt(0)) >= 0) {
            align = spec.charAt(0);
            at = 1;
        }
        char sign = 0;
        if (at < spec.length() && "+- ".indexOf(spec.charAt(at)) >= 0) {
            sign = spec.charAt(at++);
        }
        boolean alternate = at < spec.length() && spec.charAt(at) == '#';
        at += alternate ? 1 : 0;
        boolean zeros = fill < 0 && at < spec.length() && spec.charAt(at) == '0';
        if (zeros) {
            fill = '0';
            at++;
        }
        int widthEnd = digits(spec, at);
        int width = number(spec, at, widthEnd);
        at = widthEnd;
        char grouping = 0;
        if (at < spec.length() && (spec.charAt(at) == ',' || spec.charAt(at) == '_')) {
            grouping = spec.charAt(at++);
        }
        int precision = -1;
        if (at < spec.length() && spec.charAt(at) == '.') {
            int end = digits(spec, at + 1);
            precision = number(spec, at + 1, end);
            if (precision < 0) {
                throw PythonException.valueError("Format specifier missing precision");
            }
            at = end;
        }
        char type = at < spec.length() ? spec.charAt(at++) : 0;
        if (at < spec.length()) {
            throw PythonException.valueError("Invalid format specifier '" + spec + "'");
        }
        return new FormatSpec(
                fill < 0 ? ' ' : fill, align, zeros && align == 0, sign, alternate, width, grouping, precision, type);
    }

    private static int digits(String spec, int from) {
        int at = from;
        while (at < spec.length() && spec.charAt(at) >= '0' && spec.charAt(at) <= '9') {
            at++;
        }
        return at;
    }

    private static int number(String spec, int from, int to) {
        if (to - from > 9) {
            throw PythonException.valueError("Too many decimal digits in format string");
        }
        return from == to ? -1 : Limits.checkedText(Integer.parseInt(spec, from, to, 10));
    }

    /** {@code format(value, spec)}. */
    static Text format(Value value, Text spec) {
        if (!spec.truthy()) {
            return value.str();
        }
        FormatSpec parsed = parse(spec.chars());
        if (value instanceof Text text) {
            return parsed.text(text);
        }
        if (value instanceof Real real) {
            return parsed.real(real.value());
        }
        if (value instanceof Int integer) {
            return parsed.integer(integer);
        }
        if (value instanceof Bool bool) {
            // A bool with a specification formats as the integer it is.
            return parsed.type == 's' ? parsed.unknown("int") : parsed.integer(bool.toInt());
        }
        throw PythonException.typeError("unsupported format string passed to " + value.typeName() + ".__format__");
    }

    private Text unknown(String typeName) {
        throw PythonException.valueError("Unknown format code '" + type + "' for object of type '" + typeName + "'");
    }

    private Text text(Text value) {
        if (type != 0 && type != 's') {
            return unknown("str");
        }
        if (sign != 0 || align == '=' || grouping != 0 || alternate) {
            throw PythonException.valueError(
                    "Sign, '=' alignment, grouping and '#' are not allowed in string format specifier");
        }
        Text shown = precision >= 0 && precision < value.length() ? value.substring(0, value.offset(precision)) : value;
        return pad(shown.asMarkup(false), 0, '<');
    }

    private Text integer(Int value) {
        int radix;
        switch (type) {
            case 0:
            case 'd':
            case 'n':
                radix = 10;
                break;
            case 'b':
                radix = 2;
                break;
            case 'o':
                radix = 8;
                break;
            case 'x':
            case 'X':
                radix = 16;
                break;
            case 'c':
                return pad(Text.own(character(value)), 0, '<');
            case 'e':
            case 'E':
            case 'f':
            case 'F':
            case 'g':
            case 'G':
            case '%':
                return real(value.toDouble());
            default:
                return unknown("int");
        }
        if (precision >= 0) {
            throw PythonException.valueError("Precision not allowed in integer format specifier");
        }
        BigInteger magnitude = value.big().abs();
        String digits = radix == 10 ? Int.of(magnitude).digits() : magnitude.toString(radix);
        String prefix = alternate && radix != 10 ? "0" + type : "";
        return number(
                value.signum() < 0,
                prefix,
                type == 'X' ? digits.toUpperCase(java.util.Locale.ROOT) : digits,
                "",
                radix);
    }

    static String character(Int value) {
        if (!value.isSmall() || value.small() < 0 || value.small() > Character.MAX_CODE_POINT) {
            throw PythonException.overflow("%c arg not in range(0x110000)");
        }
        return Character.toString((int) value.small());
    }

    private Text real(double value) {
        if (type != 0 && "eEfFgG%n".indexOf(type) < 0) {
            return unknown("float");
        }
        String shown = FloatFormat.format(Math.abs(value), type, precision, alternate);
        boolean negative = value < 0 || (value == 0 && 1 / value < 0);
        int end = 0;
        while (end < shown.length() && shown.charAt(end) >= '0' && shown.charAt(end) <= '9') {
            end++;
        }
        return number(negative, "", shown.substring(0, end), shown.substring(end), 10);
    }

    private Text number(boolean negative, String prefix, String whole, String rest, int radix) {
        String signs = (negative ? "-" : sign == '+' ? "+" : sign == ' ' ? " " : "") + prefix;
        String digits = whole;
        if (grouping != 0) {
            int every = radix == 10 ? 3 : 4;
            int wanted = fill == '0' && (zeros || align == '=') ? width - signs.length() - rest.length() : 0;
            digits = grouped(whole, every, wanted);
        }
        return pad(Text.own(signs + digits + rest), signs.length(), zeros ? '=' : '>');
    }

    private String grouped(String whole, int every, int wanted) {
        StringBuilder out = new StringBuilder();
        int count = 0;
        for (int i = whole.length() - 1; i >= 0 || out.length() < wanted; i--) {
            if (count > 0 && count % every == 0) {
                out.append(grouping);
            }
            out.append(i >= 0 ? whole.charAt(i) : '0');
            count++;
        }
        return out.reverse().toString();
    }

    private Text pad(Text shown, int signLength, char ownAlign) {
        long missing = (long) width - shown.length();
        if (missing <= 0) {
            return shown;
        }
        Text filler = Text.own(Character.toString(fill));
        char side = align == 0 ? ownAlign : align;
        TextBuilder out = new TextBuilder();
        switch (side) {
            case '<':
                return out.append(shown).repeat(filler, missing).build();
            case '>':
                return out.repeat(filler, missing).append(shown).build();
            case '^':
                return out.repeat(filler, missing / 2)
                        .append(shown)
                        .repeat(filler, missing - missing / 2)
                        .build();
            default:
                return out.append(shown, 0, signLength)
                        .repeat(filler, missing)
                        .append(shown, signLength, shown.chars().length())
                        .build();
        }
    }
}
