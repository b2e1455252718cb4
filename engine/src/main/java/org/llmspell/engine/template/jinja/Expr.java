package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Slices;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/**
 * An expression. Nodes evaluate themselves, through {@link Evaluation#evaluate}, which counts steps and depth; that is
 * faster to start than a switch over their types, whose dispatch the JVM makes at run time.
 */
sealed interface Expr extends Node {
    Value evaluate(Evaluation evaluation, Scope scope);

    /** A constant. */
    record Literal(Value value, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            return value;
        }

        @Override
        public List<Node> children() {
            return List.of();
        }
    }

    /** A variable. */
    record Name(String name, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            return evaluation.variable(scope, name);
        }

        @Override
        public List<Node> children() {
            return List.of();
        }
    }

    /** {@code [a, b]} or {@code (a, b)}. */
    record Items(List<Expr> items, boolean tuple, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            List<Value> values = new ArrayList<>(items.size());
            for (Expr item : items) {
                values.add(evaluation.evaluate(item, scope));
            }
            return tuple ? Sequence.tuple(values) : Sequence.list(values);
        }

        @Override
        public List<Node> children() {
            return List.copyOf(items);
        }
    }

    /** {@code {key: value}}. */
    record Mapping(List<Expr> keys, List<Expr> values, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            LinkedHashMap<Value, Value> entries = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) {
                Value key = evaluation.evaluate(keys.get(i), scope);
                Dict.put(entries, key, evaluation.evaluate(values.get(i), scope));
            }
            return new Dict(entries);
        }

        @Override
        public List<Node> children() {
            List<Node> children = new ArrayList<>(keys);
            children.addAll(values);
            return children;
        }
    }

    /** {@code not operand}. */
    record Not(Expr operand, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            return Bool.of(!evaluation.evaluate(operand, scope).truthy());
        }

        @Override
        public List<Node> children() {
            return List.of(operand);
        }
    }

    /** {@code left and right} or {@code left or right}: the operand that decides. */
    record Junction(Expr left, Expr right, boolean and, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value first = evaluation.evaluate(left, scope);
            return first.truthy() == and ? evaluation.evaluate(right, scope) : first;
        }

        @Override
        public List<Node> children() {
            return List.of(left, right);
        }
    }

    /** {@code then if test else otherwise}. */
    record Conditional(Expr test, Expr then, @Nullable Expr otherwise, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            if (evaluation.evaluate(test, scope).truthy()) {
                return evaluation.evaluate(then, scope);
            }
            return otherwise != null
                    ? evaluation.evaluate(otherwise, scope)
                    : Undefined.because("the inline if-expression on line " + line
                            + " evaluated to false and no else section was defined.");
        }

        @Override
        public List<Node> children() {
            return otherwise == null ? List.of(test, then) : List.of(test, then, otherwise);
        }
    }

    /** {@code first < second == third …}: true if every pair compares. */
    record Comparison(Expr first, List<String> operators, List<Expr> operands, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value left = evaluation.evaluate(first, scope);
            for (int i = 0; i < operators.size(); i++) {
                Value right = evaluation.evaluate(operands.get(i), scope);
                evaluation.at(line).budget().charge(Math.min(left.weight(), right.weight()));
                if (!Operators.compare(evaluation, operators.get(i), left, right)) {
                    return Bool.FALSE;
                }
                left = right;
            }
            return Bool.TRUE;
        }

        @Override
        public List<Node> children() {
            List<Node> children = new ArrayList<>();
            children.add(first);
            children.addAll(operands);
            return children;
        }
    }

    /** {@code left + right} and the other arithmetic. */
    record Binary(String operator, Expr left, Expr right, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value a = evaluation.evaluate(left, scope);
            Value b = evaluation.evaluate(right, scope);
            return evaluation.at(line).paid(Operators.binary(operator, a, b));
        }

        @Override
        public List<Node> children() {
            return List.of(left, right);
        }
    }

    /** {@code -operand} or {@code +operand}. */
    record Unary(boolean minus, Expr operand, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value value = evaluation.evaluate(operand, scope);
            evaluation.at(line);
            return Operators.unary(minus, value);
        }

        @Override
        public List<Node> children() {
            return List.of(operand);
        }
    }

    /** {@code a ~ b}: the texts of all operands. */
    record Concatenation(List<Expr> operands, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            TextBuilder out = new TextBuilder();
            for (Expr operand : operands) {
                out.append(evaluation.evaluate(operand, scope).str());
            }
            return evaluation.at(line).paid(out.build());
        }

        @Override
        public List<Node> children() {
            return List.copyOf(operands);
        }
    }

    /** {@code owner.name}. */
    record Attribute(Expr owner, String name, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value value = evaluation.evaluate(owner, scope);
            evaluation.at(line);
            return Attributes.attribute(value, name);
        }

        @Override
        public List<Node> children() {
            return List.of(owner);
        }
    }

    /** {@code owner[key]}. */
    record Item(Expr owner, Expr key, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value value = evaluation.evaluate(owner, scope);
            Value index = evaluation.evaluate(key, scope);
            evaluation.at(line);
            return Attributes.item(value, index);
        }

        @Override
        public List<Node> children() {
            return List.of(owner, key);
        }
    }

    /** {@code owner[start:stop:step]}. */
    record Slice(
            Expr owner,
            @Nullable Expr start,
            @Nullable Expr stop,
            @Nullable Expr step,
            int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value value = evaluation.evaluate(owner, scope);
            Value from = bound(start, evaluation, scope);
            Value to = bound(stop, evaluation, scope);
            Value by = bound(step, evaluation, scope);
            return evaluation.at(line).paid(Slices.slice(value, from, to, by));
        }

        private static Value bound(@Nullable Expr expr, Evaluation evaluation, Scope scope) {
            return expr == null ? None.NONE : evaluation.evaluate(expr, scope);
        }

        @Override
        public List<Node> children() {
            List<Node> children = new ArrayList<>();
            children.add(owner);
            for (Expr bound : new @Nullable Expr[] {start, stop, step}) {
                if (bound != null) {
                    children.add(bound);
                }
            }
            return children;
        }
    }

    /** {@code function(args)}. */
    record Call(Expr function, CallArgs args, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value callee = evaluation.evaluate(function, scope);
            Args given = args.evaluate(evaluation, scope);
            return evaluation.at(line).call(callee, given);
        }

        @Override
        public List<Node> children() {
            List<Node> children = new ArrayList<>();
            children.add(function);
            args.addTo(children);
            return children;
        }
    }

    /**
     * {@code input | name(args)}.
     *
     * @param filter null if there is none of that name, which is an error only if it is used
     */
    record FilterCall(Expr input, String name, @Nullable Filter filter, CallArgs args, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value value = evaluation.evaluate(input, scope);
            return apply(evaluation, scope, value);
        }

        /** Filters {@code value} in place of the input. */
        Value apply(Evaluation evaluation, Scope scope, Value value) {
            Args given = args.evaluate(evaluation, scope);
            evaluation.at(line).budget().chargeCopy(value);
            if (filter == null) {
                throw new PythonException(PythonException.Type.RUNTIME, "No filter named '" + name + "' found.");
            }
            return evaluation.paid(filter.apply(evaluation, value, given));
        }

        @Override
        public List<Node> children() {
            List<Node> children = new ArrayList<>();
            children.add(input);
            args.addTo(children);
            return children;
        }
    }

    /**
     * {@code input is name(args)}.
     *
     * @param test null if there is none of that name, which is an error only if it is used
     */
    record TestCall(Expr input, String name, @Nullable Test test, CallArgs args, int line) implements Expr {
        @Override
        public Value evaluate(Evaluation evaluation, Scope scope) {
            Value value = evaluation.evaluate(input, scope);
            Args given = args.evaluate(evaluation, scope);
            evaluation.at(line);
            if (value instanceof Text) {
                evaluation.budget().chargeCopy(value);
            }
            if (test == null) {
                throw new PythonException(PythonException.Type.RUNTIME, "No test named '" + name + "' found.");
            }
            return Bool.of(test.holds(evaluation, value, given));
        }

        @Override
        public List<Node> children() {
            List<Node> children = new ArrayList<>();
            children.add(input);
            args.addTo(children);
            return children;
        }
    }
}
