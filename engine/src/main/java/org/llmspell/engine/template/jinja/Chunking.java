package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.Padding;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Value;

/** The filters that share out items over lists: {@code batch} and {@code slice}. */
final class Chunking {
    private Chunking() {}

    /** Lists of {@code linecount} items each, the last filled up where there is a filler. */
    static Value batch(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("batch", 1, "linecount", "fill_with");
        int size = Padding.integer(Filters.or(given[0], None.NONE));
        Value filler = Filters.or(given[1], None.NONE);
        return Deferred.generator(value, () -> batches(evaluation, value, size, filler));
    }

    private static Iterator<Value> batches(Evaluation evaluation, Value value, int size, Value filler) {
        Iterator<Value> items = evaluation.iterate(value);
        List<Value> batches = new ArrayList<>();
        List<Value> batch = new ArrayList<>();
        while (items.hasNext()) {
            Value item = items.next();
            if (batch.size() == size) {
                batches.add(Sequence.list(batch));
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            if (filler != None.NONE && batch.size() < size) {
                evaluation.budget().charge(Limits.checkedItems(size));
                while (batch.size() < size) {
                    batch.add(filler);
                }
            }
            batches.add(Sequence.list(batch));
        }
        return batches.iterator();
    }

    /** {@code slices} lists of about equal length, the shorter ones filled up where there is a filler. */
    static Value slice(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("slice", 1, "slices", "fill_with");
        int slices = Padding.integer(Filters.or(given[0], None.NONE));
        Value filler = Filters.or(given[1], None.NONE);
        return Deferred.generator(value, () -> slices(evaluation, value, slices, filler));
    }

    private static Iterator<Value> slices(Evaluation evaluation, Value value, int slices, Value filler) {
        List<Value> items = SequenceFilters.items(evaluation, value);
        if (slices == 0) {
            throw new PythonException(PythonException.Type.ZERO_DIVISION_ERROR, "integer division or modulo by zero");
        }
        evaluation.budget().charge(Math.max(0, slices));
        List<Value> lists = new ArrayList<>();
        int each = Math.floorDiv(items.size(), slices);
        int longer = Math.floorMod(items.size(), slices);
        int from = 0;
        for (int i = 0; i < slices; i++) {
            int to = from + each + (i < longer ? 1 : 0);
            List<Value> list = new ArrayList<>(items.subList(from, to));
            if (filler != None.NONE && i >= longer) {
                list.add(filler);
            }
            lists.add(Sequence.list(list));
            from = to;
        }
        return lists.iterator();
    }
}
