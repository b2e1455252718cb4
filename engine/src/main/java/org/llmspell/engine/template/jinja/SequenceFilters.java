package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.DictView;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.OneShot;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Range;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Slices;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** The filters that look at a sequence as a whole. */
final class SequenceFilters {
    private SequenceFilters() {}

    static Value first(Evaluation evaluation, Value value, Args args) {
        args.plain("first", 0, 0);
        Iterator<Value> items = evaluation.iterate(value);
        return items.hasNext() ? items.next() : Undefined.because("No first item, sequence was empty.");
    }

    static Value last(Evaluation evaluation, Value value, Args args) {
        args.plain("last", 0, 0);
        List<Value> items = reversible(evaluation, value);
        if (items == null) {
            throw PythonException.typeError("'" + value.typeName() + "' object is not reversible");
        }
        return items.isEmpty() ? Undefined.because("No last item, sequence was empty.") : items.getLast();
    }

    /** The items of what Python can go through backwards; null for everything else. */
    private static @Nullable List<Value> reversible(Evaluation evaluation, Value value) {
        if (value instanceof Sequence sequence) {
            return sequence.items();
        }
        boolean reversible = value instanceof Text
                || value instanceof Dict
                || value instanceof DictView
                || value instanceof Range
                || value instanceof Undefined;
        return reversible ? items(evaluation, value) : null;
    }

    /** All items of a value, charged a step each. */
    static List<Value> items(Evaluation evaluation, Value value) {
        List<Value> items = new ArrayList<>();
        Iterator<Value> from = evaluation.iterate(value);
        while (from.hasNext()) {
            Limits.checkedItems(items.size() + 1L);
            items.add(from.next());
        }
        return items;
    }

    static Value length(Evaluation evaluation, Value value, Args args) {
        args.plain("length", 0, 0);
        int length = value.length();
        if (length < 0) {
            throw PythonException.typeError("object of type '" + value.typeName() + "' has no len()");
        }
        return Int.of(length);
    }

    static Value list(Evaluation evaluation, Value value, Args args) {
        args.plain("list", 0, 0);
        return Sequence.list(items(evaluation, value));
    }

    static Value reverse(Evaluation evaluation, Value value, Args args) {
        args.plain("reverse", 0, 0);
        if (value instanceof Text text) {
            return Slices.slice(text, None.NONE, None.NONE, Int.of(-1));
        }
        List<Value> items = reversible(evaluation, value);
        if (items != null) {
            return new OneShot(
                    reverseIteratorName(value), value, items.reversed().iterator());
        }
        if (value.iterate() == null) {
            throw PythonException.typeError("argument must be iterable");
        }
        return Sequence.list(new ArrayList<>(items(evaluation, value).reversed()));
    }

    private static String reverseIteratorName(Value value) {
        if (value instanceof Sequence sequence) {
            return sequence.isTuple() ? "reversed" : "list_reverseiterator";
        }
        return value instanceof Dict ? "dict_reversekeyiterator" : "reversed";
    }

    static Value join(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("join", 0, "d", "attribute");
        Text separator = Filters.or(given[0], Text.EMPTY).str();
        Lookup attribute = Lookup.of(Filters.or(given[1], None.NONE), null, false);
        Iterator<Value> items = evaluation.iterate(value);
        TextBuilder out = new TextBuilder();
        for (boolean first = true; items.hasNext(); first = false) {
            if (!first) {
                out.append(separator);
            }
            out.append(attribute.apply(items.next()).str());
        }
        return out.build();
    }
}
