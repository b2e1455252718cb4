package org.llmspell.engine.template.jinja;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Function;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Range;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/** The functions that every template has: Jinja's, and those that Hugging Face adds. */
final class Globals {
    private static final long RANGE_BOUND = 1L << 61;

    private Globals() {}

    /** The function {@code name}; null if there is none. */
    static @Nullable Value find(String name, Evaluation evaluation) {
        switch (name) {
            case "range":
                return new Function(name, Globals::range);
            case "dict":
                return new Function(name, args -> new Dict(entries(evaluation, args)));
            case "namespace":
                return new Function(name, args -> new Namespace(entries(evaluation, args)));
            case "cycler":
                return new Function(name, Cycler::new);
            case "joiner":
                return new Function(name, Globals::joiner);
            case "lipsum":
                return new Function(name, args -> {
                    throw new PythonException(
                            PythonException.Type.RUNTIME, "lipsum is not supported: its text is made by chance");
                });
            case "raise_exception":
                return new Function(name, args -> {
                    Value message = args.bind(name, 1, "message")[0];
                    throw new PythonException(
                            PythonException.Type.RAISED,
                            message == null ? "" : message.str().chars());
                });
            case "strftime_now":
                return new Function(name, args -> {
                    Value format = args.bind(name, 1, "format")[0];
                    if (!(format instanceof Text text)) {
                        throw PythonException.typeError("strftime() argument 1 must be str");
                    }
                    return Text.own(Strftime.format(text.chars(), evaluation.now()));
                });
            default:
                return null;
        }
    }

    private static Value range(Args args) {
        List<Value> given = args.plain("range", 1, 3);
        long first = bound(given.get(0));
        if (given.size() == 1) {
            return Range.of(0, first, 1);
        }
        return Range.of(first, bound(given.get(1)), given.size() == 2 ? 1 : bound(given.get(2)));
    }

    private static long bound(Value value) {
        if (value instanceof Bool bool) {
            return bool.toInt().small();
        }
        if (!(value instanceof Int integer)) {
            throw PythonException.typeError("'" + value.typeName() + "' object cannot be interpreted as an integer");
        }
        if (!integer.isSmall() || Math.abs(integer.small()) > RANGE_BOUND) {
            throw PythonException.overflow("a bound of range() is out of range");
        }
        return integer.small();
    }

    /** What {@code dict(mapping or pairs, **named)} holds. */
    private static LinkedHashMap<Value, Value> entries(Evaluation evaluation, Args args) {
        LinkedHashMap<Value, Value> entries = new LinkedHashMap<>();
        List<Value> given = new Args(args.positional(), java.util.Map.of()).plain("dict", 0, 1);
        if (!given.isEmpty()) {
            if (given.get(0) instanceof Dict dict) {
                entries.putAll(dict.entries());
            } else {
                addPairs(evaluation, given.get(0), entries);
            }
        }
        args.named().forEach((name, value) -> entries.put(Text.own(name), value));
        return entries;
    }

    private static void addPairs(Evaluation evaluation, Value pairs, LinkedHashMap<Value, Value> entries) {
        Iterator<Value> items = evaluation.iterate(pairs);
        while (items.hasNext()) {
            List<Value> pair = SequenceFilters.items(evaluation, items.next());
            if (pair.size() != 2) {
                throw PythonException.valueError(
                        "dictionary update sequence element has length " + pair.size() + "; 2 is required");
            }
            Dict.put(entries, pair.get(0), pair.get(1));
        }
    }

    private static Value joiner(Args args) {
        Value separator = args.bind("joiner", 0, "sep")[0];
        boolean[] used = new boolean[1];
        return new Function("joiner", none -> {
            none.plain("joiner", 0, 0);
            Value result = used[0] ? Filters.or(separator, Text.own(", ")) : Text.EMPTY;
            used[0] = true;
            return result;
        });
    }
}
