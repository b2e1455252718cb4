package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.OneShot;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/**
 * {@code {% for target in items if test recursive %}…{% else %}…{% endfor %}}.
 *
 * @param test null for none
 * @param otherwise executed if no round came to the end of the body
 * @param usesLoop whether the body asks for {@code loop}
 */
record ForLoop(
        Target target,
        Expr items,
        @Nullable Expr test,
        Symbols testSymbols,
        boolean recursive,
        Body body,
        Body otherwise,
        boolean usesLoop,
        int line)
        implements Stmt {

    @Override
    public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
        Value iterable = evaluation.evaluate(items, scope);
        return run(evaluation, scope, out, iterable, 0);
    }

    /** Renders the loop over other items, for {@code loop(items)} in a recursive one. */
    Text recurse(Evaluation evaluation, Scope scope, Value iterable, int depth) {
        int calledFrom = evaluation.line();
        TextBuilder out = new TextBuilder();
        run(evaluation, scope, out, iterable, depth);
        evaluation.at(calledFrom);
        return out.build();
    }

    private Flow run(Evaluation evaluation, Scope scope, TextBuilder out, Value iterable, int depth) {
        evaluation.at(line);
        Iterator<Value> rounds = evaluation.iterate(iterable);
        Value source = iterable;
        if (test != null) {
            rounds = tested(evaluation, scope, rounds, test);
            source = new OneShot("generator", iterable, rounds);
        }
        LoopContext loop = usesLoop ? new LoopContext(this, evaluation, scope, source, rounds, depth) : null;
        Iterator<Value> driver = loop != null ? loop : rounds;
        boolean finished = false;
        while (driver.hasNext()) {
            Scope inner = evaluation.enter(scope, body.symbols());
            target.assign(evaluation, inner, driver.next());
            if (loop != null) {
                inner.set("loop", loop);
            }
            Flow flow = evaluation.execute(body.statements(), inner, out);
            if (flow == Flow.BREAK) {
                break;
            }
            // Jinja notes a round only at the end of the body, so one cut short does not count for the else branch.
            finished |= flow == Flow.ON;
        }
        return finished || otherwise.statements().isEmpty() ? Flow.ON : evaluation.execute(otherwise, scope, out);
    }

    /** The items for which the test holds, tested when they are asked for. */
    private Iterator<Value> tested(Evaluation evaluation, Scope scope, Iterator<Value> from, Expr condition) {
        return new Iterator<>() {
            private @Nullable Value next;

            @Override
            public boolean hasNext() {
                while (next == null && from.hasNext()) {
                    // Jinja's generated code passes on what it unpacked, not the item itself.
                    Value item = from.next();
                    Value candidate = target instanceof Target.Unpacking unpacking ? unpacking.packed(item) : item;
                    Scope inner = new Scope(scope, testSymbols);
                    target.assign(evaluation, inner, candidate);
                    if (evaluation.evaluate(condition, inner).truthy()) {
                        next = candidate;
                    }
                }
                return next != null;
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
        };
    }

    @Override
    public List<Node> children() {
        List<Node> children = new ArrayList<>();
        children.add(items);
        children.add(target);
        if (test != null) {
            children.add(test);
        }
        children.addAll(body.statements());
        children.addAll(otherwise.statements());
        return children;
    }
}
