package org.llmspell.engine.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * Makes a {@link Network} of a {@link Grammar}. Each part is compiled for what follows it, so that sequences need no nodes of
 * their own and a call at the end of a rule is seen as such. Parts that no text matches are left out.
 */
final class NetworkBuilder {
    /** More nodes than any grammar needs that is meant to be followed; each takes some 50 bytes. */
    static final int MOST_NODES = 400_000;

    static final int MOST_REPETITIONS = 100_000;

    /** Parts repeated more often than this, and not tiny, are compiled once and called. */
    private static final int COPIES = 3;

    private static final int DEAD = 2;

    private final Grammar grammar;
    private final ToIntFunction<Expr> tokens;
    private final Set<String> productive;
    private final List<Network.Node> nodes = new ArrayList<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Expr> bodies = new ArrayList<>();
    private final Map<Expr, Integer> repeated = new HashMap<>();

    private NetworkBuilder(Grammar grammar, ToIntFunction<Expr> tokens) {
        this.grammar = grammar;
        this.tokens = tokens;
        this.productive = RuleChecks.productive(grammar.rules());
        add(new Network.End());
        add(new Network.End());
        add(new Network.Bytes(new int[0], new int[0], new int[0]));
    }

    /**
     * The network of {@code grammar}.
     *
     * @param tokens gives the ids of {@link Expr.TokenId} and {@link Expr.TokenText}, or throws
     * @throws org.llmspell.engine.EngineException of kind {@code INVALID_OPTION} if the grammar is too large
     */
    static Network build(Grammar grammar, ToIntFunction<Expr> tokens) {
        NetworkBuilder builder = new NetworkBuilder(grammar, tokens);
        builder.rule(Grammar.ROOT);
        List<Integer> starts = new ArrayList<>();
        for (int i = 0; i < builder.bodies.size(); i++) { // grows as rules call others
            starts.add(builder.compile(builder.bodies.get(i), Network.RETURN));
        }
        return builder.classified(starts.stream().mapToInt(i -> i).toArray());
    }

    private int rule(String name) {
        return numbers.computeIfAbsent(name, n -> {
            bodies.add(grammar.rule(n));
            return bodies.size() - 1;
        });
    }

    private int add(Network.Node node) {
        if (nodes.size() >= MOST_NODES) {
            throw GrammarErrors.invalid("The grammar is too large: it needs more than " + MOST_NODES
                    + " states; use smaller repetition counts or lengths");
        }
        nodes.add(node);
        return nodes.size() - 1;
    }

    /** The node that reads {@code expr} and then goes on at {@code next}. */
    private int compile(Expr expr, int next) {
        if (next == DEAD) {
            return DEAD;
        }
        return switch (expr) {
            case Expr.Chars chars -> chars(chars.set(), next);
            case Expr.Literal literal -> literal(literal.text().getBytes(StandardCharsets.UTF_8), next);
            case Expr.Sequence sequence -> {
                int start = next;
                for (Expr part : sequence.parts().reversed()) {
                    start = compile(part, start);
                }
                yield start;
            }
            case Expr.Choice choice ->
                fork(choice.alternatives().stream()
                        .mapToInt(part -> compile(part, next))
                        .toArray());
            case Expr.Repeat repeat -> repeat(repeat, next);
            case Expr.Rule rule ->
                productive.contains(rule.name()) ? add(new Network.Call(rule(rule.name()), next)) : DEAD;
            case Expr.TokenId token -> add(new Network.Token(tokens.applyAsInt(token), token.negated(), next));
            case Expr.TokenText token -> add(new Network.Token(tokens.applyAsInt(token), token.negated(), next));
        };
    }

    private int fork(int... targets) {
        int[] live = java.util.Arrays.stream(targets)
                .filter(target -> target != DEAD)
                .distinct()
                .toArray();
        return live.length == 0 ? DEAD : live.length == 1 ? live[0] : add(new Network.Fork(live));
    }

    private int literal(byte[] bytes, int next) {
        int start = next;
        for (int i = bytes.length - 1; i >= 0; i--) {
            int value = bytes[i] & 0xFF;
            start = add(new Network.Bytes(new int[] {value}, new int[] {value}, new int[] {start}));
        }
        return start;
    }

