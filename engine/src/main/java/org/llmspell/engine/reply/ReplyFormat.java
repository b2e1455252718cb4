package org.llmspell.engine.reply;

import java.util.List;
import java.util.stream.Stream;

/**
 * How a family of models writes calls.
 *
 * @param name of the family
 * @param signs a chat template that holds all of them is of this family
 * @param blocks the forms that a call may have
 * @param dropped markers around several calls, or around the answer, that say nothing
 * @param trailers what may stand behind a call and says nothing
 * @param within further markers inside of calls
 * @param ids what the family's templates take as the id of a call
 */
record ReplyFormat(
        String name,
        List<String> signs,
        List<Block> blocks,
        List<String> dropped,
        List<String> trailers,
        List<String> within,
        Ids ids) {

    /** The ids of calls. */
    enum Ids {
        /** Any; we give nine letters and digits, which Mistral's templates demand. */
        ANY,
        /** Nine letters and digits; others are replaced. */
        NINE,
        /** {@code functions.NAME:INDEX}, counted through the conversation, as Kimi writes them. */
        NUMBERED_NAME
    }

    /**
     * One form of a call.
     *
     * @param open what it begins with; a brace or bracket is itself part of the calls
     * @param close what it ends with; empty where it ends with its value
     * @param bare whether the opening is one that ordinary text may hold as well: it then counts at the beginning of a line
     *     only, and only if it calls tools that exist
     * @param syntax of what is between
     */
    record Block(String open, String close, boolean bare, CallSyntax syntax) {
        /** What of the opening is part of the calls. */
        String kept() {
            return open.endsWith("{") || open.endsWith("[") ? open.substring(open.length() - 1) : "";
        }
    }

    static ReplyFormat of(String name, List<String> signs, Block... blocks) {
        return new ReplyFormat(name, signs, List.of(blocks), List.of(), List.of(), List.of(), Ids.ANY);
    }

    ReplyFormat dropping(String... markers) {
        return new ReplyFormat(name, signs, blocks, List.of(markers), trailers, within, ids);
    }

    ReplyFormat trailing(String... texts) {
        return new ReplyFormat(name, signs, blocks, dropped, List.of(texts), within, ids);
    }

    ReplyFormat within(String... markers) {
        return new ReplyFormat(name, signs, blocks, dropped, trailers, List.of(markers), ids);
    }

    ReplyFormat with(Ids style) {
        return new ReplyFormat(name, signs, blocks, dropped, trailers, within, style);
    }

    /** This format, with the forms of another as well. */
    ReplyFormat and(ReplyFormat other) {
        return new ReplyFormat(
                name, signs, joined(blocks, other.blocks), dropped, joined(trailers, other.trailers), within, ids);
    }

    private static <T> List<T> joined(List<T> first, List<T> second) {
        return Stream.concat(first.stream(), second.stream()).distinct().toList();
    }

    boolean signedBy(String template) {
        return !signs.isEmpty() && signs.stream().allMatch(template::contains);
    }
}
