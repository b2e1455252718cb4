package org.llmspell.engine.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Refuses rules that cannot be followed: missing ones, left-recursive ones, and a root that no text can satisfy. */
final class RuleChecks {
    private static final int MOST = 20_000;

    private final Map<String, Expr> rules;
    private final Set<String> nullable;

    private RuleChecks(Map<String, Expr> rules) {
        this.rules = rules;
        this.nullable = fixpoint(RuleChecks::matchesEmpty);
    }

    static void check(Map<String, Expr> rules) {
        if (rules.size() > MOST) {
            throw GrammarErrors.invalid("The grammar has " + rules.size() + " rules; at most " + MOST + " are allowed");
        }
        if (!rules.containsKey(Grammar.ROOT)) {
            throw GrammarErrors.invalid("The grammar has no rule \"root\", which stands for the whole reply");
        }
        rules.forEach((name, body) -> requireDefined(rules, name, body));
        RuleChecks checks = new RuleChecks(rules);
        checks.refuseLeftRecursion();
        if (!productive(rules).contains(Grammar.ROOT)) {
            throw GrammarErrors.invalid(
                    "The grammar or schema can never be satisfied: there is no text that matches it to its end");
        }
    }

    /** The rules that some text matches. */
    static Set<String> productive(Map<String, Expr> rules) {
        return new RuleChecks(rules).fixpoint(RuleChecks::matchesSomething);
    }

    private static void requireDefined(Map<String, Expr> rules, String name, Expr expr) {
        switch (expr) {
            case Expr.Rule rule -> {
                if (!rules.containsKey(rule.name())) {
                    throw GrammarErrors.invalid("The grammar's rule " + GrammarErrors.quote(name) + " uses "
                            + GrammarErrors.quote(rule.name()) + ", which is not defined");
                }
            }
            case Expr.Sequence sequence -> sequence.parts().forEach(part -> requireDefined(rules, name, part));
            case Expr.Choice choice -> choice.alternatives().forEach(part -> requireDefined(rules, name, part));
            case Expr.Repeat repeat -> requireDefined(rules, name, repeat.part());
            case Expr.Chars chars -> {}
            case Expr.Literal literal -> {}
            case Expr.TokenId token -> {}
            case Expr.TokenText token -> {}
        }
    }

    private interface Property {
        boolean holds(Expr expr, Predicate<String> ofRule);
    }

    /** The rules that have a property which follows from that of others; work in proportion to the grammar's size. */
    private Set<String> fixpoint(Property property) {
        Map<String, List<String>> users = new HashMap<>();
        rules.forEach((name, body) -> used(body, new HashSet<>())
                .forEach(other ->
                        users.computeIfAbsent(other, o -> new ArrayList<>()).add(name)));
        Set<String> found = new HashSet<>();
        Deque<String> todo = new ArrayDeque<>(rules.keySet());
        while (!todo.isEmpty()) {
            String name = todo.remove();
            Expr body = rules.get(name);
            if (body != null && !found.contains(name) && property.holds(body, found::contains)) {
                found.add(name);
                todo.addAll(users.getOrDefault(name, List.of()));
            }
        }
        return found;
    }

    private static Set<String> used(Expr expr, Set<String> into) {
        switch (expr) {
            case Expr.Rule rule -> into.add(rule.name());
            case Expr.Sequence sequence -> sequence.parts().forEach(part -> used(part, into));
            case Expr.Choice choice -> choice.alternatives().forEach(part -> used(part, into));
            case Expr.Repeat repeat -> used(repeat.part(), into);
            case Expr.Chars chars -> {}
            case Expr.Literal literal -> {}
            case Expr.TokenId token -> {}
            case Expr.TokenText token -> {}
        }
        return into;
    }

    private static boolean matchesEmpty(Expr expr, Predicate<String> rule) {
        return switch (expr) {
            case Expr.Rule other -> rule.test(other.name());
            case Expr.Sequence sequence -> sequence.parts().stream().allMatch(part -> matchesEmpty(part, rule));
            case Expr.Choice choice -> choice.alternatives().stream().anyMatch(part -> matchesEmpty(part, rule));
            case Expr.Repeat repeat -> repeat.min() == 0 || matchesEmpty(repeat.part(), rule);
            case Expr.Chars chars -> false;
            case Expr.Literal literal -> literal.text().isEmpty();
            case Expr.TokenId token -> false;
            case Expr.TokenText token -> false;
        };
    }

    /** Whether some text matches {@code expr} if {@code rule} says so of rules. */
    static boolean matchesSomething(Expr expr, Predicate<String> rule) {
        return switch (expr) {
            case Expr.Rule other -> rule.test(other.name());
            case Expr.Sequence sequence -> sequence.parts().stream().allMatch(part -> matchesSomething(part, rule));
            case Expr.Choice choice -> choice.alternatives().stream().anyMatch(part -> matchesSomething(part, rule));
            case Expr.Repeat repeat -> repeat.min() == 0 || matchesSomething(repeat.part(), rule);
            case Expr.Chars chars -> !chars.set().isEmpty();
            case Expr.Literal literal -> true;
            case Expr.TokenId token -> true;
            case Expr.TokenText token -> true;
        };
    }

    /** Depth-first over who begins with whom, with a list in place of recursion: chains of rules may be long. */
    private void refuseLeftRecursion() {
        Set<String> done = new HashSet<>();
        for (String start : rules.keySet()) {
            Deque<String> path = new ArrayDeque<>();
            Deque<Iterator<String>> rest = new ArrayDeque<>();
            Set<String> onPath = new HashSet<>();
            enter(start, done, path, rest, onPath);
            while (!path.isEmpty()) {
                if (!rest.getLast().hasNext()) {
                    rest.removeLast();
                    String left = path.removeLast();
                    onPath.remove(left);
                    done.add(left);
                    continue;
                }
                String next = rest.getLast().next();
                if (onPath.contains(next)) {
                    throw GrammarErrors.invalid("The grammar's rule " + GrammarErrors.quote(next)
                            + " is left-recursive: it begins with itself, so it could go on for ever without a character;"
                            + " write it with * or + instead");
                }
                enter(next, done, path, rest, onPath);
            }
        }
    }

    private void enter(
            String name, Set<String> done, Deque<String> path, Deque<Iterator<String>> rest, Set<String> onPath) {
        Expr body = rules.get(name);
        if (body != null && !done.contains(name)) {
            Set<String> first = new HashSet<>();
            beginnings(body, first);
            path.addLast(name);
            onPath.add(name);
            rest.addLast(first.iterator());
        }
    }

    /** Adds the rules that {@code expr} may begin with; whether it may be empty. */
    private boolean beginnings(Expr expr, Set<String> into) {
        switch (expr) {
            case Expr.Rule rule -> into.add(rule.name());
            case Expr.Sequence sequence -> {
                for (Expr part : sequence.parts()) {
                    if (!beginnings(part, into)) {
                        return false;
                    }
                }
                return true;
            }
            case Expr.Choice choice -> choice.alternatives().forEach(part -> beginnings(part, into));
            case Expr.Repeat repeat -> beginnings(repeat.part(), into);
            case Expr.Chars chars -> {}
            case Expr.Literal literal -> {}
            case Expr.TokenId token -> {}
            case Expr.TokenText token -> {}
        }
        return matchesEmpty(expr, nullable::contains);
    }
}
