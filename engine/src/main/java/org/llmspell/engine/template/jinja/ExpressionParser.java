package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.Text;

/** Parses expressions by recursive descent, with the precedences of Jinja 3.1. */
final class ExpressionParser {
    private final TokenStream tokens;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    /** An expression; an inline {@code if} only where {@code conditional}, since loops have an {@code if} of their own. */
    Expr expression(boolean conditional) {
        tokens.enter();
        Expr expr = conditional ? conditional() : or();
        tokens.leave();
        return expr;
    }

    private Expr conditional() {
        int line = tokens.current().line();
        Expr expr = or();
        while (tokens.skipName("if")) {
            Expr test = or();
            Expr otherwise = tokens.skipName("else") ? expression(true) : null;
            expr = new Expr.Conditional(test, expr, otherwise, line);
            line = tokens.current().line();
        }
        return expr;
    }

    private Expr or() {
        Expr left = and();
        while (tokens.current().isName("or")) {
            int line = tokens.take().line();
            left = new Expr.Junction(left, and(), false, line);
        }
        return left;
    }

    private Expr and() {
        Expr left = not();
        while (tokens.current().isName("and")) {
            int line = tokens.take().line();
            left = new Expr.Junction(left, not(), true, line);
        }
        return left;
    }

    private Expr not() {
        if (!tokens.current().isName("not")) {
            return comparison();
        }
        int line = tokens.take().line();
        tokens.enter();
        Expr operand = not();
        tokens.leave();
        return new Expr.Not(operand, line);
    }

    private Expr comparison() {
        int line = tokens.current().line();
        Expr first = sum();
        List<String> operators = new ArrayList<>(1);
        List<Expr> operands = new ArrayList<>(1);
        for (String operator = comparisonOperator(); operator != null; operator = comparisonOperator()) {
            operators.add(operator);
            operands.add(sum());
        }
        return operators.isEmpty() ? first : new Expr.Comparison(first, operators, operands, line);
    }

    private @Nullable String comparisonOperator() {
        Token token = tokens.current();
        if (token.kind() == Token.Kind.OPERATOR) {
            switch (token.text()) {
                case "==":
                case "!=":
                case "<":
                case "<=":
                case ">":
                case ">=":
                    return tokens.take().text();
                default:
                    return null;
            }
        }
        if (tokens.skipName("in")) {
            return "in";
        }
        if (token.isName("not") && tokens.look().isName("in")) {
            tokens.take();
            tokens.take();
            return "not in";
        }
        return null;
    }

    private Expr sum() {
        Expr left = concatenation();
        while (tokens.current().isOperator("+") || tokens.current().isOperator("-")) {
            Token operator = tokens.take();
            left = new Expr.Binary(operator.text(), left, concatenation(), operator.line());
        }
        return left;
    }

    private Expr concatenation() {
        int line = tokens.current().line();
        Expr first = product();
        if (!tokens.current().isOperator("~")) {
            return first;
        }
        List<Expr> operands = new ArrayList<>();
        operands.add(first);
        while (tokens.skipOperator("~")) {
            operands.add(product());
        }
        return new Expr.Concatenation(operands, line);
    }

    private Expr product() {
        Expr left = power();
        while (isProduct(tokens.current())) {
            Token operator = tokens.take();
            left = new Expr.Binary(operator.text(), left, power(), operator.line());
        }
        return left;
    }

    private static boolean isProduct(Token token) {
        return token.isOperator("*") || token.isOperator("/") || token.isOperator("//") || token.isOperator("%");
    }

    /** Unlike Python's, Jinja's power groups from the left. */
    private Expr power() {
        Expr left = unary(true);
        while (tokens.current().isOperator("**")) {
            int line = tokens.take().line();
            left = new Expr.Binary("**", left, unary(true), line);
        }
        return left;
    }

    private Expr unary(boolean withFilters) {
        Token token = tokens.current();
        Expr expr;
        if (token.isOperator("-") || token.isOperator("+")) {
            tokens.take();
            tokens.enter();
            expr = new Expr.Unary(token.isOperator("-"), unary(false), token.line());
            tokens.leave();
        } else {
            expr = primary();
        }
        expr = postfix(expr);
        return withFilters ? filtersAndTests(expr) : expr;
    }

