package org.llmspell.engine.template.jinja;

import java.util.ArrayDeque;
import java.util.Deque;
import org.llmspell.engine.template.value.Characters;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.Text;

/**
 * Cuts template source into tokens, one at a time, by the rules of Jinja's lexer with {@code trim_blocks} (a line break
 * right after a block is dropped) and {@code lstrip_blocks} (blanks from the line's start to a block are dropped) as
 * Hugging Face sets them.
 */
final class Lexer {
    private final String source;
    private final boolean trimBlocks;
    private final boolean lstripBlocks;
    private final Deque<Token> ready = new ArrayDeque<>();
    private final ExpressionLexer expressions;
    private int at;
    private int line = 1;
    private int lineCountedTo;
    /** Whether what was consumed last ended a line. */
    private boolean lineStarting = true;
    /** The kind of tag we are in; DATA outside of tags. */
    private Token.Kind inside = Token.Kind.DATA;

    Lexer(String source, boolean trimBlocks, boolean lstripBlocks) {
        String normalized =
                source.indexOf('\r') < 0 ? source : source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = normalized.endsWith("\n") ? normalized.substring(0, normalized.length() - 1) : normalized;
        this.trimBlocks = trimBlocks;
        this.lstripBlocks = lstripBlocks;
        this.expressions = new ExpressionLexer(this.source);
    }

    Token next() {
        while (ready.isEmpty()) {
            if (inside == Token.Kind.DATA) {
                data();
            } else {
                expression();
            }
        }
        return ready.remove();
    }

    private void emit(Token.Kind kind, String text) {
        ready.add(new Token(kind, text, None.NONE, line));
    }

    /** Consumes source up to {@code to}. */
    private void advance(int to) {
        at = to;
        if (to > 0) {
            lineStarting = source.charAt(to - 1) == '\n';
        }
        for (; lineCountedTo < to; lineCountedTo++) {
            if (source.charAt(lineCountedTo) == '\n') {
                line++;
            }
        }
    }

    private void data() {
        if (at >= source.length()) {
            emit(Token.Kind.EOF, "");
            return;
        }
        int tag = tagStart(at);
        if (tag < 0) {
            emit(Token.Kind.DATA, source.substring(at));
            advance(source.length());
            return;
        }
        char kind = source.charAt(tag + 1);
        char sign = sign(tag + 2);
        String text = stripped(source.substring(at, tag), sign, kind == '{');
        if (!text.isEmpty()) {
            emit(Token.Kind.DATA, text);
        }
        int body = tag + (sign == 0 ? 2 : 3);
        if (kind == '#') {
            comment(body);
            return;
        }
        int raw = kind == '%' ? rawBody(body) : -1;
        if (raw >= 0) {
            advance(raw);
            raw();
            return;
        }
        advance(body);
        inside = kind == '{' ? Token.Kind.VARIABLE_BEGIN : Token.Kind.BLOCK_BEGIN;
        emit(inside, "");
    }

    private int tagStart(int from) {
        for (int i = source.indexOf('{', from); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            char next = source.charAt(i + 1);
            if (next == '{' || next == '%' || next == '#') {
                return i;
            }
        }
        return -1;
    }

    private char sign(int index) {
        char sign = index < source.length() ? source.charAt(index) : 0;
        return sign == '-' || sign == '+' ? sign : 0;
    }

    private String stripped(String text, char sign, boolean variable) {
        if (sign == '-') {
            int end = text.length();
            while (end > 0 && Characters.isSpace(text.charAt(end - 1))) {
                end--;
            }
            return text.substring(0, end);
        }
        if (sign == '+' || !lstripBlocks || variable) {
            return text;
        }
        int lineStart = text.lastIndexOf('\n') + 1;
        if (lineStart == 0 && !lineStarting) {
            return text;
        }
        for (int i = lineStart; i < text.length(); i++) {
            if (!Characters.isSpace(text.charAt(i))) {
                return text;
            }
        }
        return text.substring(0, lineStart);
    }

    private void comment(int body) {
        int end = source.indexOf("#}", body);
        if (end < 0) {
            throw new SyntaxException("Missing end of comment tag", line);
        }
        advance(afterEnd(end, 2, end > body ? sign(end - 1) : 0, trimBlocks));
    }

    /** Where source goes on after an end tag of {@code length} with the white space control {@code sign} before it. */
    private int afterEnd(int end, int length, char sign, boolean trim) {
        int next = end + length;
        if (sign == '-') {
            return skipSpaces(next);
        }
        return sign == 0 && trim && next < source.length() && source.charAt(next) == '\n' ? next + 1 : next;
    }

    private int skipSpaces(int from) {
        int next = from;
        while (next < source.length() && Characters.isSpace(source.charAt(next))) {
            next++;
        }
        return next;
    }

    /** If a block whose inside starts at {@code body} is {@code raw}, where its text starts; else −1. */
    private int rawBody(int body) {
        int word = skipSpaces(body);
        if (!source.startsWith("raw", word)) {
            return -1;
        }
        int end = skipSpaces(word + 3);
        if (source.startsWith("-%}", end)) {
            return skipSpaces(end + 3);
        }
        return source.startsWith("%}", end) ? end + 2 : -1;
    }

    private void raw() {
        for (int tag = source.indexOf("{%", at); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
            char sign = sign(tag + 2);
            int word = skipSpaces(tag + (sign == 0 ? 2 : 3));
            if (!source.startsWith("endraw", word)) {
                continue;
            }
            int end = skipSpaces(word + 6);
            char endSign = sign(end);
            end += endSign == 0 ? 0 : 1;
            if (!source.startsWith("%}", end)) {
                continue;
            }
            String text = stripped(source.substring(at, tag), sign, false);
            if (!text.isEmpty()) {
                emit(Token.Kind.DATA, text);
            }
            advance(afterEnd(end, 2, endSign, trimBlocks));
            return;
        }
        throw new SyntaxException("Missing end of raw directive", line);
    }

    private void expression() {
        boolean variable = inside == Token.Kind.VARIABLE_BEGIN;
        if (expressions.balanced()) {
            String close = variable ? "}}" : "%}";
            char sign = sign(at);
            if (variable && sign == '+') {
                sign = 0;
            }
            int end = sign == 0 ? at : at + 1;
            if (source.startsWith(close, end)) {
                emit(variable ? Token.Kind.VARIABLE_END : Token.Kind.BLOCK_END, "");
                advance(afterEnd(end, 2, sign, trimBlocks && !variable));
                inside = Token.Kind.DATA;
                return;
            }
        }
        if (at >= source.length()) {
            emit(Token.Kind.EOF, "");
            return;
        }
        int afterSpaces = skipSpaces(at);
        if (afterSpaces > at) {
            advance(afterSpaces);
            return;
        }
        ready.add(expressions.next(at, line));
        advance(expressions.end());
    }

    /** The text of a string literal whose inside is {@code raw}, escapes resolved. */
    static Text unescaped(String raw, int line) {
        return Text.own(Escapes.resolve(raw, line));
    }
}
