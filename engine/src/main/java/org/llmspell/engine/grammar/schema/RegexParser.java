package org.llmspell.engine.grammar.schema;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.CharSet;
import org.llmspell.engine.grammar.Expr;
import org.llmspell.engine.grammar.GrammarErrors;

/**
 * Reads the regular part of ECMA-262's expressions, as {@code pattern} has them, into the JSON strings that they match: literals,
 * classes, {@code . \d \w \s}, groups, alternatives, quantifiers, and {@code ^} and {@code $} around a whole alternative. What
 * looks around or back is refused. Characters are written as {@link JsonForms#character(CharSet)} writes them.
 */
final class RegexParser {
    private static final int LONGEST = 10_000;
    private static final int DEEPEST = 50;
    private static final CharSet DIGITS = CharSet.range('0', '9');
    private static final CharSet WORDS =
            DIGITS.union(CharSet.range('a', 'z')).union(CharSet.range('A', 'Z')).union(CharSet.of("_"));
    private static final CharSet LINE_ENDS = CharSet.of("\n\r\u2028\u2029");
    private static final CharSet SPACES = LINE_ENDS
            .union(CharSet.of("\t\u000B\f \u00A0\uFEFF\u1680\u202F\u205F\u3000"))
            .union(CharSet.range(0x2000, 0x200A));

    private final String pattern;
    private final String path;
    private int at;
    private int depth;

    private RegexParser(String pattern, String path) {
        this.pattern = pattern;
        this.path = path;
    }

    /**
     * The insides of the strings in which {@code pattern} is found.
     *
     * @param path where the pattern is, for the message
     * @throws EngineException of kind {@code INVALID_OPTION} if it is not regular, wrong or too long
     */
    static Expr parse(String pattern, String path) {
        if (pattern.length() > LONGEST) {
            throw GrammarErrors.invalid("The JSON Schema's " + path + " has " + pattern.length()
                    + " characters; at most " + LONGEST + " are supported");
        }
        RegexParser parser = new RegexParser(pattern, path);
        Expr anything = Expr.any(JsonForms.character(CharSet.ALL));
        List<Expr> alternatives = new ArrayList<>();
        do {
            parser.at += alternatives.isEmpty() ? 0 : 1;
            boolean fromStart = parser.skip('^');
            Expr middle = parser.sequence();
            boolean toEnd = parser.skip('$');
            alternatives.add(Expr.sequence(fromStart ? Expr.EMPTY : anything, middle, toEnd ? Expr.EMPTY : anything));
        } while (parser.peek() == '|');
        if (parser.at < pattern.length()) {
            throw parser.problem(parser.peek() == ')' ? "no group is open" : "nothing may follow here");
        }
        return alternatives.size() == 1 ? alternatives.getFirst() : new Expr.Choice(alternatives);
    }

    private Expr sequence() {
        List<Expr> parts = new ArrayList<>();
        while (at < pattern.length() && "|)$".indexOf(peek()) < 0) {
            parts.add(quantified(atom()));
        }
        return new Expr.Sequence(parts);
    }

    private Expr atom() {
        char first = peek();
        if (first == '(') {
            return group();
        }
        if ("*+?{".indexOf(first) >= 0) {
            throw problem("nothing stands before the quantifier");
        }
        if (first == '^') {
            throw problem("^ is supported at the beginning of an alternative alone");
        }
        return JsonForms.character(set());
    }

    private Expr group() {
        if (++depth > DEEPEST) {
            throw problem("groups are nested more than " + DEEPEST + " deep");
        }
        at++;
        if (skip('?') && !skip(':')) {
            throw problem("of the groups that begin with (? only (?: is supported");
        }
        List<Expr> alternatives = new ArrayList<>(List.of(sequence()));
        while (skip('|')) {
            alternatives.add(sequence());
        }
        if (peek() == '$') {
            throw problem("$ is supported at the end of an alternative of the whole pattern alone");
        }
        if (!skip(')')) {
            throw problem("a group is not closed");
        }
        depth--;
        return new Expr.Choice(alternatives);
    }

    private Expr quantified(Expr atom) {
        int min;
        int max;
        if (skip('*')) {
            min = 0;
            max = Expr.Repeat.UNBOUNDED;
        } else if (skip('+')) {
            min = 1;
            max = Expr.Repeat.UNBOUNDED;
        } else if (skip('?')) {
            min = 0;
            max = 1;
        } else if (skip('{')) {
            min = number();
            max = min;
            if (skip(',')) {
                max = peek() == '}' ? Expr.Repeat.UNBOUNDED : number();
            }
            if (!skip('}') || (max != Expr.Repeat.UNBOUNDED && max < min)) {
                throw problem("a quantifier has the form {m}, {m,} or {m,n}");
            }
        } else {
            return atom;
        }
        skip('?'); // a lazy quantifier finds the same texts
        if ("*+?{".indexOf(peek()) >= 0 && at < pattern.length()) {
            throw problem("two quantifiers stand one after the other");
        }
        return Expr.repeat(atom, min, max);
    }

