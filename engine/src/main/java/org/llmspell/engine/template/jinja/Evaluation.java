package org.llmspell.engine.template.jinja;

import java.time.LocalDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Budget;
import org.llmspell.engine.template.value.Function;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.Opaque;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** One rendering: its variables, its budget and where it is. Not thread-safe. */
final class Evaluation {
    private final Map<String, Value> context;
    private final LocalDateTime now;
    private final Budget budget = new Budget();
    private int depth;
    private int line = 1;

    Evaluation(Map<String, Value> context, LocalDateTime now) {
        this.context = context;
        this.now = now;
    }

    Budget budget() {
        return budget;
    }

    /** What {@code strftime_now} writes. */
    LocalDateTime now() {
        return now;
    }

    /** The line that is being evaluated, for errors. */
    int line() {
        return line;
    }

    /** Notes that what happens next happens at {@code line}. */
    Evaluation at(int currentLine) {
        line = currentLine;
        return this;
    }

    Value evaluate(Expr expr, Scope scope) {
        enter();
        Value value = expr.evaluate(this, scope);
        depth--;
        return value;
    }

    /** Executes statements until one of them leaves its loop. */
    Flow execute(List<Stmt> statements, Scope scope, TextBuilder out) {
        enter();
        Flow flow = Flow.ON;
        for (int i = 0; i < statements.size() && flow == Flow.ON; i++) {
            Stmt statement = statements.get(i);
            line = statement.line();
            budget.charge(1);
            flow = statement.execute(this, scope, out);
        }
        depth--;
        return flow;
    }

    /** Executes a body in a scope of its own inside of {@code outer}. */
    Flow execute(Body body, @Nullable Scope outer, TextBuilder out) {
        return execute(body.statements(), enter(outer, body.symbols()), out);
    }

    /** A scope for a block, in which what it sets first is not there yet. */
    Scope enter(@Nullable Scope outer, Symbols symbols) {
        Scope scope = new Scope(outer, symbols);
        List<String> setFirst = symbols.setFirst();
        for (int i = 0; i < setFirst.size(); i++) {
            String name = setFirst.get(i);
            if (given(name) != null && !scope.isNamedOutside(name)) {
                scope.set(name, Undefined.variable(name));
            }
        }
        return scope;
    }

    // An error ends the whole rendering, so nothing has to restore the depth then.
    private void enter() {
        budget.charge(1);
        if (++depth > Limits.EVALUATION_DEPTH) {
            throw PythonException.limit(
                    "the chat template is nested deeper than " + Limits.EVALUATION_DEPTH + " levels");
        }
    }

    Value variable(Scope scope, String name) {
        Value value = scope.find(name);
        if (value == null) {
            value = given(name);
        }
        return value != null ? value : Undefined.variable(name);
    }

    /** The variable that the rendering was given, or the global function. */
    private @Nullable Value given(String name) {
        Value value = context.get(name);
        return value != null ? value : Globals.find(name, this);
    }

    /** Calls {@code callee}, charging for what the call makes. */
    Value call(Value callee, Args args) {
        if (callee instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!(callee instanceof Opaque function)) {
            throw PythonException.typeError("'" + callee.typeName() + "' object is not callable");
        }
        if (function instanceof Function method) {
            budget.chargeScan(method.receiver());
            args.positional().forEach(budget::chargeScan);
        }
        return paid(function.call(args));
    }

    /** {@code value}, after charging for having made it. */
    Value paid(Value value) {
        budget.chargeCopy(value);
        return value;
    }

    /** The items of a value, a step each; a TypeError if it has none. */
    Iterator<Value> iterate(Value value) {
        Iterator<Value> items = value.iterate();
        if (items == null) {
            throw PythonException.typeError("'" + value.typeName() + "' object is not iterable");
        }
        return budget.metered(items);
    }
}
