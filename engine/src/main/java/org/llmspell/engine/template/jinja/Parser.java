package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Text;

/** Parses a template: the statements, and what is between them. */
final class Parser {
    private static final String NO_OTHER_TEMPLATES = " is not supported: a chat template stands alone";

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private final Set<String> blocks = new HashSet<>();
    /** How many loops {@code break} could leave here. */
    private int loops;

    private Parser(Lexer lexer) {
        this.tokens = new TokenStream(lexer);
        this.expressions = new ExpressionParser(tokens);
    }

    /**
     * The statements of a template.
     *
     * @throws SyntaxException if it does not parse
     */
    static List<Stmt> parse(Lexer lexer) {
        Parser parser = new Parser(lexer);
        List<Stmt> body = parser.body();
        if (!parser.tokens.is(Token.Kind.EOF)) {
            throw parser.tokens.fail("unexpected end of the template's text");
        }
        SyntaxChecks.check(body);
        return body;
    }

    /** Statements up to the end or to a block named as one of {@code ends}, whose name is then the current token. */
    private List<Stmt> body(String... ends) {
        tokens.enter();
        List<Stmt> body = new ArrayList<>();
        while (true) {
            Token token = tokens.current();
            switch (token.kind()) {
                case DATA:
                    body.add(new Stmt.Data(Text.own(tokens.take().text()), token.line()));
                    break;
                case VARIABLE_BEGIN:
                    tokens.take();
                    body.add(new Stmt.Output(expressions.tuple(true, false, null), token.line()));
                    tokens.expect(Token.Kind.VARIABLE_END);
                    break;
                case BLOCK_BEGIN:
                    tokens.take();
                    for (String end : ends) {
                        if (tokens.current().isName(end)) {
                            tokens.leave();
                            return body;
                        }
                    }
                    statement(body);
                    tokens.expect(Token.Kind.BLOCK_END);
                    break;
                default:
                    if (ends.length > 0) {
                        throw tokens.fail("unexpected end of template: a block is open, expected '"
                                + String.join("' or '", ends) + "'");
                    }
                    tokens.leave();
                    return body;
            }
        }
    }

    /** The rest of a tag, then a body up to one of {@code ends}. */
    private List<Stmt> block(String... ends) {
        tokens.skipOperator(":");
        tokens.expect(Token.Kind.BLOCK_END);
        return body(ends);
    }

    private List<Stmt> closedBlock(String end) {
        List<Stmt> body = block(end);
        tokens.take();
        return body;
    }

    private Body closedBody(List<String> parameters, String end) {
        return Body.of(parameters, closedBlock(end));
    }

    private void statement(List<Stmt> into) {
        Token tag = tokens.current();
        if (tag.kind() != Token.Kind.NAME) {
            throw tokens.fail("tag name expected");
        }
        int line = tokens.take().line();
        switch (tag.text()) {
            case "set":
                into.add(set(line));
                break;
            case "if":
                into.add(ifs(line));
                break;
            case "for":
                into.add(loop(line));
                break;
            case "macro":
                into.add(macro(line));
                break;
            case "call":
                into.add(call(line));
                break;
            case "filter":
                Expr.FilterCall filters = filters(expressions.filter(noInput(line)));
                into.add(new Stmt.FilterBlock(filters, closedBody(List.of(), "endfilter"), line));
                break;
            case "with":
                into.add(with(line));
                break;
            case "break":
            case "continue":
                into.add(leave(tag, line));
                break;
            case "generation":
                into.add(new Stmt.Section(true, outsideLoops(List.of(), List.of(), "endgeneration"), line));
                break;
            case "block":
                into.add(namedBlock(line));
                break;
            case "print":
                print(into, line);
                break;
            case "include":
            case "import":
            case "from":
            case "extends":
                throw new SyntaxException("{% " + tag.text() + " %}" + NO_OTHER_TEMPLATES, line);
            case "autoescape":
                throw new SyntaxException(
                        "{% autoescape %} is not supported: a chat template does not make HTML", line);
            default:
                throw new SyntaxException("Encountered unknown tag '" + tag.text() + "'.", line);
        }
    }