    private int chars(CharSet set, int next) {
        return set.isEmpty() ? DEAD : sequences(Utf8Edges.sequences(set), next, new HashMap<>());
    }

    private int sequences(
            List<List<Utf8Edges.ByteRange>> sequences, int next, Map<List<List<Utf8Edges.ByteRange>>, Integer> known) {
        if (sequences.getFirst().isEmpty()) {
            return next;
        }
        Integer same = known.get(sequences);
        if (same != null) {
            return same;
        }
        Map<Utf8Edges.ByteRange, List<List<Utf8Edges.ByteRange>>> byFirst = new LinkedHashMap<>();
        for (List<Utf8Edges.ByteRange> sequence : sequences) {
            byFirst.computeIfAbsent(sequence.getFirst(), range -> new ArrayList<>())
                    .add(sequence.subList(1, sequence.size()));
        }
        int[] first = new int[byFirst.size()];
        int[] last = new int[first.length];
        int[] target = new int[first.length];
        int i = 0;
        for (Map.Entry<Utf8Edges.ByteRange, List<List<Utf8Edges.ByteRange>>> entry : byFirst.entrySet()) {
            first[i] = entry.getKey().first();
            last[i] = entry.getKey().last();
            target[i++] = sequences(entry.getValue(), next, known);
        }
        int node = add(new Network.Bytes(first, last, target));
        known.put(sequences, node);
        return node;
    }

    private int repeat(Expr.Repeat repeat, int next) {
        boolean unbounded = repeat.max() == Expr.Repeat.UNBOUNDED;
        int most = unbounded ? repeat.min() : repeat.max();
        if (most > MOST_REPETITIONS) {
            throw GrammarErrors.invalid("The grammar repeats something " + most + " times; at most " + MOST_REPETITIONS
                    + " times, or without a limit");
        }
        if (!RuleChecks.matchesSomething(repeat.part(), productive::contains)) {
            return repeat.min() == 0 ? next : DEAD;
        }
        Expr part = repeat.part();
        int called = most > COPIES && !isTiny(part) ? shared(part) : -1;
        int start = next;
        if (unbounded) {
            int loop = add(new Network.End()); // replaced once the body is known
            int body = compile(part, loop);
            nodes.set(loop, new Network.Fork(new int[] {body, next}));
            start = loop;
        } else {
            for (int i = repeat.min(); i < repeat.max(); i++) {
                start = fork(once(part, called, start), next);
            }
        }
        for (int i = 0; i < repeat.min(); i++) {
            start = once(part, called, start);
        }
        return start;
    }

    private int once(Expr part, int called, int next) {
        return called < 0 ? compile(part, next) : add(new Network.Call(called, next));
    }

    private static boolean isTiny(Expr part) {
        return part instanceof Expr.Rule
                || (part instanceof Expr.Chars chars
                        && chars.set()
                                .intersect(CharSet.range(0x80, Character.MAX_CODE_POINT))
                                .isEmpty());
    }

    private int shared(Expr part) {
        return repeated.computeIfAbsent(part, p -> {
            bodies.add(p);
            return bodies.size() - 1;
        });
    }

    /** Bytes that no node tells apart become one class, so that a state's table is small. */
    private Network classified(int[] starts) {
        BitSet borders = new BitSet(257);
        borders.set(0);
        for (Network.Node node : nodes) {
            if (node instanceof Network.Bytes bytes) {
                for (int i = 0; i < bytes.first().length; i++) {
                    borders.set(bytes.first()[i]);
                    borders.set(bytes.last()[i] + 1);
                }
            }
        }
        byte[] classes = new byte[256];
        int count = 0;
        for (int b = 0; b < 256; b++) {
            count += borders.get(b) ? 1 : 0;
            classes[b] = (byte) (count - 1);
        }
        for (Network.Node node : nodes) {
            if (node instanceof Network.Bytes bytes) {
                for (int i = 0; i < bytes.first().length; i++) {
                    bytes.first()[i] = classes[bytes.first()[i]] & 0xFF;
                    bytes.last()[i] = classes[bytes.last()[i]] & 0xFF;
                }
            }
        }
        return new Network(nodes, starts, classes, count);
    }
}