    /** A name, literal or bracketed expression. */
    Expr primary() {
        Token token = tokens.current();
        switch (token.kind()) {
            case NAME:
                return named(tokens.take());
            case STRING:
                return strings();
            case LITERAL:
                return new Expr.Literal(tokens.take().literal(), token.line());
            case OPERATOR:
                return bracketed(token);
            default:
                throw tokens.fail("unexpected '" + token.description() + "'");
        }
    }

    private static Expr named(Token name) {
        switch (name.text()) {
            case "true":
            case "True":
                return new Expr.Literal(Bool.TRUE, name.line());
            case "false":
            case "False":
                return new Expr.Literal(Bool.FALSE, name.line());
            case "none":
            case "None":
                return new Expr.Literal(None.NONE, name.line());
            default:
                return new Expr.Name(name.text(), name.line());
        }
    }

    /** String literals side by side are one. */
    private Expr strings() {
        int line = tokens.current().line();
        StringBuilder chars = new StringBuilder();
        while (tokens.is(Token.Kind.STRING)) {
            chars.append(tokens.take().literal());
        }
        return new Expr.Literal(Text.own(chars.toString()), line);
    }

    private Expr bracketed(Token token) {
        switch (token.text()) {
            case "(":
                tokens.take();
                Expr inner = tuple(true, true, null);
                tokens.expectOperator(")");
                return inner;
            case "[":
                return list();
            case "{":
                return mapping();
            default:
                throw tokens.fail("unexpected '" + token.description() + "'");
        }
    }

    /**
     * Expressions with commas between them, which are a tuple, or one expression alone.
     *
     * @param mayBeEmpty whether nothing is a tuple too
     * @param end a name that ends it as well as a bracket or the tag does
     */
    Expr tuple(boolean conditional, boolean mayBeEmpty, @Nullable String end) {
        int line = tokens.current().line();
        List<Expr> items = new ArrayList<>();
        boolean tuple = false;
        while (!atTupleEnd(end)) {
            items.add(expression(conditional));
            if (!tokens.skipOperator(",")) {
                break;
            }
            tuple = true;
        }
        if (!tuple && items.size() == 1) {
            return items.get(0);
        }
        if (items.isEmpty() && !mayBeEmpty) {
            throw tokens.fail("Expected an expression, got '" + tokens.current().description() + "'");
        }
        return new Expr.Items(items, true, line);
    }

    boolean atTupleEnd(@Nullable String end) {
        return tokens.is(Token.Kind.VARIABLE_END)
                || tokens.is(Token.Kind.BLOCK_END)
                || tokens.current().isOperator(")")
                || (end != null && tokens.current().isName(end));
    }

    private Expr list() {
        int line = tokens.take().line();
        List<Expr> items = new ArrayList<>();
        while (!tokens.current().isOperator("]")) {
            items.add(expression(true));
            if (!tokens.skipOperator(",")) {
                break;
            }
        }
        tokens.expectOperator("]");
        return new Expr.Items(items, false, line);
    }

