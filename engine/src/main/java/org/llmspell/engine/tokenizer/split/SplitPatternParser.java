package org.llmspell.engine.tokenizer.split;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Compiles the regular expression of a {@link SplitPattern}, from left to right, in one pass. */
final class SplitPatternParser {
    private static final Node ACCEPT = new Node.Accept();

    private final int[] regex;
    private int at;
    private boolean anyCase;

    SplitPatternParser(String regex) {
        this.regex = regex.codePoints().toArray();
    }

    Node parse() {
        Node start = alternatives().apply(ACCEPT);
        if (at < regex.length) {
            throw unsupported();
        }
        return start;
    }

    /** Each part of a pattern is a function from the step after it to its own first step. */
    private UnaryOperator<Node> alternatives() {
        List<UnaryOperator<Node>> ways = new ArrayList<>();
        do {
            ways.add(sequence());
        } while (accept('|'));
        if (ways.size() == 1) {
            return ways.getFirst();
        }
        return next -> new Node.Choice(ways.stream().map(way -> way.apply(next)).toList());
    }

    private UnaryOperator<Node> sequence() {
        List<UnaryOperator<Node>> steps = new ArrayList<>();
        while (at < regex.length && regex[at] != '|' && regex[at] != ')') {
            steps.add(step());
        }
        return next -> {
            Node node = next;
            for (UnaryOperator<Node> step : steps.reversed()) {
                node = step.apply(node);
            }
            return node;
        };
    }

    private UnaryOperator<Node> step() {
        if (accept('(')) {
            return group();
        }
        if (accept('$')) {
            return Node.AtEnd::new;
        }
        CodePointSet set = single();
        int min = 1;
        int max = 1;
        if (accept('?')) {
            min = 0;
        } else if (accept('*')) {
            min = 0;
            max = Integer.MAX_VALUE;
        } else if (accept('+')) {
            max = Integer.MAX_VALUE;
        } else if (accept('{')) {
            min = number();
            max = accept(',') ? number() : min;
            expect('}');
        }
        int least = min;
        int most = max;
        return next -> new Node.Run(set, least, most, next);
    }

    private UnaryOperator<Node> group() {
        expect('?');
        if (accept('!')) {
            CodePointSet set = single();
            expect(')');
            return next -> new Node.NotFollowedBy(set, next);
        }
        boolean outer = anyCase;
        anyCase |= accept('i');
        expect(':');
        UnaryOperator<Node> body = alternatives();
        expect(')');
        anyCase = outer;
        if (accept('?')) {
            return next -> new Node.Choice(List.of(body.apply(next), next));
        }
        if (accept('*')) {
            return next -> new Node.Repeat(body.apply(ACCEPT), 0, next);
        }
        if (accept('+')) {
            return next -> new Node.Repeat(body.apply(ACCEPT), 1, next);
        }
        return body;
    }

    /** What stands for one code point: a class, an escape or a literal. */
    private CodePointSet single() {
        if (at >= regex.length) {
            throw unsupported();
        }
        CodePointSet.Builder set = new CodePointSet.Builder();
        if (accept('[')) {
            return charClass(set);
        }
        if (regex[at] == '\\') {
            int literal = escape(set);
            return literal < 0 ? set.build() : set.range(literal, literal).build();
        }
        if ("(){}?*+^.".indexOf(regex[at]) >= 0) {
            throw unsupported();
        }
        return literal(set, regex[at++]);
    }

    private CodePointSet literal(CodePointSet.Builder set, int codePoint) {
        set.range(codePoint, codePoint);
        if (anyCase) {
            // Unicode's simple case folding, as the reference engines do: ſ folds to s and the Kelvin sign to k.
            set.range(Character.toUpperCase(codePoint), Character.toUpperCase(codePoint));
            if (codePoint == 's') {
                set.range('ſ', 'ſ');
            } else if (codePoint == 'k') {
                set.range(0x212A, 0x212A);
            }
        }
        return set.build();
    }

    private CodePointSet charClass(CodePointSet.Builder set) {
        if (accept('^')) {
            set.negate();
        }
        while (!accept(']')) {
            if (at + 2 < regex.length && regex[at] == '&' && regex[at + 1] == '&' && regex[at + 2] == '[') {
                at += 3;
                set.intersect(charClass(new CodePointSet.Builder()));
                continue;
            }
            int first = classMember(set);
            if (first >= 0) {
                boolean range = at + 1 < regex.length && regex[at] == '-' && regex[at + 1] != ']';
                at += range ? 1 : 0;
                set.range(first, range ? classMember(set) : first);
            }
        }
        return set.build();
    }

    private int classMember(CodePointSet.Builder set) {
        if (at >= regex.length) {
            throw unsupported();
        }
        return regex[at] == '\\' ? escape(set) : regex[at++];
    }

    /** The escaped literal, or −1 if the escape named a class, which is then in {@code set}. */
    private int escape(CodePointSet.Builder set) {
        at++;
        int escaped = regex[at++];
        switch (escaped) {
            case 's' -> set.whitespace();
            case 'S' -> set.notWhitespace();
            case 'd' -> set.categories(CodePointSet.bits(Character.DECIMAL_DIGIT_NUMBER));
            case 'p' -> property(set);
            case 'r' -> {
                return '\r';
            }
            case 'n' -> {
                return '\n';
            }
            case 't' -> {
                return '\t';
            }
            default -> {
                if (Character.isLetterOrDigit(escaped)) {
                    throw unsupported();
                }
                return escaped;
            }
        }
        return -1;
    }

    private void property(CodePointSet.Builder set) {
        expect('{');
        int from = at;
        while (!accept('}')) {
            at++;
        }
        switch (new String(regex, from, at - 1 - from)) {
            case "L" -> set.categories(CodePointSet.LETTERS);
            case "M" -> set.categories(CodePointSet.MARKS);
            case "N" -> set.categories(CodePointSet.NUMBERS);
            case "P" -> set.categories(CodePointSet.PUNCTUATION);
            case "S" -> set.categories(CodePointSet.SYMBOLS);
            case "Lu" -> set.categories(CodePointSet.bits(Character.UPPERCASE_LETTER));
            case "Ll" -> set.categories(CodePointSet.bits(Character.LOWERCASE_LETTER));
            case "Lt" -> set.categories(CodePointSet.bits(Character.TITLECASE_LETTER));
            case "Lm" -> set.categories(CodePointSet.bits(Character.MODIFIER_LETTER));
            case "Lo" -> set.categories(CodePointSet.bits(Character.OTHER_LETTER));
            case "Han" -> set.han();
            default -> throw unsupported();
        }
    }

    private int number() {
        int from = at;
        int value = 0;
        while (at < regex.length && regex[at] >= '0' && regex[at] <= '9') {
            value = 10 * value + regex[at++] - '0';
        }
        if (at == from) {
            throw unsupported();
        }
        return value;
    }

    private boolean accept(int codePoint) {
        if (at < regex.length && regex[at] == codePoint) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(int codePoint) {
        if (!accept(codePoint)) {
            throw unsupported();
        }
    }

    private IllegalArgumentException unsupported() {
        return new IllegalArgumentException(
                "unsupported at " + at + " in pattern " + new String(regex, 0, regex.length));
    }
}
