package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.TextBuilder;

/**
 * {@code {% macro name(parameters) %}…{% endmacro %}}.
 *
 * @param defaults one per parameter, null where it has none
 * @param usesCaller whether the body asks for {@code caller}, as far as that is no parameter
 * @param usesKwargs whether the body asks for {@code kwargs}: only then further named arguments are allowed
 * @param usesVarargs the same for {@code varargs} and positional arguments
 */
record MacroDefinition(
        String name,
        List<String> parameters,
        List<@Nullable Expr> defaults,
        Body body,
        boolean usesCaller,
        boolean usesKwargs,
        boolean usesVarargs,
        int line)
        implements Stmt {

    @Override
    public Flow execute(Evaluation evaluation, Scope scope, TextBuilder out) {
        scope.set(name, new Macro(this, evaluation, scope));
        return Flow.ON;
    }

    @Override
    public List<Node> children() {
        List<Node> children = new ArrayList<>();
        for (Expr expr : defaults) {
            if (expr != null) {
                children.add(expr);
            }
        }
        children.addAll(body.statements());
        return children;
    }
}
