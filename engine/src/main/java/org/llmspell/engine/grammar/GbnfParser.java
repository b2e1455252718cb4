package org.llmspell.engine.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.llmspell.engine.EngineException;

/**
 * Reads a grammar in llama.cpp's notation GBNF: rules {@code name ::= …} of literals, character classes, {@code .}, rule
 * names, groups, alternatives, repetitions and tokens ({@code <think>}, {@code <[1000]>}, negated with {@code !}). Source of
 * the notation: grammars/README.md of llama.cpp.
 */
final class GbnfParser {
    /** Longest text; the grammars that people write have a few thousand characters. */
    static final int LONGEST = 1_000_000;

    private static final int DEEPEST = 100;
    /** Repetitions of repetitions, such as {@code a*?}. */
    private static final int MOST_STACKED = 3;

    private final String text;
    private final Map<String, Expr> rules = new LinkedHashMap<>();
    private int at;
    private int depth;

    private GbnfParser(String text) {
        this.text = text;
    }

    /**
     * The rules in the order of the text.
     *
     * @throws EngineException of kind {@code INVALID_OPTION} with line and column if the text is no grammar
     */
    static Map<String, Expr> parse(String text) {
        if (text.length() > LONGEST) {
            throw GrammarErrors.invalid(
                    "The grammar has " + text.length() + " characters; at most " + LONGEST + " are read");
        }
        GbnfParser parser = new GbnfParser(text);
        parser.space(true);
        while (parser.at < text.length()) {
            parser.rule();
        }
        return parser.rules;
    }

    private void rule() {
        int start = at;
        String name = name();
        space(false);
        if (!text.startsWith("::=", at)) {
            throw expected("::= after the rule name " + GrammarErrors.quote(name));
        }
        at += 3;
        space(true);
        Expr body = alternatives(false);
        if (at < text.length() && peek() != '\n' && peek() != '\r') {
            throw expected("the end of the line, or more of the rule " + GrammarErrors.quote(name));
        }
        if (rules.putIfAbsent(name, body) != null) {
            at = start;
            throw problem("the rule " + GrammarErrors.quote(name) + " is defined twice");
        }
        space(true);
    }

    private Expr alternatives(boolean nested) {
        List<Expr> alternatives = new ArrayList<>();
        alternatives.add(sequence(nested));
        while (peek() == '|') {
            at++;
            space(true);
            alternatives.add(sequence(nested));
        }
        return alternatives.size() == 1 ? alternatives.getFirst() : new Expr.Choice(alternatives);
    }

    private Expr sequence(boolean nested) {
        List<Expr> parts = new ArrayList<>();
        int stacked = 0;
        while (true) {
            char next = peek();
            if (next == '*' || next == '+' || next == '?' || next == '{') {
                if (parts.isEmpty()) {
                    throw problem("nothing stands before '" + next + "' to be repeated");
                }
                if (++stacked > MOST_STACKED) {
                    throw problem("more than " + MOST_STACKED + " repetitions stand on top of each other");
                }
                parts.add(repetition(parts.removeLast(), nested));
            } else if (next == '"'
                    || next == '['
                    || next == '<'
                    || next == '!'
                    || next == '.'
                    || next == '('
                    || isWord(next)) {
                parts.add(item(next));
                stacked = 0;
            } else {
                return parts.size() == 1 ? parts.getFirst() : new Expr.Sequence(parts);
            }
            space(nested);
        }
    }

    private Expr item(char first) {
        return switch (first) {
            case '"' -> literal();
            case '[' -> characters();
            case '<', '!' -> token();
            case '.' -> {
                at++;
                yield new Expr.Chars(CharSet.ALL);
            }
            case '(' -> group();
            default -> new Expr.Rule(name());
        };
    }

    private Expr group() {
        if (++depth > DEEPEST) {
            throw problem("parentheses are nested more than " + DEEPEST + " deep");
        }
        at++;
        space(true);
        Expr inner = alternatives(true);
        if (peek() != ')') {
            throw expected("')'");
        }
        at++;
        depth--;
        return inner;
    }

    private Expr literal() {
        at++;
        StringBuilder literal = new StringBuilder();
        while (peek() != '"') {
            literal.appendCodePoint(character());
        }
        at++;
        return Expr.literal(literal.toString());
    }

    private Expr characters() {
        int start = at++;
        boolean negated = peek() == '^';
        at += negated ? 1 : 0;
        CharSet set = CharSet.NONE;
        boolean any = false;
        while (peek() != ']') {
            int from = at;
            int first = character();
            int last = first;
            if (peek() == '-' && at + 1 < text.length() && text.charAt(at + 1) != ']') {
                at++;
                last = character();
            }
            if (last < first) {
                at = from;
                throw problem("the range runs backwards");
            }
            set = set.union(CharSet.range(first, last));
            any = true;
        }
        at++;
        if (!any) {
            at = start;
            throw problem("the character class is empty");
        }
        return new Expr.Chars(negated ? set.complement() : set);
    }

