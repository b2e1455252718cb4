package org.llmspell.engine.template.jinja;

import java.time.LocalDateTime;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/** A Jinja template that has been parsed. Immutable and thread-safe. */
public final class Template {
    /** A rendering that failed, and where. */
    public static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final PythonException.Type type;
        private final int line;

        Failure(PythonException cause, int line) {
            super(cause.getMessage(), cause, false, false);
            this.type = cause.type();
            this.line = line;
        }

        public PythonException.Type type() {
            return type;
        }

        /** 1-based. */
        public int line() {
            return line;
        }
    }

    private final Body body;

    private Template(Body body) {
        this.body = body;
    }

    /**
     * Parses a template.
     *
     * @param trimBlocks drop the line break right after a block
     * @param lstripBlocks drop blanks from the start of a line to a block
     * @throws SyntaxException if it does not parse
     */
    public static Template parse(String source, boolean trimBlocks, boolean lstripBlocks) {
        return new Template(Body.of(List.of(), Parser.parse(new Lexer(source, trimBlocks, lstripBlocks))));
    }

    /** The variables that it reads anywhere, its own among them. */
    public Set<String> names() {
        Set<String> names = new HashSet<>();
        Deque<Node> pending = new ArrayDeque<>(body.statements());
        while (!pending.isEmpty()) {
            Node node = pending.pop();
            if (node instanceof Expr.Name variable) {
                names.add(variable.name());
            }
            node.children().forEach(pending::push);
        }
        return names;
    }

    /**
     * Renders the template.
     *
     * @param context the variables
     * @param now what {@code strftime_now} writes
     * @throws Failure if it raises an exception, uses what is not there, or passes a limit
     */
    public Text render(Map<String, Value> context, LocalDateTime now) {
        Evaluation evaluation = new Evaluation(context, now);
        TextBuilder out = new TextBuilder();
        try {
            evaluation.execute(body, null, out);
            return out.build();
        } catch (PythonException e) {
            throw new Failure(e, evaluation.line());
        }
    }
}
