package org.llmspell.engine.tokenizer;

import java.util.List;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;

/** The error for a vocabulary that contradicts itself. */
final class BrokenVocabulary {
    private static final int SHOWN = 40;

    private BrokenVocabulary() {}

    static EngineException because(String reason) {
        return new EngineException(
                Problem.BROKEN_MODEL,
                "broken vocabulary: " + reason,
                List.of("Download the model again, or take another conversion of it."));
    }

    /** {@code piece} in quotes, short and on one line, whatever a hostile file put into it. */
    static String quote(String piece) {
        StringBuilder quoted = new StringBuilder("'");
        piece.codePoints()
                .limit(SHOWN)
                .forEach(point -> quoted.appendCodePoint(Character.isISOControl(point) ? 0xFFFD : point));
        return quoted.append(piece.length() > SHOWN ? "…'" : "'").toString();
    }
}
