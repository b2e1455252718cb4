package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/** A statement: writes to the output and changes variables. */
sealed interface Stmt extends Node
        permits ForLoop,
                MacroDefinition,
                Stmt.Data,
                Stmt.Output,
                Stmt.Assignment,
                Stmt.SetBlock,
                Stmt.If,
                Stmt.With,
                Stmt.CallBlock,
                Stmt.FilterBlock,
                Stmt.Section,
                Stmt.Leave {
    Flow execute(Evaluation evaluation, Scope scope, TextBuilder out);

    /** Text of the template. */
    record Data(Text text, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            evaluation.budget().chargeCopy(text);
            out.append(text);
            return Flow.ON;
        }

        @Override
        public List<Node> children() {
            return List.of();
        }
    }

    /** {@code {{ expr }}}. */
    record Output(Expr expr, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            Value value = evaluation.evaluate(expr, scope);
            Text text = value.str();
            evaluation.at(line).budget().chargeCopy(text);
            out.append(text);
            return Flow.ON;
        }

        @Override
        public List<Node> children() {
            return List.of(expr);
        }
    }

    /** {@code {% set target = value %}}. */
    record Assignment(Target target, Expr value, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            Value assigned = evaluation.evaluate(value, scope);
            target.assign(evaluation.at(line), scope, assigned);
            return Flow.ON;
        }

        @Override
        public List<Node> children() {
            return List.of(value, target);
        }
    }

    /**
     * {@code {% set target %}…{% endset %}}.
     *
     * @param filters a chain of filters whose innermost input is the body; null for none
     */
    record SetBlock(Target target, Expr.@Nullable FilterCall filters, Body body, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            TextBuilder captured = new TextBuilder();
            Scope inner = evaluation.enter(scope, body.symbols());
            Flow flow = evaluation.execute(body.statements(), inner, captured);
            if (flow == Flow.ON) {
                target.assign(evaluation.at(line), scope, filtered(evaluation, filters, inner, captured.build()));
            }
            return flow;
        }

        @Override
        public List<Node> children() {
            return block(filters, body);
        }
    }

    /** {@code {% filter … %}…{% endfilter %}}. */
    record FilterBlock(Expr.FilterCall filters, Body body, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            TextBuilder captured = new TextBuilder();
            Scope inner = evaluation.enter(scope, body.symbols());
            Flow flow = evaluation.execute(body.statements(), inner, captured);
            if (flow == Flow.ON) {
                out.append(
                        filtered(evaluation, filters, inner, captured.build()).str());
            }
            return flow;
        }

        @Override
        public List<Node> children() {
            return block(filters, body);
        }
    }

    private static List<Node> block(Expr.@Nullable FilterCall filters, Body body) {
        List<Node> children = new ArrayList<>(body.statements());
        if (filters != null) {
            children.add(filters);
        }
        return children;
    }

    private static Value filtered(Evaluation evaluation, Expr.@Nullable FilterCall filters, Scope scope, Text text) {
        if (filters == null) {
            return text;
        }
        // The innermost filter's input is the body's text, for which an empty literal stands in the syntax.
        Value input =
                filters.input() instanceof Expr.FilterCall inner ? filtered(evaluation, inner, scope, text) : text;
        return filters.apply(evaluation, scope, input);
    }

    /**
     * {@code {% if %}…{% elif %}…{% else %}…{% endif %}}.
     *
     * @param tests one per body but for the last body, if that is {@code else}
     */
    record If(List<Expr> tests, List<List<Stmt>> bodies, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            for (int i = 0; i < bodies.size(); i++) {
                if (i >= tests.size()
                        || evaluation.evaluate(tests.get(i), scope).truthy()) {
                    return evaluation.execute(bodies.get(i), scope, out);
                }
            }
            return Flow.ON;
        }

        @Override
        public List<Node> children() {
            List<Node> children = new ArrayList<>(tests);
            bodies.forEach(children::addAll);
            return children;
        }
    }

    /** {@code {% with a = 1, b = 2 %}…{% endwith %}}. */
    record With(List<Target> targets, List<Expr> values, Body body, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            Scope inner = evaluation.enter(scope, body.symbols());
            for (int i = 0; i < targets.size(); i++) {
                targets.get(i).assign(evaluation, inner, evaluation.evaluate(values.get(i), scope));
            }
            return evaluation.execute(body.statements(), inner, out);
        }

        @Override
        public List<Node> children() {
            List<Node> children = new ArrayList<>(values);
            children.addAll(targets);
            children.addAll(body.statements());
            return children;
        }
    }

    /** {@code {% call(parameters) macro(args) %}…{% endcall %}}: calls with the body as a macro named caller. */
    record CallBlock(Expr.Call call, MacroDefinition caller, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            Value callee = evaluation.evaluate(call.function(), scope);
            Args given = call.args().evaluate(evaluation, scope);
            Map<String, Value> named = new LinkedHashMap<>(given.named());
            named.put("caller", new Macro(caller, evaluation, scope));
            Value result = evaluation.at(line).call(callee, new Args(given.positional(), named));
            out.append(result.str());
            return Flow.ON;
        }

        @Override
        public List<Node> children() {
            return List.of(call, caller);
        }
    }

    /**
     * A body with a scope of its own: {@code {% generation %}}, by which Hugging Face marks what an assistant says, and
     * {@code {% block %}}.
     *
     * @param inherits whether it sees the variables around it, or only those of the whole template
     */
    record Section(boolean inherits, Body body, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            return evaluation.execute(body, inherits ? scope : scope.root(), out);
        }

        @Override
        public List<Node> children() {
            return List.copyOf(body.statements());
        }
    }

    /** {@code {% break %}} or {@code {% continue %}}. */
    record Leave(Flow flow, int line) implements Stmt {
        @Override
        public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
            return flow;
        }

        @Override
        public List<Node> children() {
            return List.of();
        }
    }
}
