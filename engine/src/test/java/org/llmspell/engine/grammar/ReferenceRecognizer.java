package org.llmspell.engine.grammar;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** The meaning of a grammar spelt out: which places of a text a part may end at, if it begins at a given place. Slow and plain. */
final class ReferenceRecognizer {
    private final Map<String, Expr> rules;
    private final int[] text;
    private final Map<String, BitSet> known = new HashMap<>();

    private ReferenceRecognizer(Grammar grammar, String text) {
        this.rules = grammar.rules();
        this.text = text.codePoints().toArray();
    }

    static boolean accepts(Grammar grammar, String text) {
        ReferenceRecognizer reference = new ReferenceRecognizer(grammar, text);
        return reference.ends(new Expr.Rule(Grammar.ROOT), 0).get(reference.text.length);
    }

    private BitSet ends(Expr expr, int from) {
        BitSet ends = new BitSet();
        switch (expr) {
            case Expr.Chars chars -> {
                if (from < text.length && chars.set().contains(text[from])) {
                    ends.set(from + 1);
                }
            }
            case Expr.Literal literal -> {
                int[] points = literal.text().codePoints().toArray();
                int end = from + points.length;
                if (end <= text.length && Arrays.equals(points, Arrays.copyOfRange(text, from, end))) {
                    ends.set(end);
                }
            }
            case Expr.Sequence sequence -> {
                BitSet now = new BitSet();
                now.set(from);
                for (Expr part : sequence.parts()) {
                    now = all(part, now);
                }
                ends.or(now);
            }
            case Expr.Choice choice -> choice.alternatives().forEach(part -> ends.or(ends(part, from)));
            case Expr.Repeat repeat -> {
                BitSet now = new BitSet();
                now.set(from);
                int rounds = repeat.max() == Expr.Repeat.UNBOUNDED ? repeat.min() + text.length + 1 : repeat.max();
                for (int i = 0; i <= rounds; i++) {
                    if (i >= repeat.min()) {
                        ends.or(now);
                    }
                    now = all(repeat.part(), now);
                }
            }
            case Expr.Rule rule -> {
                String key = rule.name() + "@" + from;
                BitSet before = known.get(key);
                if (before == null) {
                    before = ends(rules.get(rule.name()), from);
                    known.put(key, before);
                }
                ends.or(before);
            }
            default -> throw new IllegalArgumentException("tokens have no text");
        }
        return ends;
    }

    private BitSet all(Expr part, BitSet starts) {
        BitSet ends = new BitSet();
        starts.stream().forEach(start -> ends.or(ends(part, start)));
        return ends;
    }
}