    private Stmt set(int line) {
        Target target = target(null, true);
        if (tokens.skipOperator("=")) {
            return new Stmt.Assignment(target, expressions.tuple(true, false, null), line);
        }
        Expr.FilterCall filters = null;
        if (tokens.skipOperator("|")) {
            filters = filters(expressions.filter(noInput(line)));
        }
        return new Stmt.SetBlock(target, filters, closedBody(List.of(), "endset"), line);
    }

    private static Expr noInput(int line) {
        return new Expr.Literal(Text.EMPTY, line);
    }

    /** Further filters after {@code first}. */
    private Expr.FilterCall filters(Expr.FilterCall first) {
        Expr.FilterCall chain = first;
        while (tokens.skipOperator("|")) {
            chain = expressions.filter(chain);
        }
        return chain;
    }

    private Stmt ifs(int line) {
        List<Expr> tests = new ArrayList<>();
        List<List<Stmt>> bodies = new ArrayList<>();
        while (true) {
            tests.add(expressions.tuple(false, false, null));
            bodies.add(block("elif", "else", "endif"));
            Token end = tokens.take();
            if (end.isName("else")) {
                bodies.add(closedBlock("endif"));
                return new Stmt.If(tests, bodies, line);
            }
            if (end.isName("endif")) {
                return new Stmt.If(tests, bodies, line);
            }
        }
    }

    private Stmt loop(int line) {
        Target target = target("in", false);
        tokens.expectName("in");
        Expr items = expressions.tuple(false, false, "recursive");
        Expr test = tokens.skipName("if") ? expressions.expression(true) : null;
        boolean recursive = tokens.skipName("recursive");
        loops++;
        List<Stmt> body = block("endfor", "else");
        loops--;
        List<Stmt> otherwise = tokens.take().isName("else") ? closedBlock("endfor") : List.of();
        List<String> parameters = new ArrayList<>(target.names());
        Symbols testSymbols = Symbols.of(parameters, test == null ? items : test);
        boolean usesLoop = recursive || SyntaxChecks.asksFor(body, "loop");
        if (usesLoop) {
            parameters.add("loop");
        }
        return new ForLoop(
                target,
                items,
                test,
                testSymbols,
                recursive,
                Body.of(parameters, body),
                Body.of(List.of(), otherwise),
                usesLoop,
                line);
    }

    private Stmt leave(Token tag, int line) {
        if (loops == 0) {
            throw new SyntaxException("'" + tag.text() + "' outside loop", line);
        }
        return new Stmt.Leave("break".equals(tag.text()) ? Flow.BREAK : Flow.CONTINUE, line);
    }

    private Stmt macro(int line) {
        String name = tokens.expect(Token.Kind.NAME).text();
        return macroRest(name, line, "endmacro");
    }

    private MacroDefinition macroRest(String name, int line, String end) {
        List<String> parameters = new ArrayList<>();
        List<@Nullable Expr> defaults = new ArrayList<>();
        parameters(parameters, defaults);
        return macroRest(name, parameters, defaults, line, end);
    }

    private MacroDefinition macroRest(
            String name, List<String> parameters, List<@Nullable Expr> defaults, int line, String end) {
        Body body = outsideLoops(parameters, defaults, end);
        int caller = parameters.indexOf("caller");
        boolean asksCaller = SyntaxChecks.asksFor(body.statements(), "caller");
        if (asksCaller && caller >= 0 && defaults.get(caller) == null) {
            throw new SyntaxException(
                    "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a"
                            + " default.",
                    line);
        }
        return new MacroDefinition(
                name,
                parameters,
                defaults,
                body,
                asksCaller && caller < 0,
                !parameters.contains("kwargs") && SyntaxChecks.asksFor(body.statements(), "kwargs"),
                !parameters.contains("varargs") && SyntaxChecks.asksFor(body.statements(), "varargs"),
                line);
    }

    private void parameters(List<String> parameters, List<@Nullable Expr> defaults) {
        tokens.expectOperator("(");
        boolean optional = false;
        while (!tokens.current().isOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            String name = assignable(tokens.expect(Token.Kind.NAME)).text();
            if (parameters.contains(name)) {
                throw tokens.fail("duplicate argument '" + name + "' in macro definition");
            }
            parameters.add(name);
            if (tokens.skipOperator("=")) {
                defaults.add(expressions.expression(true));
                optional = true;
            } else if (optional) {
                throw tokens.fail("non-default argument follows default argument");
            } else {
                defaults.add(null);
            }
        }
        tokens.expectOperator(")");
    }

