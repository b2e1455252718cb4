package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.reply.ReplyFormat.Block;

/** Finds in an answer the first marker of a format, or what may become one. Immutable. */
final class Markers {
    private final List<Marker> markers = new ArrayList<>();

    /** @param when where it counts */
    private record Marker(String text, When when, @Nullable Block block, boolean thinking) {
        Marker(String text, When when, @Nullable Block block) {
            this(text, when, block, false);
        }
    }

    private enum When {
        ANYWHERE,
        LINE_BEGINS,
        AFTER_CALL,
        MAY_THINK
    }

    /**
     * A marker in a text.
     *
     * @param at where it begins
     * @param length of the marker
     * @param whole whether all of it is there; else the text may end in its beginning
     * @param block the form of call that it opens; null for none
     * @param thinking whether it opens a thought
     */
    record Found(
            int at, int length, boolean whole, @Nullable Block block, boolean thinking) {}

    Markers(ReplyFormat format, ThinkingMarks thinking, boolean hasTools) {
        markers.add(new Marker(thinking.open(), thinking.bare() ? When.MAY_THINK : When.ANYWHERE, null, true));
        // Where the template closes an empty thought for the model, it may close it once more.
        markers.add(new Marker(thinking.close(), When.MAY_THINK, null));
        thinking.dropped().forEach(text -> markers.add(new Marker(text, When.ANYWHERE, null)));
        format.dropped().forEach(text -> markers.add(new Marker(text, When.ANYWHERE, null)));
        if (hasTools) {
            format.trailers().forEach(text -> markers.add(new Marker(text, When.AFTER_CALL, null)));
            for (Block block : format.blocks()) {
                markers.add(new Marker(block.open(), block.bare() ? When.LINE_BEGINS : When.ANYWHERE, block));
            }
        }
    }

    /**
     * The first marker of {@code text}, the longest of those that begin there.
     *
     * @param last no more text follows, so that a beginning of a marker is none
     * @param mayThink whether a thought may begin before anything but white space
     * @param afterMarker whether the text stands directly behind a call or marker
     * @param lineBlank whether the text begins a line, white space aside
     * @return null if there is none
     */
    @Nullable
    Found find(CharSequence text, boolean last, boolean mayThink, boolean afterMarker, boolean lineBlank) {
        boolean blankLine = lineBlank;
        boolean blank = true;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            Marker best = null;
            boolean growing = false;
            for (Marker marker : markers) {
                if (marker.text.charAt(0) == c && counts(marker, blank, mayThink, afterMarker, blankLine)) {
                    int matched = matched(text, at, marker.text);
                    if (matched == marker.text.length()) {
                        best = best == null || best.text.length() < matched ? marker : best;
                    } else if (at + matched == text.length()) {
                        growing |= !last;
                    }
                }
            }
            if (growing || best != null) {
                return new Found(
                        at,
                        best == null ? 0 : best.text.length(),
                        best != null && !growing,
                        best == null ? null : best.block,
                        best != null && best.thinking);
            }
            boolean space = LiteralReader.isSpace(c);
            blank &= space;
            blankLine = c == '\n' || (blankLine && space);
        }
        return null;
    }

    private static boolean counts(
            Marker marker, boolean blank, boolean mayThink, boolean afterMarker, boolean blankLine) {
        return switch (marker.when) {
            case ANYWHERE -> true;
            case LINE_BEGINS -> blankLine;
            case AFTER_CALL -> blank && afterMarker;
            case MAY_THINK -> blank && mayThink;
        };
    }

    /** How many characters of {@code wanted} stand at {@code at} of {@code text}. */
    static int matched(CharSequence text, int at, String wanted) {
        int length = 0;
        while (length < wanted.length()
                && at + length < text.length()
                && text.charAt(at + length) == wanted.charAt(length)) {
            length++;
        }
        return length;
    }
}