    private Expr token() {
        boolean negated = peek() == '!';
        at += negated ? 1 : 0;
        int start = at;
        if (peek() != '<') {
            throw expected("'<' of a token");
        }
        at++;
        if (peek() == '[') {
            at++;
            int id = number();
            if (!text.startsWith("]>", at)) {
                throw expected("']>' after the number of the token");
            }
            at += 2;
            return new Expr.TokenId(id, negated);
        }
        int end = text.indexOf('>', at);
        if (end < 0) {
            throw expected("'>' at the end of the token");
        }
        at = end + 1;
        return new Expr.TokenText(text.substring(start, at), negated);
    }

    private Expr repetition(Expr part, boolean nested) {
        char kind = text.charAt(at++);
        if (kind != '{') {
            return new Expr.Repeat(part, kind == '+' ? 1 : 0, kind == '?' ? 1 : Expr.Repeat.UNBOUNDED);
        }
        int start = at - 1;
        space(nested);
        int min = number();
        space(nested);
        int max = min;
        if (peek() == ',') {
            at++;
            space(nested);
            max = isDigit(peek()) ? number() : Expr.Repeat.UNBOUNDED;
            space(nested);
        }
        if (peek() != '}') {
            throw expected("'}' after the number of repetitions");
        }
        at++;
        if (max != Expr.Repeat.UNBOUNDED && max < min) {
            at = start;
            throw problem("the repetition {" + min + "," + max + "} has its bounds the wrong way round");
        }
        return new Expr.Repeat(part, min, max);
    }

    private int character() {
        if (at >= text.length()) {
            throw problem("the grammar ends inside a literal or a character class");
        }
        int point = text.codePointAt(at);
        if (point != '\\') {
            at += Character.charCount(point);
            return point;
        }
        char escape = at + 1 < text.length() ? text.charAt(at + 1) : '\0';
        switch (escape) {
            case 'x':
                return hex(2);
            case 'u':
                return hex(4);
            case 'U':
                return hex(8);
            default:
        }
        int plain = "trn\\\"[]-".indexOf(escape);
        if (escape == '\0' || plain < 0) {
            throw problem(
                    "there is no such escape; known are \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\xXX \\uXXXX \\UXXXXXXXX");
        }
        at += 2;
        return "\t\r\n\\\"[]-".charAt(plain);
    }

    private int hex(int digits) {
        long value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = at + 2 + i < text.length() ? Character.digit(text.charAt(at + 2 + i), 16) : -1;
            if (digit < 0) {
                throw problem("the escape needs " + digits + " hexadecimal digits");
            }
            value = value << 4 | digit;
        }
        if (value > Character.MAX_CODE_POINT || (value >= 0xD800 && value <= 0xDFFF)) {
            throw problem("the escape names no character");
        }
        at += 2 + digits;
        return (int) value;
    }

    private int number() {
        int start = at;
        long value = 0;
        while (isDigit(peek())) {
            value = Math.min(Integer.MAX_VALUE + 1L, value * 10 + (text.charAt(at++) - '0'));
        }
        if (at == start) {
            throw expected("a number");
        }
        if (value > Integer.MAX_VALUE) {
            at = start;
            throw problem("the number is too large");
        }
        return (int) value;
    }

    private String name() {
        int start = at;
        while (isWord(peek())) {
            at++;
        }
        if (at == start) {
            throw expected("the name of a rule");
        }
        return text.substring(start, at);
    }

    private void space(boolean newlines) {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '#') {
                while (at < text.length() && text.charAt(at) != '\n' && text.charAt(at) != '\r') {
                    at++;
                }
            } else if (c == ' ' || c == '\t' || (newlines && (c == '\n' || c == '\r'))) {
                at++;
            } else {
                return;
            }
        }
    }

    /** The next character, or NUL at the end, which no notation begins with. */
    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isWord(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || isDigit(c);
    }

    private EngineException expected(String what) {
        String found = at >= text.length()
                ? "the end"
                : GrammarErrors.quote(text.substring(at, Math.min(text.length(), at + 20)));
        return problem(what + " is expected, not " + found);
    }

    private EngineException problem(String what) {
        int line = 1;
        int lineStart = 0;
        for (int i = 0; i < at && i < text.length(); i++) {
            if (text.charAt(i) == '\n') {
                line++;
                lineStart = i + 1;
            }
        }
        int column = text.codePointCount(lineStart, Math.min(at, text.length())) + 1;
        return GrammarErrors.invalid("The grammar is wrong at line " + line + ", column " + column + ": " + what);
    }
}
