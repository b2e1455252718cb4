package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.Ordering;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** The filters that compare items with one another, or add them up. */
final class Sorting {
    private Sorting() {}

    private static boolean flag(@Nullable Value value) {
        return value != null && value.truthy();
    }

    /** Sorts, and charges for the comparisons: as many as items, times the logarithm of that. */
    private static List<Value> sorted(Evaluation evaluation, List<Ordering.Keyed> items, boolean reverse) {
        int rounds = Integer.SIZE - Integer.numberOfLeadingZeros(items.size());
        long weight = 0;
        for (Ordering.Keyed item : items) {
            weight += item.key().weight();
        }
        evaluation.budget().charge(weight * rounds);
        return Ordering.sorted(items, reverse);
    }

    static Value sort(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("sort", 0, "reverse", "case_sensitive", "attribute");
        List<Lookup> lookups = Lookup.several(Filters.or(given[2], None.NONE), !flag(given[1]));
        List<Ordering.Keyed> items = new ArrayList<>();
        for (Value item : SequenceFilters.items(evaluation, value)) {
            List<Value> key = new ArrayList<>(lookups.size());
            lookups.forEach(lookup -> key.add(lookup.apply(item)));
            items.add(new Ordering.Keyed(Sequence.list(key), item));
        }
        return Sequence.list(sorted(evaluation, items, flag(given[0])));
    }

    static Value dictSort(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        String by = Filters.or(given[1], Text.own("key")).str().chars();
        if (!"key".equals(by) && !"value".equals(by)) {
            throw PythonException.typeError("You can only sort by either \"key\" or \"value\"");
        }
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!(value instanceof Dict dict)) {
            throw PythonException.typeError("'" + value.typeName() + "' object has no attribute 'items'");
        }
        Lookup plain = Lookup.of(None.NONE, null, !flag(given[0]));
        List<Ordering.Keyed> items = new ArrayList<>();
        for (Map.Entry<Value, Value> entry : dict.entries().entrySet()) {
            Value key = plain.apply("key".equals(by) ? entry.getKey() : entry.getValue());
            items.add(new Ordering.Keyed(key, Sequence.tuple(List.of(entry.getKey(), entry.getValue()))));
        }
        return Sequence.list(sorted(evaluation, items, flag(given[2])));
    }

    static Value groupBy(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("groupby", 1, "attribute", "default", "case_sensitive");
        Value attribute = Filters.or(given[0], None.NONE);
        Lookup lookup = Lookup.of(attribute, given[1], !flag(given[2]));
        Lookup shown = Lookup.of(attribute, given[1], false);
        List<Ordering.Keyed> items = new ArrayList<>();
        for (Value item : SequenceFilters.items(evaluation, value)) {
            items.add(new Ordering.Keyed(lookup.apply(item), item));
        }
        List<Value> groups = new ArrayList<>();
        List<Value> group = new ArrayList<>();
        Value key = null;
        for (Value item : sorted(evaluation, items, false)) {
            Value own = lookup.apply(item);
            if (key != null && !key.equals(own)) {
                groups.add(group(shown, group));
                group = new ArrayList<>();
            }
            key = own;
            group.add(item);
        }
        if (!group.isEmpty()) {
            groups.add(group(shown, group));
        }
        return Sequence.list(groups);
    }

    private static Value group(Lookup shown, List<Value> items) {
        return Sequence.namedTuple(
                List.of("grouper", "list"), List.of(shown.apply(items.get(0)), Sequence.list(items)));
    }

    static Value unique(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("unique", 0, "case_sensitive", "attribute");
        Lookup lookup = Lookup.of(Filters.or(given[1], None.NONE), null, !flag(given[0]));
        return Deferred.generator(value, () -> distinct(evaluation, value, lookup));
    }

    private static Iterator<Value> distinct(Evaluation evaluation, Value value, Lookup lookup) {
        Set<Value> seen = new HashSet<>();
        List<Value> kept = new ArrayList<>();
        for (Value item : SequenceFilters.items(evaluation, value)) {
            if (seen.add(Dict.requireHashable(lookup.apply(item)))) {
                kept.add(item);
            }
        }
        return kept.iterator();
    }

    /** {@code min} or {@code max}: the first item that comes before all others by {@code operator}. */
    static Value extreme(Evaluation evaluation, Value value, Args args, String operator) {
        @Nullable Value[] given = args.bind("<".equals(operator) ? "min" : "max", 0, "case_sensitive", "attribute");
        Lookup lookup = Lookup.of(Filters.or(given[1], None.NONE), null, !flag(given[0]));
        Iterator<Value> items = evaluation.iterate(value);
        if (!items.hasNext()) {
            return Undefined.because("No aggregated item, sequence was empty.");
        }
        Value best = items.next();
        Value bestKey = lookup.apply(best);
        while (items.hasNext()) {
            Value item = items.next();
            Value key = lookup.apply(item);
            evaluation.budget().charge(Math.min(key.weight(), bestKey.weight()));
            if (Ordering.holds(operator, key, bestKey)) {
                best = item;
                bestKey = key;
            }
        }
        return best;
    }

    static Value sum(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("sum", 0, "attribute", "start");
        Lookup lookup = Lookup.of(Filters.or(given[0], None.NONE), null, false);
        Value total = Filters.or(given[1], Int.of(0));
        if (total instanceof Text) {
            throw PythonException.typeError("sum() can't sum strings [use ''.join(seq) instead]");
        }
        Iterator<Value> items = evaluation.iterate(value);
        while (items.hasNext()) {
            total = evaluation.paid(Operators.binary("+", total, lookup.apply(items.next())));
        }
        return total;
    }
}
