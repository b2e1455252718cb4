package org.llmspell.engine.template.jinja;

import java.util.Iterator;
import org.llmspell.engine.template.text.Html;
import org.llmspell.engine.template.text.Ordering;
import org.llmspell.engine.template.text.PercentFormat;
import org.llmspell.engine.template.text.Searching;
import org.llmspell.engine.template.value.Arithmetic;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.DictView;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.Numeric;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Range;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** Python's operators on values of any type. */
@SuppressWarnings("ReferenceEquality") // identity is meant: single instances, and Python's own shortcut by it
final class Operators {
    private Operators() {}

    static Value binary(String operator, Value a, Value b) {
        if (a instanceof Text text && "%".equals(operator)) {
            return PercentFormat.format(text, b);
        }
        if (a instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (b instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (a instanceof Numeric left && b instanceof Numeric right) {
            return Arithmetic.apply(operator, left, right);
        }
        if ("+".equals(operator)) {
            return add(a, b);
        }
        if ("*".equals(operator)) {
            return multiply(a, b);
        }
        throw unsupported(operator, a, b);
    }

    private static PythonException unsupported(String operator, Value a, Value b) {
        String shown = "**".equals(operator) ? "** or pow()" : operator;
        return PythonException.typeError(
                "unsupported operand type(s) for " + shown + ": '" + a.typeName() + "' and '" + b.typeName() + "'");
    }

    private static Value add(Value a, Value b) {
        if (a instanceof Text left) {
            if (b instanceof Text right) {
                // Markup takes plain text only escaped, on either side.
                return left.markup() || right.markup()
                        ? Html.escape(left).concat(Html.escape(right))
                        : left.concat(right);
            }
        } else if (a instanceof Sequence left) {
            if (b instanceof Sequence right && left.isTuple() == right.isTuple()) {
                return left.concat(right);
            }
        } else {
            throw unsupported("+", a, b);
        }
        throw PythonException.typeError(
                "can only concatenate " + a.typeName() + " (not \"" + b.typeName() + "\") to " + a.typeName());
    }

    private static Value multiply(Value a, Value b) {
        Value repeated = a instanceof Text || a instanceof Sequence ? a : b;
        Value count = repeated == a ? b : a;
        if (!(repeated instanceof Text) && !(repeated instanceof Sequence)) {
            throw unsupported("*", a, b);
        }
        if (!(count instanceof Int) && !(count instanceof Bool)) {
            throw PythonException.typeError("can't multiply sequence by non-int of type '" + count.typeName() + "'");
        }
        Int integer = count instanceof Bool bool ? bool.toInt() : (Int) count;
        if (!integer.isSmall()) {
            throw PythonException.overflow("cannot fit 'int' into an index-sized integer");
        }
        int times = integer.clamped();
        if (repeated instanceof Text text) {
            return new TextBuilder().repeat(text, times).build().asMarkup(text.markup());
        }
        return ((Sequence) repeated).repeat(times);
    }

    static Value unary(boolean minus, Value value) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (value instanceof Numeric number) {
            return minus ? Arithmetic.negate(number) : Arithmetic.plus(number);
        }
        throw PythonException.typeError(
                "bad operand type for unary " + (minus ? "-" : "+") + ": '" + value.typeName() + "'");
    }

    static boolean compare(Evaluation evaluation, String operator, Value a, Value b) {
        switch (operator) {
            case "==":
                return a.equals(b);
            case "!=":
                return !a.equals(b);
            case "in":
                return contains(evaluation, b, a);
            case "not in":
                return !contains(evaluation, b, a);
            default:
                return Ordering.holds(operator, a, b);
        }
    }

    /** {@code item in container}. */
    static boolean contains(Evaluation evaluation, Value container, Value item) {
        if (container instanceof Text text) {
            if (!(item instanceof Text part)) {
                throw PythonException.typeError(
                        "'in <string>' requires string as left operand, not " + item.typeName());
            }
            evaluation.budget().chargeCopy(text);
            return Searching.contains(text, part);
        }
        if (container instanceof Dict dict) {
            return dict.entries().containsKey(Dict.requireHashable(item));
        }
        if (container instanceof DictView view && view.kind() == DictView.Kind.KEYS) {
            return view.dict().entries().containsKey(Dict.requireHashable(item));
        }
        if (container instanceof Range range) {
            evaluation.budget().charge(range.length());
            return range.contains(item);
        }
        Iterator<Value> items = container.iterate();
        if (items == null) {
            throw PythonException.typeError("argument of type '" + container.typeName() + "' is not iterable");
        }
        while (items.hasNext()) {
            Value candidate = items.next();
            evaluation.budget().charge(Math.min(candidate.weight(), item.weight()));
            if (candidate == item || candidate.equals(item)) {
                return true;
            }
        }
        return false;
    }
}
