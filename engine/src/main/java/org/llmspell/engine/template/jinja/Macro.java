package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Opaque;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** A macro that can be called; it sees the variables of where it was defined, as they are when it is called. */
final class Macro extends Opaque {
    private final MacroDefinition definition;
    private final Evaluation evaluation;
    private final Scope outer;

    Macro(MacroDefinition definition, Evaluation evaluation, Scope outer) {
        this.definition = definition;
        this.evaluation = evaluation;
        this.outer = outer;
    }

    @Override
    public boolean callable() {
        return true;
    }

    @Override
    public Value call(Args args) {
        int line = evaluation.line();
        Scope scope = evaluation.enter(outer, definition.body().symbols());
        bind(args, scope);
        TextBuilder out = new TextBuilder();
        evaluation.execute(definition.body().statements(), scope, out);
        evaluation.at(line);
        return out.build();
    }

    private void bind(Args args, Scope scope) {
        List<String> parameters = definition.parameters();
        List<Value> positional = args.positional();
        Map<String, Value> named = new LinkedHashMap<>(args.named());
        boolean[] missing = new boolean[parameters.size()];
        for (int i = 0; i < parameters.size(); i++) {
            String name = parameters.get(i);
            Value value = i < positional.size() ? positional.get(i) : named.remove(name);
            missing[i] = value == null;
            scope.set(name, value != null ? value : Undefined.variable(name));
        }
        if (definition.usesCaller()) {
            Value caller = named.remove("caller");
            scope.set("caller", caller != null ? caller : Undefined.because("No caller defined"));
        }
        List<Value> rest = positional.subList(Math.min(parameters.size(), positional.size()), positional.size());
        bindRest(named, rest, scope);
        for (int i = 0; i < missing.length; i++) {
            if (missing[i]) {
                Expr fallback = definition.defaults().get(i);
                scope.set(
                        parameters.get(i),
                        fallback != null
                                ? evaluation.evaluate(fallback, scope)
                                : Undefined.because("parameter '" + parameters.get(i) + "' was not provided"));
            }
        }
    }

    private void bindRest(Map<String, Value> named, List<Value> positional, Scope scope) {
        if (definition.usesKwargs()) {
            LinkedHashMap<Value, Value> kwargs = new LinkedHashMap<>();
            named.forEach((name, value) -> kwargs.put(Text.own(name), value));
            scope.set("kwargs", new Dict(kwargs));
        } else if (named.containsKey("caller")) {
            throw PythonException.typeError("macro '" + definition.name()
                    + "' was invoked with two values for the special caller argument. This is most likely a bug.");
        } else if (!named.isEmpty()) {
            throw PythonException.typeError("macro '" + definition.name() + "' takes no keyword argument '"
                    + named.keySet().iterator().next() + "'");
        }
        if (definition.usesVarargs()) {
            scope.set("varargs", Sequence.tuple(List.copyOf(positional)));
        } else if (!positional.isEmpty()) {
            throw PythonException.typeError("macro '" + definition.name() + "' takes not more than "
                    + definition.parameters().size() + " argument(s)");
        }
    }

    @Override
    public @Nullable Value attribute(String name) {
        switch (name) {
            case "name":
                return Text.own(definition.name());
            case "arguments":
                List<Value> names = new ArrayList<>();
                definition.parameters().forEach(parameter -> names.add(Text.own(parameter)));
                return Sequence.tuple(names);
            case "catch_kwargs":
                return Bool.of(definition.usesKwargs());
            case "catch_varargs":
                return Bool.of(definition.usesVarargs());
            case "caller":
                return Bool.of(definition.usesCaller());
            default:
                return null;
        }
    }

    @Override
    public String typeName() {
        return "Macro";
    }

    @Override
    public String description() {
        return "jinja2.runtime.Macro object";
    }

    @Override
    public void repr(TextBuilder out) {
        out.append("<Macro '" + definition.name() + "'>");
    }
}
