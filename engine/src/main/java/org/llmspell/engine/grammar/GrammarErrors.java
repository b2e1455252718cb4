package org.llmspell.engine.grammar;

import java.util.List;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;

/** What is said of a grammar or a schema that cannot be used: one line each, with foreign text quoted and cut. */
public final class GrammarErrors {
    private static final int LONGEST = 60;

    private GrammarErrors() {}

    /** The grammar, or the schema that it comes from, is wrong or asks for too much. */
    public static EngineException invalid(String message) {
        return new EngineException(Problem.INVALID_OPTION, message, List.of());
    }

    /** {@code text} in double quotes on one line, cut after {@value #LONGEST} characters. */
    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        int end = Math.min(text.length(), LONGEST);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                quoted.append("\\n");
            } else if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append(end < text.length() ? "…" : "").append('"').toString();
    }
}
