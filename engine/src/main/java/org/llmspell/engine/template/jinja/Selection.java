package org.llmspell.engine.template.jinja;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.OneShot;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/** The filters that go through items one by one, when they are asked for: {@code map}, {@code select} and their kin. */
final class Selection {
    private Selection() {}

    static Value map(Evaluation evaluation, Value value, Args args) {
        return lazily(evaluation, value, () -> mapping(evaluation, args), null);
    }

    private static Function<Value, Value> mapping(Evaluation evaluation, Args args) {
        if (args.positional().isEmpty() && args.named().containsKey("attribute")) {
            Map<String, Value> rest = new LinkedHashMap<>(args.named());
            Value attribute = rest.remove("attribute");
            Value fallback = rest.remove("default");
            if (!rest.isEmpty()) {
                throw PythonException.typeError("Unexpected keyword argument '"
                        + rest.keySet().iterator().next() + "'");
            }
            return Lookup.of(attribute == null ? None.NONE : attribute, fallback, false)::apply;
        }
        if (args.positional().isEmpty()) {
            throw PythonException.typeError("map requires a filter argument");
        }
        Value name = args.positional().get(0);
        Args rest = new Args(args.positional().subList(1, args.positional().size()), args.named());
        return item -> Filters.apply(evaluation, name, item, rest);
    }

    /** The items whose value, or attribute, passes a test, or does not. */
    static Value select(Evaluation evaluation, Value value, Args args, boolean wanted, boolean byAttribute) {
        return lazily(evaluation, value, () -> condition(evaluation, args, byAttribute), wanted);
    }

    private static Function<Value, Value> condition(Evaluation evaluation, Args args, boolean byAttribute) {
        List<Value> given = args.positional();
        if (byAttribute && given.isEmpty()) {
            throw PythonException.typeError("Missing parameter for attribute name");
        }
        Lookup lookup = Lookup.of(byAttribute ? given.get(0) : None.NONE, null, false);
        int at = byAttribute ? 1 : 0;
        if (given.size() <= at) {
            return item -> Bool.of(lookup.apply(item).truthy());
        }
        Value name = given.get(at);
        Test test = name instanceof Text text ? Tests.find(text.chars()) : null;
        Args rest = new Args(given.subList(at + 1, given.size()), args.named());
        return item -> {
            if (test == null) {
                throw new PythonException(PythonException.Type.RUNTIME, "No test named '" + name.str() + "'.");
            }
            return Bool.of(test.holds(evaluation, lookup.apply(item), rest));
        };
    }

    /**
     * A generator over the items of {@code value}.
     *
     * @param function made when the first item is asked for; its errors come then, too
     * @param wanted the truth that the function must give for an item to be kept; null to give the function's values
     */
    private static Value lazily(
            Evaluation evaluation,
            Value value,
            java.util.function.Supplier<Function<Value, Value>> function,
            @Nullable Boolean wanted) {
        return new OneShot("generator", value, new Iterator<>() {
            private @Nullable Iterator<Value> items;
            private @Nullable Function<Value, Value> made;
            private @Nullable Value next;

            @Override
            public boolean hasNext() {
                if (next == null) {
                    next = find();
                }
                return next != null;
            }

            private @Nullable Value find() {
                if (!value.truthy()) {
                    return null;
                }
                if (items == null || made == null) {
                    made = function.get();
                    items = evaluation.iterate(value);
                }
                while (items.hasNext()) {
                    Value item = items.next();
                    Value result = made.apply(item);
                    if (wanted == null) {
                        return result;
                    }
                    if (result.truthy() == wanted) {
                        return item;
                    }
                }
                return null;
            }

            @Override
            public Value next() {
                if (!hasNext() || next == null) {
                    throw new NoSuchElementException();
                }
                Value found = next;
                next = null;
                return found;
            }
        });
    }
}