    private CharSet set() {
        char first = peek();
        if (first == '[') {
            return bracketed();
        }
        if (first == '.') {
            at++;
            return CharSet.ALL.minus(LINE_ENDS);
        }
        return first == '\\' ? escaped() : one();
    }

    private CharSet bracketed() {
        int start = at++;
        boolean negated = skip('^');
        CharSet all = CharSet.NONE;
        while (!skip(']')) {
            if (at >= pattern.length()) {
                at = start;
                throw problem("a class is not closed");
            }
            CharSet from = peek() == '\\' ? escaped() : one();
            if (peek() == '-' && at + 1 < pattern.length() && pattern.charAt(at + 1) != ']') {
                at++;
                CharSet to = peek() == '\\' ? escaped() : one();
                from = between(from, to);
            }
            all = all.union(from);
        }
        return negated ? all.complement() : all;
    }

    private CharSet between(CharSet from, CharSet to) {
        int[] first = from.ranges();
        int[] last = to.ranges();
        if (first.length != 2 || first[0] != first[1] || last.length != 2 || last[0] != last[1] || first[0] > last[0]) {
            throw problem("a range of a class is not from one character to a later one");
        }
        return CharSet.range(first[0], last[0]);
    }

    private CharSet one() {
        int point = pattern.codePointAt(at);
        at += Character.charCount(point);
        return CharSet.range(point, point);
    }

    private CharSet escaped() {
        at++;
        char kind = peek();
        at++;
        return switch (kind) {
            case 'd' -> DIGITS;
            case 'D' -> DIGITS.complement();
            case 'w' -> WORDS;
            case 'W' -> WORDS.complement();
            case 's' -> SPACES;
            case 'S' -> SPACES.complement();
            case 't' -> CharSet.of("\t");
            case 'n' -> CharSet.of("\n");
            case 'r' -> CharSet.of("\r");
            case 'f' -> CharSet.of("\f");
            case 'v' -> CharSet.of("\u000B");
            case '0' -> CharSet.range(0, 0);
            case 'x' -> hex(2);
            case 'u' -> unicode();
            default -> {
                if ("^$\\.*+?()[]{}|/-\"'#&,:;<=>@_`~!% ".indexOf(kind) < 0 || at > pattern.length()) {
                    at--;
                    throw problem("this escape is not supported");
                }
                yield CharSet.range(kind, kind);
            }
        };
    }

    private CharSet unicode() {
        if (!skip('{')) {
            CharSet unit = hexUnits();
            return unit;
        }
        int end = pattern.indexOf('}', at);
        int digits = end - at;
        if (end < 0 || digits < 1 || digits > 6) {
            throw problem("\\u{ needs one to six hexadecimal digits and }");
        }
        CharSet point = hex(digits);
        at++;
        return point;
    }

    /** Four digits, or two times four that are a pair of surrogates. */
    private CharSet hexUnits() {
        int high = hexValue(4);
        if (Character.isHighSurrogate((char) high) && pattern.startsWith("\\u", at)) {
            at += 2;
            int low = hexValue(4);
            if (Character.isLowSurrogate((char) low)) {
                int point = Character.toCodePoint((char) high, (char) low);
                return CharSet.range(point, point);
            }
        }
        if (Character.isSurrogate((char) high)) {
            throw problem("half a pair of surrogates is no character");
        }
        return CharSet.range(high, high);
    }

    private CharSet hex(int digits) {
        int point = hexValue(digits);
        return CharSet.range(point, point);
    }

    private int hexValue(int digits) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = at < pattern.length() ? Character.digit(pattern.charAt(at), 16) : -1;
            if (digit < 0) {
                throw problem("hexadecimal digits are missing");
            }
            value = value << 4 | digit;
            at++;
        }
        return value;
    }

    private int number() {
        int start = at;
        long value = 0;
        while (peek() >= '0' && peek() <= '9') {
            value = Math.min(Integer.MAX_VALUE, value * 10 + (pattern.charAt(at++) - '0'));
        }
        if (at == start) {
            throw problem("a quantifier has the form {m}, {m,} or {m,n}");
        }
        return (int) value;
    }

    private char peek() {
        return at < pattern.length() ? pattern.charAt(at) : '\0';
    }

    private boolean skip(char c) {
        boolean there = at < pattern.length() && pattern.charAt(at) == c;
        at += there ? 1 : 0;
        return there;
    }

    private EngineException problem(String what) {
        return GrammarErrors.invalid("The JSON Schema's " + path + " cannot be used: " + what + ", at character "
                + (at + 1) + " of " + GrammarErrors.quote(pattern));
    }
}
