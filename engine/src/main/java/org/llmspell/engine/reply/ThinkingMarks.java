package org.llmspell.engine.reply;

import java.util.List;

/**
 * What stands around thinking.
 *
 * @param sign a template that holds it has these marks
 * @param endsAtCall whether a call ends the thought as well
 * @param dropped markers around the answer that follows
 */
record ThinkingMarks(String sign, String open, String close, boolean endsAtCall, List<String> dropped) {
    /** Those of most models; also tried where a template says nothing. */
    static final ThinkingMarks TAGS = new ThinkingMarks("<think>", "<think>", "</think>", false, List.of());

    private static final List<ThinkingMarks> ALL = List.of(
            new ThinkingMarks("<|channel>", "<|channel>thought", "<channel|>", true, List.of()),
            new ThinkingMarks("<|START_THINKING|>", "<|START_THINKING|>", "<|END_THINKING|>", true, List.of()),
            new ThinkingMarks("<|inner_prefix|>", "<|inner_prefix|>", "<|inner_suffix|>", true, List.of()),
            new ThinkingMarks("[THINK]", "[THINK]", "[/THINK]", true, List.of()),
            new ThinkingMarks("<seed:think>", "<seed:think>", "</seed:think>", false, List.of()),
            new ThinkingMarks(":opensource", "<think:opensource>", "</think:opensource>", false, List.of()),
            new ThinkingMarks("<|think|>", "<|think|>", "<|end|>", true, List.of()),
            new ThinkingMarks(
                    "[BEGIN FINAL RESPONSE]",
                    "Here are my reasoning steps:",
                    "[BEGIN FINAL RESPONSE]",
                    true,
                    List.of("[END FINAL RESPONSE]")),
            new ThinkingMarks(
                    "Here is my thought process:",
                    "Here is my thought process:",
                    "Here is my response:",
                    false,
                    List.of()),
            new ThinkingMarks("<response>", "<think>", "</think>", false, List.of("<response>", "</response>")));

    /** Whether the marks are ones that ordinary text may hold as well, so that they count at its beginning only. */
    boolean bare() {
        return !open.startsWith("<|") && !open.startsWith("[");
    }

    /** The marks whose sign is in {@code template}; {@link #TAGS} if none is. */
    static ThinkingMarks of(String template) {
        return ALL.stream()
                .filter(marks -> template.contains(marks.sign))
                .findFirst()
                .orElse(TAGS);
    }
}
