package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;

/**
 * How the reply to one prompt is written: which markers its model's family uses, which tools there are, and whether the prompt
 * ends inside of a thought. Immutable and thread-safe.
 */
public final class ReplyShape {
    /** Text as it comes: nothing is a marker. */
    public static final ReplyShape PLAIN = new ReplyShape(null, ThinkingMarks.TAGS, List.of(), false, 0);

    /** Null for text as it comes. */
    private final @Nullable ReplyFormat format;

    private final ThinkingMarks thinking;
    private final List<ToolDefinition> tools;
    private final boolean startsThinking;
    private final int callsBefore;

    private ReplyShape(
            @Nullable ReplyFormat format,
            ThinkingMarks thinking,
            List<ToolDefinition> tools,
            boolean startsThinking,
            int callsBefore) {
        this.format = format;
        this.thinking = thinking;
        this.tools = tools;
        this.startsThinking = startsThinking;
        this.callsBefore = callsBefore;
    }

    /**
     * The shape of replies to a prompt.
     *
     * @param template the chat template's source; empty for the generic form
     * @param generic tools or calls were written in the generic form, as the template could not
     * @param tools that may be called; without any, nothing is a call
     * @param promptEnd what the template wrote at the end of the prompt
     * @param callsBefore calls in the conversation so far, so that new ids differ from theirs
     */
    public static ReplyShape of(
            String template, boolean generic, List<ToolDefinition> tools, String promptEnd, int callsBefore) {
        ThinkingMarks thinking = ThinkingMarks.of(template);
        ReplyFormat family = ReplyFormats.of(template);
        ReplyFormat format = generic && !ReplyFormats.hasHeaders(family) ? family.and(ReplyFormats.GENERIC) : family;
        return new ReplyShape(
                format, thinking, tools, promptEnd.stripTrailing().endsWith(thinking.open()), callsBefore);
    }

    /** A reader for one reply. */
    public ReplyReader reader() {
        if (format == null) {
            return new PlainReader();
        }
        CallFactory calls = new CallFactory(tools, format.ids(), callsBefore);
        return ReplyFormats.hasHeaders(format)
                ? new ChannelReader(calls)
                : new MarkedReader(format, thinking, startsThinking, calls);
    }

    /**
     * The id by which the template's family can name {@code call}: its own, unless the family has rules that it breaks.
     *
     * @param count the call's number in the conversation, from 1
     */
    public static String fittingId(String template, ToolCall call, int count) {
        return CallFactory.fittingId(ReplyFormats.of(template).ids(), call.id(), call.name(), count);
    }

    /**
     * What takes a reply from where its prompt ends to where its answer begins: the end of a thought that the prompt has opened,
     * or the header of an answer. Empty where the answer can begin at once.
     */
    public String answerStart() {
        if (ReplyFormats.HARMONY.equals(format)) {
            return "<|channel|>final<|message|>";
        }
        return startsThinking ? thinking.close() + "\n\n" : "";
    }

    /** The name of the family's format, such as {@code hermes}; {@code plain} where nothing is a marker. */
    public String family() {
        return format == null ? "plain" : format.name();
    }

    /** The texts in which control tokens have to be shown. */
    public List<String> markers() {
        List<String> markers = new ArrayList<>();
        if (format == null) {
            return markers;
        }
        if (ReplyFormats.hasHeaders(format)) {
            return ChannelReader.MARKERS;
        }
        markers.add(thinking.open());
        markers.add(thinking.close());
        markers.addAll(thinking.dropped());
        markers.addAll(format.dropped());
        if (!tools.isEmpty()) {
            markers.addAll(format.within());
            format.blocks().forEach(block -> markers.addAll(List.of(block.open(), block.close())));
        }
        return markers;
    }
}