    private Expr mapping() {
        int line = tokens.take().line();
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.current().isOperator("}")) {
            keys.add(expression(true));
            tokens.expectOperator(":");
            values.add(expression(true));
            if (!tokens.skipOperator(",")) {
                break;
            }
        }
        tokens.expectOperator("}");
        return new Expr.Mapping(keys, values, line);
    }

    private Expr postfix(Expr start) {
        Expr expr = start;
        while (tokens.is(Token.Kind.OPERATOR)) {
            int line = tokens.current().line();
            switch (tokens.current().text()) {
                case ".":
                    expr = attribute(expr);
                    break;
                case "[":
                    expr = subscript(expr);
                    break;
                case "(":
                    expr = new Expr.Call(expr, arguments(), line);
                    break;
                default:
                    return expr;
            }
        }
        return expr;
    }

    private Expr filtersAndTests(Expr start) {
        Expr expr = start;
        while (true) {
            int line = tokens.current().line();
            if (tokens.current().isOperator("|")) {
                tokens.take();
                expr = filter(expr);
            } else if (tokens.current().isName("is")) {
                expr = test(expr);
            } else if (tokens.current().isOperator("(")) {
                expr = new Expr.Call(expr, arguments(), line);
            } else {
                return expr;
            }
        }
    }

    private Expr attribute(Expr owner) {
        int line = tokens.take().line();
        Token name = tokens.take();
        if (name.kind() == Token.Kind.NAME) {
            return new Expr.Attribute(owner, name.text(), line);
        }
        if (name.kind() != Token.Kind.LITERAL || "float".equals(name.literal().typeName())) {
            throw new SyntaxException("expected name or number", name.line());
        }
        return new Expr.Item(owner, new Expr.Literal(name.literal(), name.line()), line);
    }

    private Expr subscript(Expr owner) {
        int line = tokens.take().line();
        List<Expr> keys = new ArrayList<>(1);
        while (!tokens.current().isOperator("]")) {
            if (!keys.isEmpty()) {
                tokens.expectOperator(",");
            }
            Expr key = tokens.current().isOperator(":") ? null : expression(true);
            if (key != null && !tokens.current().isOperator(":")) {
                keys.add(key);
            } else if (keys.isEmpty()) {
                return slice(owner, key, line);
            } else {
                throw tokens.fail("a slice among several subscripts is not supported");
            }
        }
        tokens.expectOperator("]");
        return new Expr.Item(owner, keys.size() == 1 ? keys.get(0) : new Expr.Items(keys, true, line), line);
    }

    private Expr slice(Expr owner, @Nullable Expr start, int line) {
        tokens.expectOperator(":");
        Expr stop = atSliceEnd() ? null : expression(true);
        Expr step = tokens.skipOperator(":") && !atSliceEnd() ? expression(true) : null;
        tokens.expectOperator("]");
        return new Expr.Slice(owner, start, stop, step, line);
    }

    private boolean atSliceEnd() {
        return tokens.current().isOperator(":") || tokens.current().isOperator("]");
    }

    /** The arguments of a call, brackets included. */
    CallArgs arguments() {
        int line = tokens.current().line();
        tokens.expectOperator("(");
        List<Expr> positional = new ArrayList<>();
        Map<String, Expr> named = new LinkedHashMap<>();
        Expr star = null;
        Expr doubleStar = null;
        while (!tokens.current().isOperator(")")) {
            boolean valid;
            if (tokens.skipOperator("*")) {
                valid = star == null && doubleStar == null;
                star = expression(true);
            } else if (tokens.skipOperator("**")) {
                valid = doubleStar == null;
                doubleStar = expression(true);
            } else if (tokens.is(Token.Kind.NAME) && tokens.look().isOperator("=")) {
                String name = tokens.take().text();
                tokens.take();
                valid = doubleStar == null && named.put(name, expression(true)) == null;
            } else {
                valid = star == null && doubleStar == null && named.isEmpty();
                positional.add(expression(true));
            }
            if (!valid) {
                throw new SyntaxException("invalid syntax for function call expression", line);
            }
            if (!tokens.skipOperator(",")) {
                break;
            }
        }
        tokens.expectOperator(")");
        return positional.isEmpty() && named.isEmpty() && star == null && doubleStar == null
                ? CallArgs.NONE
                : new CallArgs(positional, named, star, doubleStar);
    }

    /** The filter whose name comes next, applied to {@code input}. */
    Expr.FilterCall filter(Expr input) {
        int line = tokens.current().line();
        String name = dottedName();
        CallArgs args = tokens.current().isOperator("(") ? arguments() : CallArgs.NONE;
        return new Expr.FilterCall(input, name, Filters.find(name), args, line);
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(tokens.expect(Token.Kind.NAME).text());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.expect(Token.Kind.NAME).text());
        }
        return name.toString();
    }

    private Expr test(Expr input) {
        int line = tokens.take().line();
        boolean negated = tokens.skipName("not");
        String name = dottedName();
        CallArgs args = CallArgs.NONE;
        if (tokens.current().isOperator("(")) {
            args = arguments();
        } else if (startsArgument(tokens.current())) {
            if (tokens.current().isName("is")) {
                throw tokens.fail("You cannot chain multiple tests with is");
            }
            tokens.enter();
            args = new CallArgs(List.of(postfix(primary())), Map.of(), null, null);
            tokens.leave();
        }
        Expr call = new Expr.TestCall(input, name, Tests.find(name), args, line);
        return negated ? new Expr.Not(call, line) : call;
    }

    private static boolean startsArgument(Token token) {
        switch (token.kind()) {
            case NAME:
                return !token.isName("else") && !token.isName("or") && !token.isName("and");
            case STRING:
            case LITERAL:
                return true;
            default:
                return token.isOperator("[") || token.isOperator("{");
        }
    }
}
