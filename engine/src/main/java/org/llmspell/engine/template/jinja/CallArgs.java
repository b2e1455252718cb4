package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/**
 * The arguments of a call as they are written.
 *
 * @param star what stands after {@code *}
 * @param doubleStar what stands after {@code **}
 */
@SuppressWarnings("ReferenceEquality") // identity is meant: single instances, and Python's own shortcut by it
record CallArgs(
        List<Expr> positional,
        Map<String, Expr> named,
        @Nullable Expr star,
        @Nullable Expr doubleStar) {
    static final CallArgs NONE = new CallArgs(List.of(), Map.of(), null, null);

    Args evaluate(Evaluation evaluation, Scope scope) {
        if (this == NONE) {
            return Args.NONE;
        }
        List<Value> values = new ArrayList<>(positional.size());
        for (Expr expr : positional) {
            values.add(evaluation.evaluate(expr, scope));
        }
        if (star != null) {
            evaluation.iterate(evaluation.evaluate(star, scope)).forEachRemaining(values::add);
        }
        if (named.isEmpty() && doubleStar == null) {
            return new Args(values, Map.of());
        }
        Map<String, Value> byName = new LinkedHashMap<>();
        for (Map.Entry<String, Expr> entry : named.entrySet()) {
            byName.put(entry.getKey(), evaluation.evaluate(entry.getValue(), scope));
        }
        if (doubleStar != null) {
            spread(evaluation.evaluate(doubleStar, scope), byName);
        }
        return new Args(values, byName);
    }

    /** Adds the entries of a mapping to arguments by name. */
    static void spread(Value mapping, Map<String, Value> byName) {
        if (!(mapping instanceof Dict dict)) {
            throw PythonException.typeError("argument after ** must be a mapping, not " + mapping.typeName());
        }
        for (Map.Entry<Value, Value> entry : dict.entries().entrySet()) {
            if (!(entry.getKey() instanceof Text name)) {
                throw PythonException.typeError("keywords must be strings");
            }
            if (byName.put(name.chars(), entry.getValue()) != null) {
                throw PythonException.typeError("got multiple values for keyword argument '" + name + "'");
            }
        }
    }

    void addTo(List<Node> children) {
        children.addAll(positional);
        children.addAll(named.values());
        if (star != null) {
            children.add(star);
        }
        if (doubleStar != null) {
            children.add(doubleStar);
        }
    }
}