    /** A body that is a function of its own, so that it cannot leave a loop around it. */
    private Body outsideLoops(List<String> parameters, List<@Nullable Expr> defaults, String end) {
        int around = loops;
        loops = 0;
        List<Stmt> parsed = closedBlock(end);
        loops = around;
        return new Body(parsed, Symbols.of(parameters, defaults, parsed));
    }

    private Stmt call(int line) {
        List<String> parameters = new ArrayList<>();
        List<@Nullable Expr> defaults = new ArrayList<>();
        if (tokens.current().isOperator("(")) {
            parameters(parameters, defaults);
        }
        if (!(expressions.expression(true) instanceof Expr.Call call)) {
            throw new SyntaxException("expected call", line);
        }
        return new Stmt.CallBlock(call, macroRest("caller", parameters, defaults, line, "endcall"), line);
    }

    private Stmt with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.is(Token.Kind.BLOCK_END)) {
            if (!targets.isEmpty()) {
                tokens.expectOperator(",");
            }
            targets.add(target(null, false));
            tokens.expectOperator("=");
            values.add(expressions.expression(true));
        }
        List<String> names = new ArrayList<>();
        targets.forEach(target -> names.addAll(target.names()));
        return new Stmt.With(targets, values, closedBody(names, "endwith"), line);
    }

    private Stmt namedBlock(int line) {
        String name = tokens.expect(Token.Kind.NAME).text();
        if (!blocks.add(name)) {
            throw new SyntaxException("block '" + name + "' defined twice", line);
        }
        boolean scoped = tokens.skipName("scoped");
        if (tokens.current().isName("required")) {
            throw new SyntaxException("{% block required %}" + NO_OTHER_TEMPLATES, line);
        }
        Body body = outsideLoops(List.of(), List.of(), "endblock");
        tokens.skipName(name);
        return new Stmt.Section(scoped, body, line);
    }

    private void print(List<Stmt> into, int line) {
        boolean first = true;
        while (!tokens.is(Token.Kind.BLOCK_END)) {
            if (!first) {
                tokens.expectOperator(",");
            }
            first = false;
            into.add(new Stmt.Output(expressions.expression(true), line));
        }
    }

    /** What is assigned to: a name, a tuple of them, or where {@code attributes} also those of namespaces. */
    private Target target(@Nullable String end, boolean attributes) {
        int line = tokens.current().line();
        List<Target> targets = new ArrayList<>();
        boolean tuple = false;
        while (!expressions.atTupleEnd(end)) {
            targets.add(singleTarget(attributes));
            if (!tokens.skipOperator(",")) {
                break;
            }
            tuple = true;
        }
        if (targets.isEmpty()) {
            throw tokens.fail("Expected an expression, got '" + tokens.current().description() + "'");
        }
        return tuple ? new Target.Unpacking(targets, line) : targets.get(0);
    }

    private Target singleTarget(boolean attributes) {
        if (attributes && tokens.is(Token.Kind.NAME) && tokens.look().isOperator(".")) {
            Token namespace = tokens.take();
            tokens.take();
            return new Target.Attribute(
                    namespace.text(), tokens.expect(Token.Kind.NAME).text(), namespace.line());
        }
        return asTarget(expressions.primary());
    }

    private Target asTarget(Expr expr) {
        if (expr instanceof Expr.Name name) {
            return new Target.Variable(name.name(), name.line());
        }
        if (expr instanceof Expr.Items items && items.tuple()) {
            List<Target> targets = new ArrayList<>();
            for (Expr item : items.items()) {
                targets.add(asTarget(item));
            }
            return new Target.Unpacking(targets, items.line());
        }
        throw new SyntaxException("can't assign to this expression", expr.line());
    }

    private static Token assignable(Token name) {
        switch (name.text()) {
            case "true":
            case "false":
            case "none":
            case "True":
            case "False":
            case "None":
                throw new SyntaxException("can't assign to '" + name.text() + "'", name.line());
            default:
                return name;
        }
    }
}
