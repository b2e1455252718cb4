package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Function;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.Opaque;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** The variable {@code loop}. It drives the loop itself, since {@code loop.nextitem} looks one item ahead. */
final class LoopContext extends Opaque implements Iterator<Value> {
    private final ForLoop definition;
    private final Evaluation evaluation;
    private final Scope outer;
    private final Value source;
    private final int depth;
    private Iterator<Value> items;
    private int index0 = -1;
    private int length = -1;
    private @Nullable Value ahead;
    private @Nullable Value current;
    private @Nullable Value before;
    private @Nullable Value lastChanged;

    LoopContext(
            ForLoop definition, Evaluation evaluation, Scope outer, Value source, Iterator<Value> items, int depth) {
        this.definition = definition;
        this.evaluation = evaluation;
        this.outer = outer;
        this.source = source;
        this.items = items;
        this.depth = depth;
    }

    @Override
    public boolean hasNext() {
        return ahead != null || items.hasNext();
    }

    @Override
    public Value next() {
        Value value = ahead != null ? ahead : items.next();
        ahead = null;
        index0++;
        before = current;
        current = value;
        return value;
    }

    private @Nullable Value peek() {
        if (ahead == null && items.hasNext()) {
            ahead = items.next();
        }
        return ahead;
    }

    @Override
    public int length() {
        if (length < 0) {
            length = source.length();
        }
        if (length < 0) {
            List<Value> rest = new ArrayList<>();
            items.forEachRemaining(rest::add);
            items = rest.iterator();
            length = rest.size() + index0 + 1 + (ahead != null ? 1 : 0);
        }
        return length;
    }

    @Override
    public @Nullable Value attribute(String name) {
        switch (name) {
            case "index":
                return Int.of(index0 + 1L);
            case "index0":
                return Int.of(index0);
            case "revindex":
                return Int.of((long) length() - index0);
            case "revindex0":
                return Int.of((long) length() - index0 - 1);
            case "first":
                return Bool.of(index0 == 0);
            case "last":
                return Bool.of(peek() == null);
            case "length":
                return Int.of(length());
            case "depth":
                return Int.of(depth + 1L);
            case "depth0":
                return Int.of(depth);
            case "previtem":
                return index0 == 0 || before == null ? Undefined.because("there is no previous item") : before;
            case "nextitem":
                Value next = peek();
                return next == null ? Undefined.because("there is no next item") : next;
            case "cycle":
                return new Function(name, this::cycle);
            case "changed":
                return new Function(name, this::changed);
            default:
                return null;
        }
    }

    private Value cycle(Args args) {
        List<Value> values = args.plain("cycle", 0, Integer.MAX_VALUE);
        if (values.isEmpty()) {
            throw PythonException.typeError("no items for cycling given");
        }
        return values.get(index0 % values.size());
    }

    private Value changed(Args args) {
        Value values = Sequence.tuple(args.plain("changed", 0, Integer.MAX_VALUE));
        evaluation.budget().charge(values.weight());
        boolean changed = !values.equals(lastChanged);
        lastChanged = values;
        return Bool.of(changed);
    }

    @Override
    public boolean callable() {
        return true;
    }

    @Override
    public Value call(Args args) {
        Value iterable = args.plain("loop", 1, 1).get(0);
        if (!definition.recursive()) {
            throw PythonException.typeError("The loop must have the 'recursive' marker to be called recursively.");
        }
        return definition.recurse(evaluation, outer, iterable, depth + 1);
    }

    @Override
    public String typeName() {
        return "LoopContext";
    }

    @Override
    public String description() {
        return "jinja2.runtime.LoopContext object";
    }

    @Override
    public void repr(TextBuilder out) {
        out.append("<LoopContext " + (index0 + 1) + "/" + length() + ">");
    }

    @Override
    public @Nullable Iterator<Value> iterate() {
        return null;
    }
}
