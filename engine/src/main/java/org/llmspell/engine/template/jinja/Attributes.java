package org.llmspell.engine.template.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.BraceFormat;
import org.llmspell.engine.template.text.TextMethods;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Arithmetic;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Function;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.Numeric;
import org.llmspell.engine.template.value.Opaque;
import org.llmspell.engine.template.value.Range;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/**
 * What {@code value.name} and {@code value[key]} give, as Jinja's immutable sandbox defines them: attributes of the Python
 * type and items of the container are looked up in one another's place; attributes that begin with an underscore or
 * would change a container are kept away. Nothing here reaches Java objects.
 */
final class Attributes {
    private Attributes() {}

    /** {@code value.name}: the attribute, else the item. */
    static Value attribute(Value value, String name) {
        Value found = own(value, name);
        if (found == null) {
            found = value.item(Text.own(name));
        }
        return found != null ? found : Undefined.member(value, Text.own(name));
    }

    /** {@code value[key]}: the item, else the attribute. */
    static Value item(Value value, Value key) {
        Value found = value.item(key);
        if (found == null && key instanceof Text name) {
            found = own(value, name.chars());
        }
        return found != null ? found : Undefined.member(value, key);
    }

    /** The attribute only; null if there is none. */
    static @Nullable Value own(Value value, String name) {
        if (name.startsWith("_")) {
            return isInternal(name) ? Undefined.unsafe(value, name) : missing(value);
        }
        if (value instanceof Text text) {
            return ofText(text, name);
        }
        if (value instanceof Dict dict) {
            return ofDict(dict, name);
        }
        if (value instanceof Sequence sequence) {
            return ofSequence(sequence, name);
        }
        if (value instanceof Range range) {
            return ContainerMethods.ofRange(range, name);
        }
        if (value instanceof Opaque opaque) {
            return opaque.attribute(name);
        }
        if (value instanceof Numeric number) {
            return ofNumber(number, name);
        }
        return missing(value);
    }

    private static @Nullable Value missing(Value value) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        return null;
    }

    /** What every Python object has; templates that ask for these look for a way out of the sandbox. */
    private static boolean isInternal(String name) {
        switch (name) {
            case "__class__":
            case "__delattr__":
            case "__dir__":
            case "__doc__":
            case "__eq__":
            case "__format__":
            case "__getattribute__":
            case "__hash__":
            case "__init__":
            case "__init_subclass__":
            case "__new__":
            case "__reduce__":
            case "__reduce_ex__":
            case "__repr__":
            case "__setattr__":
            case "__sizeof__":
            case "__str__":
            case "__subclasshook__":
                return true;
            default:
                return false;
        }
    }

    private static @Nullable Value ofNumber(Numeric number, String name) {
        boolean real = number instanceof Real;
        switch (name) {
            case "real":
                return Arithmetic.plus(number);
            case "imag":
                return real ? new Real(0) : Int.of(0);
            case "numerator":
                return real ? null : Arithmetic.plus(number);
            case "denominator":
                return real ? null : Int.of(1);
            case "is_integer":
                return number instanceof Real value
                        ? new Function(name, args -> {
                            args.plain(name, 0, 0);
                            return Bool.of(value.isIntegral());
                        })
                        : null;
            default:
                return null;
        }
    }

    private static @Nullable Value ofText(Text text, String name) {
        if ("format".equals(name)) {
            return new Function(name, text, args -> format(text, args));
        }
        if ("format_map".equals(name)) {
            return new Function(name, text, args -> {
                Map<String, Value> named = new LinkedHashMap<>();
                CallArgs.spread(args.plain(name, 1, 1).get(0), named);
                return format(text, new Args(List.of(), named));
            });
        }
        TextMethods.Method method = TextMethods.find(name);
        return method == null ? null : new Function(name, text, args -> method.call(text, args));
    }

    private static Value format(Text text, Args args) {
        return new BraceFormat(args, Attributes::attribute, Attributes::item).format(text);
    }

    private static @Nullable Value ofDict(Dict dict, String name) {
        switch (name) {
            case "clear":
            case "pop":
            case "popitem":
            case "setdefault":
            case "update":
                return Undefined.unsafe(dict, name);
            default:
                return ContainerMethods.ofDict(dict, name);
        }
    }

    private static @Nullable Value ofSequence(Sequence sequence, String name) {
        if (!sequence.isTuple()) {
            switch (name) {
                case "append":
                case "clear":
                case "pop":
                case "reverse":
                case "insert":
                case "sort":
                case "extend":
                case "remove":
                    return Undefined.unsafe(sequence, name);
                default:
                    break;
            }
        }
        return ContainerMethods.ofSequence(sequence, name);
    }
}
