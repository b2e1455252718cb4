package org.llmspell.engine.template.jinja;

import org.llmspell.engine.template.value.Characters;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Value;

/** Cuts the inside of tags into names, literals and operators, and watches that brackets match. */
final class ExpressionLexer {
    private final String source;
    /** The closing brackets that are awaited, innermost last. */
    private final StringBuilder open = new StringBuilder();

    private int end;

    ExpressionLexer(String source) {
        this.source = source;
    }

    /** Whether no bracket is open, so that the tag may end. */
    boolean balanced() {
        return open.isEmpty();
    }

    /** Where the token last returned ends. */
    int end() {
        return end;
    }

    /** The token at {@code at}, which is neither white space nor the end. */
    Token next(int at, int line) {
        char unit = source.charAt(at);
        if (isDigit(at)) {
            return number(at, line);
        }
        if (Characters.isWord(source.codePointAt(at))) {
            return name(at, line);
        }
        if (unit == '\'' || unit == '"') {
            return string(at, unit, line);
        }
        return operator(at, line);
    }

    private boolean isDigit(int index) {
        return index < source.length() && source.charAt(index) >= '0' && source.charAt(index) <= '9';
    }

    private Token name(int at, int line) {
        int to = at;
        boolean valid = true;
        while (to < source.length() && Characters.isWord(source.codePointAt(to))) {
            valid &= Characters.isIdentifier(source.codePointAt(to), to == at);
            to += Character.charCount(source.codePointAt(to));
        }
        if (!valid) {
            throw new SyntaxException("Invalid character in identifier", line);
        }
        end = to;
        return new Token(Token.Kind.NAME, source.substring(at, to), None.NONE, line);
    }

    private Token string(int at, char quote, int line) {
        for (int i = at + 1; i < source.length(); i++) {
            char unit = source.charAt(i);
            if (unit == '\\') {
                i++;
            } else if (unit == quote) {
                end = i + 1;
                return new Token(Token.Kind.STRING, "", Lexer.unescaped(source.substring(at + 1, i), line), line);
            }
        }
        throw new SyntaxException("the string that starts here has no end", line);
    }

    private Token number(int at, int line) {
        int real = at > 0 && source.charAt(at - 1) == '.' ? -1 : realEnd(at);
        Value value;
        if (real >= 0) {
            end = real;
            value = new Real(Double.parseDouble(source.substring(at, real).replace("_", "")));
        } else {
            value = integer(at);
        }
        return new Token(Token.Kind.LITERAL, "", value, line);
    }

    /** The end of a float literal at {@code at}; −1 if there is none. */
    private int realEnd(int at) {
        int to = digits(at, 10, true);
        boolean real = false;
        if (to < source.length() && source.charAt(to) == '.' && isDigit(to + 1)) {
            to = digits(to + 1, 10, true);
            real = true;
        }
        if (to < source.length() && (source.charAt(to) == 'e' || source.charAt(to) == 'E')) {
            int exponent = to + 1;
            if (exponent < source.length() && "+-".indexOf(source.charAt(exponent)) >= 0) {
                exponent++;
            }
            if (isDigit(exponent)) {
                to = digits(exponent, 10, true);
                real = true;
            }
        }
        return real ? to : -1;
    }

    private Value integer(int at) {
        if (source.charAt(at) == '0' && at + 1 < source.length()) {
            int letter = "bBoOxX".indexOf(source.charAt(at + 1));
            int radix = letter < 0 ? 10 : letter < 2 ? 2 : letter < 4 ? 8 : 16;
            int to = letter < 0 ? at : digits(at + 2, radix, false);
            if (letter >= 0 && to > at + 2) {
                end = to;
                return Int.parse(source.substring(at + 2, to).replace("_", ""), radix);
            }
            // Only zeros may follow a zero.
            end = at + 1;
            while (end < source.length()
                    && (source.charAt(end) == '0' || (source.charAt(end) == '_' && source.startsWith("_0", end)))) {
                end++;
            }
            return Int.of(0);
        }
        end = digits(at, 10, true);
        String digits = source.substring(at, end).replace("_", "");
        if (digits.length() > 4300) {
            throw PythonException.valueError("Exceeds the limit (4300 digits) for integer string conversion");
        }
        return Int.parse(digits, 10);
    }

    /** The end of the digits from {@code from} on, with single underscores between them, or also before the first. */
    private int digits(int from, int radix, boolean digitFirst) {
        int to = from;
        while (to < source.length()) {
            boolean underscore = source.charAt(to) == '_' && (to > from || !digitFirst);
            int digit = underscore ? to + 1 : to;
            if (digit >= source.length()
                    || source.charAt(digit) >= 0x80
                    || Character.digit(source.charAt(digit), radix) < 0) {
                break;
            }
            to = digit + 1;
        }
        return to;
    }

    private Token operator(int at, int line) {
        int length = operatorLength(at);
        if (length == 0) {
            throw new SyntaxException(
                    "unexpected char '" + Character.toString(source.codePointAt(at)) + "' at " + at, line);
        }
        String operator = source.substring(at, at + length);
        switch (operator) {
            case "(":
                open.append(')');
                break;
            case "[":
                open.append(']');
                break;
            case "{":
                open.append('}');
                break;
            case ")":
            case "]":
            case "}":
                close(operator.charAt(0), line);
                break;
            default:
                break;
        }
        end = at + length;
        return new Token(Token.Kind.OPERATOR, operator, None.NONE, line);
    }

    private int operatorLength(int at) {
        char unit = source.charAt(at);
        char next = at + 1 < source.length() ? source.charAt(at + 1) : 0;
        switch (unit) {
            case '/':
            case '*':
                return next == unit ? 2 : 1;
            case '=':
            case '<':
            case '>':
                return next == '=' ? 2 : 1;
            case '!':
                return next == '=' ? 2 : 0;
            default:
                return "+-%~[](){}.:|,;".indexOf(unit) >= 0 ? 1 : 0;
        }
    }

    private void close(char bracket, int line) {
        int last = open.length() - 1;
        if (last < 0) {
            throw new SyntaxException("unexpected '" + bracket + "'", line);
        }
        if (open.charAt(last) != bracket) {
            throw new SyntaxException("unexpected '" + bracket + "', expected '" + open.charAt(last) + "'", line);
        }
        open.setLength(last);
    }
}
