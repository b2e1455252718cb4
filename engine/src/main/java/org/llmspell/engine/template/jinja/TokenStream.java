package org.llmspell.engine.template.jinja;

import org.jspecify.annotations.Nullable;

/** The tokens of a template with one token of look-ahead, and a bound on how deep the parser may recurse over them. */
final class TokenStream {
    /** Brackets, blocks and other constructs in one another; Python's own parser stops at 200 brackets. */
    private static final int NESTING = 100;

    private final Lexer lexer;
    private Token current;
    private @Nullable Token ahead;
    private int nesting;

    TokenStream(Lexer lexer) {
        this.lexer = lexer;
        this.current = lexer.next();
    }

    Token current() {
        return current;
    }

    /** The token after the current one. */
    Token look() {
        if (ahead == null) {
            ahead = lexer.next();
        }
        return ahead;
    }

    /** Goes one token on and returns the one that was current. */
    Token take() {
        Token taken = current;
        if (ahead != null) {
            current = ahead;
            ahead = null;
        } else if (current.kind() != Token.Kind.EOF) {
            current = lexer.next();
        }
        return taken;
    }

    boolean is(Token.Kind kind) {
        return current.kind() == kind;
    }

    boolean skipName(String name) {
        if (current.isName(name)) {
            take();
            return true;
        }
        return false;
    }

    boolean skipOperator(String operator) {
        if (current.isOperator(operator)) {
            take();
            return true;
        }
        return false;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw unexpected(operator);
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected(name);
        }
    }

    Token expect(Token.Kind kind) {
        if (current.kind() != kind) {
            throw unexpected(
                    new Token(kind, kind == Token.Kind.NAME ? "name" : "", current.literal(), 0).description());
        }
        return take();
    }

    SyntaxException unexpected(String expected) {
        return current.kind() == Token.Kind.EOF
                ? fail("unexpected end of template, expected '" + expected + "'")
                : fail("expected token '" + expected + "', got '" + current.description() + "'");
    }

    SyntaxException fail(String message) {
        return new SyntaxException(message, current.line());
    }

    /** Notes a level of recursion; every call is matched by one of {@link #leave}. */
    void enter() {
        if (++nesting > NESTING) {
            throw fail("expressions or blocks are nested deeper than " + NESTING + " levels");
        }
    }

    void leave() {
        nesting--;
    }
}
