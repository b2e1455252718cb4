package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.DictView;
import org.llmspell.engine.template.value.Function;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Range;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Value;

/** The methods of dicts, lists and tuples that change nothing. */
final class ContainerMethods {
    private ContainerMethods() {}

    /** The method {@code name} of a dict; null if there is none. */
    static @Nullable Value ofDict(Dict dict, String name) {
        switch (name) {
            case "get":
                return new Function(name, args -> get(dict, args));
            case "items":
                return view(dict, name, DictView.Kind.ITEMS);
            case "keys":
                return view(dict, name, DictView.Kind.KEYS);
            case "values":
                return view(dict, name, DictView.Kind.VALUES);
            case "copy":
                return new Function(name, args -> {
                    args.plain(name, 0, 0);
                    return dict;
                });
            case "fromkeys":
                return new Function(name, ContainerMethods::fromKeys);
            default:
                return null;
        }
    }

    private static Value get(Dict dict, Args args) {
        List<Value> given = args.plain("dict.get", 1, 2);
        Value found = dict.item(Dict.requireHashable(given.get(0)));
        if (found != null) {
            return found;
        }
        return given.size() > 1 ? given.get(1) : None.NONE;
    }

    private static Value view(Dict dict, String name, DictView.Kind kind) {
        return new Function(name, args -> {
            args.plain("dict." + name, 0, 0);
            return new DictView(dict, kind);
        });
    }

    private static Value fromKeys(Args args) {
        List<Value> given = args.plain("fromkeys", 1, 2);
        LinkedHashMap<Value, Value> entries = new LinkedHashMap<>();
        java.util.Iterator<Value> keys = given.get(0).iterate();
        if (keys == null) {
            throw PythonException.typeError("'" + given.get(0).typeName() + "' object is not iterable");
        }
        while (keys.hasNext()) {
            Dict.put(entries, keys.next(), given.size() > 1 ? given.get(1) : None.NONE);
        }
        return new Dict(entries);
    }

    /** The method or named item {@code name} of a list or tuple; null if there is none. */
    static @Nullable Value ofSequence(Sequence sequence, String name) {
        Value named = sequence.named(name);
        if (named != null) {
            return named;
        }
        switch (name) {
            case "count":
                return new Function(name, sequence, args -> {
                    Value wanted = args.plain(name, 1, 1).get(0);
                    return Int.of(sequence.items().stream()
                            .filter(item -> item.equals(wanted))
                            .count());
                });
            case "index":
                return new Function(name, sequence, args -> index(sequence, args));
            case "copy":
                return sequence.isTuple()
                        ? null
                        : new Function(name, args -> {
                            args.plain(name, 0, 0);
                            return sequence;
                        });
            default:
                return null;
        }
    }

    /** The attribute {@code name} of a range; null if there is none. */
    static @Nullable Value ofRange(Range range, String name) {
        switch (name) {
            case "start":
                return Int.of(range.start());
            case "stop":
                return Int.of(range.stop());
            case "step":
                return Int.of(range.step());
            case "count":
                return new Function(
                        name,
                        range,
                        args -> Int.of(range.contains(args.plain(name, 1, 1).get(0)) ? 1 : 0));
            case "index":
                return new Function(name, range, args -> {
                    List<Value> numbers = new ArrayList<>();
                    range.iterate().forEachRemaining(numbers::add);
                    return index(Sequence.list(numbers), new Args(args.plain(name, 1, 1), Map.of()));
                });
            default:
                return null;
        }
    }

    private static Value index(Sequence sequence, Args args) {
        List<Value> given = args.plain("index", 1, 3);
        int from = given.size() > 1 ? position(given.get(1), sequence.length()) : 0;
        int to = given.size() > 2 ? position(given.get(2), sequence.length()) : sequence.length();
        for (int i = from; i < to; i++) {
            if (sequence.items().get(i).equals(given.get(0))) {
                return Int.of(i);
            }
        }
        throw PythonException.valueError("the value is not in the " + sequence.typeName());
    }

    private static int position(Value bound, int length) {
        int at = org.llmspell.engine.template.text.Padding.integer(bound);
        return Math.clamp(at < 0 ? (long) at + length : at, 0, length);
    }
}
