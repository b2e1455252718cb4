package org.llmspell.engine.grammar;

import java.util.Random;

/** Random grammars in GBNF over a few characters, some of several bytes, and random texts that often nearly fit. */
final class RandomGrammars {
    private static final String[] LETTERS = {"a", "b", "c", "é", "日", "😀"};

    private final Random random;
    private int rules;

    RandomGrammars(long seed) {
        random = new Random(seed);
    }

    String next() {
        rules = 1 + random.nextInt(4);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rules; i++) {
            text.append(name(i)).append(" ::= ").append(alternatives(2)).append('\n');
        }
        return text.toString();
    }

    private static String name(int rule) {
        return rule == 0 ? "root" : "r" + rule;
    }

    private String alternatives(int depth) {
        StringBuilder text = new StringBuilder(sequence(depth));
        for (int i = random.nextInt(3); i > 0; i--) {
            text.append(" | ").append(sequence(depth));
        }
        return text.toString();
    }

    private String sequence(int depth) {
        StringBuilder text = new StringBuilder();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            text.append(item(depth)).append(repetition()).append(' ');
        }
        return text.toString();
    }

    private String item(int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0, 1 -> '"' + letter() + (random.nextBoolean() ? letter() : "") + '"';
            case 2 -> "[a-" + (random.nextBoolean() ? "b" : "é") + "]";
            case 3 -> "[^" + letter() + letter() + "]";
            case 4 -> rules > 1 ? name(1 + random.nextInt(rules - 1)) : "\"b\"";
            default -> "(" + alternatives(depth - 1) + ")";
        };
    }

    private String repetition() {
        return switch (random.nextInt(10)) {
            case 0 -> "*";
            case 1 -> "+";
            case 2 -> "?";
            case 3 -> "{2}";
            case 4 -> "{1,3}";
            default -> "";
        };
    }

    private String letter() {
        return LETTERS[random.nextInt(LETTERS.length)];
    }

    String text() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(7); i > 0; i--) {
            text.append(letter());
        }
        return text.toString();
    }
}
