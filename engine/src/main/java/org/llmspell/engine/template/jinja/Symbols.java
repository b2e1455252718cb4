package org.llmspell.engine.template.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The variables that a block with a scope of its own names. Jinja decides when it compiles a block where each of its
 * variables comes from: one that the block sets for certain before it reads it, and that no block around it names, is not
 * there until it is set, even if the rendering was given a variable of that name. Macros and loops inside of the block
 * can tell. (See {@code jinja2.idtracking}.)
 *
 * @param named all that the block itself names; blocks inside of it have their own
 * @param setFirst those of them that it sets for certain before it reads them
 */
record Symbols(Set<String> named, List<String> setFirst) {
    /**
     * The symbols of a block.
     *
     * @param parameters what is set from outside, such as the target of a loop
     * @param defaults read before the body, such as the default values of parameters; null ones are skipped
     */
    static Symbols of(List<String> parameters, List<@Nullable Expr> defaults, List<Stmt> body) {
        Symbols symbols = new Symbols(new HashSet<>(parameters), new ArrayList<>(0));
        for (Expr expr : defaults) {
            if (expr != null) {
                symbols.read(expr);
            }
        }
        body.forEach(statement -> symbols.visit(statement, false));
        return symbols;
    }

    /** The symbols of a condition. */
    static Symbols of(List<String> parameters, Expr condition) {
        Symbols symbols = new Symbols(new HashSet<>(parameters), List.of());
        symbols.read(condition);
        return symbols;
    }

    private void visit(Stmt statement, boolean conditional) {
        if (statement instanceof Stmt.Output output) {
            read(output.expr());
        } else if (statement instanceof Stmt.Assignment assignment) {
            read(assignment.value());
            write(assignment.target(), conditional);
        } else if (statement instanceof Stmt.SetBlock block) {
            write(block.target(), conditional);
        } else if (statement instanceof Stmt.If branches) {
            branches.tests().forEach(this::read);
            branches.bodies().forEach(body -> body.forEach(inner -> visit(inner, true)));
        } else if (statement instanceof ForLoop loop) {
            read(loop.items());
        } else if (statement instanceof MacroDefinition macro) {
            write(macro.name(), conditional);
        } else if (statement instanceof Stmt.With with) {
            with.values().forEach(this::read);
        } else if (statement instanceof Stmt.CallBlock block) {
            read(block.call());
        } else if (statement instanceof Stmt.FilterBlock block) {
            read(block.filters());
        }
    }

    // Without recursion, since this comes before the check that expressions are not too deep for it.
    private void read(Expr expr) {
        Deque<Node> pending = new ArrayDeque<>();
        pending.push(expr);
        while (!pending.isEmpty()) {
            Node node = pending.pop();
            if (node instanceof Expr.Name variable) {
                named.add(variable.name());
            }
            node.children().forEach(pending::push);
        }
    }

    private void write(Target target, boolean conditional) {
        if (target instanceof Target.Attribute attribute) {
            named.add(attribute.namespace());
        } else {
            target.names().forEach(name -> write(name, conditional));
        }
    }

    private void write(String name, boolean conditional) {
        if (named.add(name) && !conditional) {
            setFirst.add(name);
        }
    }
}
