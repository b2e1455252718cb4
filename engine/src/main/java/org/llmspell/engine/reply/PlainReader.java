package org.llmspell.engine.reply;

import java.util.List;

/** Passes everything on as answer. */
final class PlainReader implements ReplyReader {
    @Override
    public List<ReplyPart> next(String text) {
        return text.isEmpty() ? List.of() : List.of(new ReplyPart.Answer(text));
    }

    @Override
    public List<ReplyPart> finish() {
        return List.of();
    }
}
