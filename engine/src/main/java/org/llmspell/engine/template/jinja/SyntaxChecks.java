package org.llmspell.engine.template.jinja;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.llmspell.engine.template.value.Limits;

/**
 * What Jinja checks between parsing and rendering. The tree is walked without recursion, since this is also what finds
 * out that it is not too deep for recursion: a long chain such as {@code a.b.c} is as deep as it is long.
 */
@SuppressWarnings("ReferenceEquality") // identity is meant: single instances, and Python's own shortcut by it
final class SyntaxChecks {
    /** Under the bound for evaluation, so that a template that passes can be rendered. */
    private static final int DEPTH = Limits.EVALUATION_DEPTH - 100;

    private record Visit(Node node, int depth, boolean soft) {}

    private SyntaxChecks() {}

    static void check(List<Stmt> template) {
        Deque<Visit> pending = new ArrayDeque<>();
        template.forEach(statement -> pending.push(new Visit(statement, 1, false)));
        while (!pending.isEmpty()) {
            Visit visit = pending.pop();
            Node node = visit.node;
            if (visit.depth > DEPTH) {
                throw new SyntaxException(
                        "expressions or blocks are nested deeper than " + DEPTH + " levels", node.line());
            }
            checkNode(node, visit.soft);
            for (Node child : node.children()) {
                pending.push(new Visit(child, visit.depth + 1, softness(node, child, visit.soft)));
            }
        }
    }

    private static void checkNode(Node node, boolean soft) {
        if (node instanceof Expr.FilterCall call && call.filter() == null) {
            if (Filters.isRefused(call.name())) {
                throw new SyntaxException(
                        "the filter '" + call.name() + "' is not supported in chat templates", call.line());
            }
            if (!soft) {
                throw new SyntaxException("No filter named '" + call.name() + "'.", call.line());
            }
        }
        if (node instanceof Expr.TestCall call && call.test() == null && !soft) {
            throw new SyntaxException("No test named '" + call.name() + "'.", call.line());
        }
        if (node instanceof ForLoop loop && stores(loop, "loop")) {
            throw new SyntaxException("Can't assign to special loop variable in for-loop target", loop.line());
        }
    }

    /** Inside of an if, Jinja leaves an unknown filter until it is used; a block with a scope of its own ends that. */
    private static boolean softness(Node parent, Node child, boolean soft) {
        if (parent instanceof Stmt.If || parent instanceof Expr.Conditional) {
            return true;
        }
        if (parent instanceof ForLoop loop) {
            return soft && child == loop.items();
        }
        if (parent instanceof Stmt.With with) {
            return soft && child instanceof Expr expr && with.values().contains(expr);
        }
        return soft
                && !(parent instanceof MacroDefinition
                        || parent instanceof Stmt.SetBlock
                        || parent instanceof Stmt.FilterBlock
                        || parent instanceof Stmt.Section);
    }

    private static boolean stores(Node root, String name) {
        Deque<Node> pending = new ArrayDeque<>();
        pending.push(root);
        while (!pending.isEmpty()) {
            Node node = pending.pop();
            if (node instanceof Target.Variable variable && variable.name().equals(name)) {
                return true;
            }
            // A loop inside of this one checks itself.
            if (node == root || !(node instanceof ForLoop)) {
                node.children().forEach(pending::push);
            }
        }
        return false;
    }

    /** Whether {@code body} uses the variable {@code name} before it sets it. */
    static boolean asksFor(List<Stmt> body, String name) {
        Deque<Node> pending = new ArrayDeque<>();
        body.reversed().forEach(pending::push);
        while (!pending.isEmpty()) {
            Node node = pending.pop();
            if (node instanceof Expr.Name variable && variable.name().equals(name)) {
                return true;
            }
            if (node instanceof Target.Variable variable && variable.name().equals(name)
                    || node instanceof MacroDefinition macro
                            && macro.parameters().contains(name)) {
                return false;
            }
            node.children().reversed().forEach(pending::push);
        }
        return false;
    }
}
