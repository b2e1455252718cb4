package org.llmspell.engine.reply;

import java.util.List;

/**
 * Takes one reply apart while it is made: text goes on at once, what may begin a marker is held back, a call comes out when
 * it is whole, and a broken call comes out as text. How the reply is cut into pieces makes no difference to what comes out,
 * neighbouring texts joined. Not thread-safe.
 */
public interface ReplyReader {
    /** What is certain after {@code text}. */
    List<ReplyPart> next(String text);

    /** What was held back, once no more follows. */
    List<ReplyPart> finish();
}
