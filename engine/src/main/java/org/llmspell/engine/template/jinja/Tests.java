package org.llmspell.engine.template.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.CharacterTests;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.Numeric;
import org.llmspell.engine.template.value.Opaque;
import org.llmspell.engine.template.value.Range;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** Jinja's tests by name. */
@SuppressWarnings("ReferenceEquality") // identity is meant: single instances, and Python's own shortcut by it
final class Tests {
    /** A test that takes no arguments. */
    @FunctionalInterface
    private interface Plain {
        boolean holds(Value value);
    }

    private Tests() {}

    /** The test {@code name}; null if there is none. */
    static @Nullable Test find(String name) {
        switch (name) {
            case "defined":
                return plain(name, value -> !(value instanceof Undefined));
            case "undefined":
                return plain(name, value -> value instanceof Undefined);
            case "none":
                return plain(name, value -> value == None.NONE);
            case "boolean":
                return plain(name, value -> value instanceof Bool);
            case "true":
                return plain(name, value -> value == Bool.TRUE);
            case "false":
                return plain(name, value -> value == Bool.FALSE);
            case "integer":
                return plain(name, value -> value instanceof Int);
            case "float":
                return plain(name, value -> value instanceof Real);
            case "number":
                return plain(name, value -> value instanceof Numeric);
            case "string":
                return plain(name, value -> value instanceof Text);
            case "mapping":
                return plain(name, value -> value instanceof Dict);
            case "sequence":
                return plain(name, Tests::isSequence);
            case "iterable":
                return plain(name, value -> value.iterate() != null || value instanceof LoopContext);
            case "callable":
                return plain(name, value -> value instanceof Undefined || (value instanceof Opaque o && o.callable()));
            case "escaped":
                return plain(name, value -> value instanceof Text text && text.markup());
            case "lower":
                return plain(name, value -> CharacterTests.isLower(value.str().chars()));
            case "upper":
                return plain(name, value -> CharacterTests.isUpper(value.str().chars()));
            case "odd":
                return plain(name, value -> divides(value, Int.of(2), 1));
            case "even":
                return plain(name, value -> divides(value, Int.of(2), 0));
            case "filter":
                return plain(name, value -> Filters.find(value.str().chars()) != null);
            case "test":
                return plain(name, value -> find(value.str().chars()) != null);
            case "divisibleby":
                return (evaluation, value, args) -> divides(value, other(args, name), 0);
            case "sameas":
                return (evaluation, value, args) -> same(value, other(args, name));
            default:
                return comparison(name);
        }
    }

    private static @Nullable Test comparison(String name) {
        switch (name) {
            case "in":
                return comparing(name, "in");
            case "==":
            case "eq":
            case "equalto":
                return comparing(name, "==");
            case "!=":
            case "ne":
                return comparing(name, "!=");
            case ">":
            case "gt":
            case "greaterthan":
                return comparing(name, ">");
            case ">=":
            case "ge":
                return comparing(name, ">=");
            case "<":
            case "lt":
            case "lessthan":
                return comparing(name, "<");
            case "<=":
            case "le":
                return comparing(name, "<=");
            default:
                return null;
        }
    }

    private static Test plain(String name, Plain test) {
        return (evaluation, value, args) -> {
            args.plain(name, 0, 0);
            return test.holds(value);
        };
    }

    private static Test comparing(String name, String operator) {
        return (evaluation, value, args) -> {
            Value other = other(args, name);
            evaluation.budget().charge(Math.min(value.weight(), other.weight()));
            return Operators.compare(evaluation, operator, value, other);
        };
    }

    private static Value other(Args args, String name) {
        List<Value> given = args.plain(name, 1, 1);
        return given.get(0);
    }

    private static boolean divides(Value value, Value divisor, int rest) {
        return Operators.binary("%", value, divisor).equals(Int.of(rest));
    }

    private static boolean isSequence(Value value) {
        return value instanceof Text
                || value instanceof Sequence
                || value instanceof Dict
                || value instanceof Range
                || value instanceof Undefined;
    }

    /** Python keeps one object for each of its small integers and constants; for others only the object itself is the same. */
    private static boolean same(Value value, Value other) {
        if (value instanceof Int a && other instanceof Int b) {
            return a.equals(b) && a.isSmall() && a.small() >= -5 && a.small() <= 256;
        }
        return value == other;
    }
}
