package org.llmspell.engine.reply;

import java.util.List;
import java.util.regex.Pattern;
import org.llmspell.engine.reply.CallSyntax.Either;
import org.llmspell.engine.reply.CallSyntax.Json;
import org.llmspell.engine.reply.CallSyntax.Python;
import org.llmspell.engine.reply.CallSyntax.Tagged;
import org.llmspell.engine.reply.ReplyFormat.Block;
import org.llmspell.engine.reply.ReplyFormat.Ids;

/**
 * The table of formats: one record per family. The family is told by what the model's chat template says, never by a file's
 * name. Sources: the templates themselves, and the examples in them, as published with the models.
 */
final class ReplyFormats {
    private static final String NAME = "(?<name>[\\w.-]+)";
    private static final String FENCE = "\\s*(?:```(?:json)?\\s*)?";
    private static final Json CALLS = Json.after(FENCE);

    /** What a call written as bare JSON begins with; other JSON is an answer. */
    private static final Json BARE = new Json(Pattern.compile(
            "\\s*(?=(?:\\[\\s*)?\\{\\s*\"(?:name|type|id|function|tool_name|tool_calls|arguments|parameters)\")"));

    private static final Tagged FUNCTION_TAGS = Tagged.of(
            "\\s*(?=<function=)",
            "<function=(?<name>[^>\\s]+)\\s*>(?<body>.*?)</function>",
            "<parameter=(?<key>[^>]+)>(?<value>.*?)</parameter>",
            true);
    private static final Tagged KEYS_AND_VALUES = Tagged.of(
            "\\s*(?=[\\w.-]+\\s*<)|\\s*(?=[\\w.-]+\\s*$)",
            "\\s*(?<name>[\\w.-]+)(?:\\s*<tool_sep[^>]*>)?(?<body>(?:\\s*<arg_key.*)?)",
            "<arg_key[^>]*>(?<key>.*?)</arg_key[^>]*>\\s*<arg_value[^>]*>(?<value>.*?)</arg_value[^>]*>",
            false);

    /** What models are asked for that have no form of their own, and what they write instead. */
    static final ReplyFormat GENERIC = ReplyFormat.of(
                    "generic",
                    List.of(),
                    new Block("<tool_call>", "</tool_call>", false, CALLS),
                    new Block("```tool_call", "```", true, Json.after("\\s*")),
                    new Block("```json", "```", true, Json.after("\\s*")),
                    new Block("```tool_code", "```", true, new Python()),
                    new Block("```python", "```", true, new Python()),
                    new Block("```\n[", "", true, BARE),
                    new Block("{", "", true, BARE),
                    new Block("[", "", true, BARE))
            .trailing("```");

    /** Channels with recipients, read by {@link ChannelReader}. */
    static final ReplyFormat HARMONY = ReplyFormat.of("gpt-oss", List.of("<|channel|>", "<|message|>"));

    private static final ReplyFormat RECIPIENTS =
            ReplyFormat.of("recipients", List.of("<|start|>assistant to=", "<|message|>"));

    private static final List<ReplyFormat> ALL = List.of(
            HARMONY,
            RECIPIENTS,
            ReplyFormat.of(
                            "gemma4",
                            List.of("<|tool_call>call:"),
                            new Block("<|tool_call>", "<tool_call|>", false, Json.after("\\s*call:" + NAME + "\\s*")))
                    .within(LiteralReader.WIDE_QUOTE),
            ReplyFormat.of(
                            "qwen3-coder",
                            List.of("<function=", "<parameter=", "<tool_call>"),
                            new Block("<tool_call>", "</tool_call>", false, Either.of(FUNCTION_TAGS, CALLS)),
                            new Block(
                                    "<function=",
                                    "</function>",
                                    false,
                                    Tagged.of(
                                            "(?=[\\w.-]+\\s*>)",
                                            "(?<name>[^>\\s]+)\\s*>(?<body>.*)",
                                            FUNCTION_TAGS.argument().pattern(),
                                            true)))
                    .trailing("</tool_call>")
                    .within("<parameter=", "</parameter>", "<function=", "</function>"),
            ReplyFormat.of(
                    "seed-oss",
                    List.of("<seed:tool_call>"),
                    new Block("<seed:tool_call>", "</seed:tool_call>", false, FUNCTION_TAGS)),
            ReplyFormat.of(
                    "functionary",
                    List.of("<function="),
                    new Block("<function=", "</function>", false, Json.after(NAME + "\\s*>\\s*"))),
            ReplyFormat.of(
                            "hunyuan",
                            List.of("arg_key", ":opensource"),
                            new Block(
                                    "<tool_call:opensource>",
                                    "</tool_call:opensource>",
                                    false,
                                    new Tagged(
                                            KEYS_AND_VALUES.start(),
                                            KEYS_AND_VALUES.call(),
                                            KEYS_AND_VALUES.argument(),
                                            false)))
                    .dropping("<tool_calls:opensource>", "</tool_calls:opensource>")
                    .within(
                            "<tool_sep:opensource>",
                            "<arg_key:opensource>",
                            "</arg_key:opensource>",
                            "<arg_value:opensource>",
                            "</arg_value:opensource>"),
            ReplyFormat.of(
                            "glm",
                            List.of("<arg_key>", "<tool_call>"),
                            new Block("<tool_call>", "</tool_call>", false, Either.of(CALLS, KEYS_AND_VALUES)))
                    .within("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
            ReplyFormat.of(
                            "minimax",
                            List.of("<minimax:tool_call>"),
                            new Block("<minimax:tool_call>", "</minimax:tool_call>", false, invoke("")))
                    .within("<invoke", "</invoke>", "<parameter", "</parameter>"),
            ReplyFormat.of(
                            "deepseek-dsml",
                            List.of("DSML", "tool_calls"),
                            new Block("<｜DSML｜tool_calls>", "</｜DSML｜tool_calls>", false, invoke("｜DSML｜")))
                    .within("｜DSML｜"),
            ReplyFormat.of(
                            "kimi",
                            List.of("<|tool_call_argument_begin|>"),
                            new Block(
                                    "<|tool_call_begin|>",
                                    "<|tool_call_end|>",
                                    false,
                                    Json.after(
                                            "\\s*(?<id>(?:functions\\.)?(?<name>[\\w.-]+?)(?::\\d+)?)\\s*<\\|tool_call_argument_begin\\|>\\s*")))
                    .dropping("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>")
                    .within("<|tool_call_argument_begin|>")
                    .with(Ids.NUMBERED_NAME),
            ReplyFormat.of(
                            "deepseek",
                            List.of("<｜tool▁call▁begin｜>"),
                            new Block(
                                    "<｜tool▁call▁begin｜>",
                                    "<｜tool▁call▁end｜>",
                                    false,
                                    Json.after(
                                            "\\s*(?:function<｜tool▁sep｜>)?" + NAME + "\\s*(?:<｜tool▁sep｜>)?" + FENCE)))
                    .dropping("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")
                    .within("<｜tool▁sep｜>"),
            ReplyFormat.of(
                            "solar",
                            List.of("<|tool_call:begin|>"),
                            new Block(
                                    "<|tool_call:begin|>",
                                    "<|tool_call:end|>",
                                    false,
                                    Json.after("\\s*(?<id>[\\w.:-]+)<\\|tool_call:name\\|>" + NAME
                                            + "<\\|tool_call:args\\|>\\s*")))
                    .dropping("<|begin|>assistant", "<|tool_calls|>", "<|calls|>", "<|content|>", "<|end|>")
                    .within("<|tool_call:name|>", "<|tool_call:args|>"),
            ReplyFormat.of(
                            "mistral",
                            List.of("[TOOL_CALLS]"),
                            new Block(
                                    "[TOOL_CALLS]",
                                    "",
                                    false,
                                    Json.after("\\s*(?:" + NAME
                                            + "(?:\\[CALL_ID\\](?<id>\\w+))?(?:\\[ARGS\\]|(?=\\s*\\{)))?\\s*")))
                    .within("[ARGS]", "[CALL_ID]")
                    .with(Ids.NINE),
            ReplyFormat.of(
                            "command-r7b",
                            List.of("<|START_ACTION|>"),
                            new Block("<|START_ACTION|>", "<|END_ACTION|>", false, CALLS))
                    .dropping("<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>"),
            ReplyFormat.of("command-r", List.of("Action:", "\"tool_name\""), new Block("Action:", "", true, CALLS))
                    .trailing("```"),
            ReplyFormat.of(
                    "apertus",
                    List.of("<|tools_prefix|>"),
                    new Block("<|tools_prefix|>", "<|tools_suffix|>", false, CALLS)),
            ReplyFormat.of(
                    "python-list",
                    List.of("<|tool_call_start|>"),
                    new Block("<|tool_call_start|>", "<|tool_call_end|>", false, new Python())),
            ReplyFormat.of(
                    "tool-calls-list",
                    List.of("<tool_calls>"),
                    new Block("<tool_calls>", "</tool_calls>", false, CALLS)),
            ReplyFormat.of("nemotron", List.of("<TOOLCALL>"), new Block("<TOOLCALL>", "</TOOLCALL>", false, CALLS)),
            ReplyFormat.of(
                    "phi4",
                    List.of("<|/tool|>"),
                    new Block("<|tool_call|>", "<|/tool_call|>", false, CALLS),
                    new Block("functools", "", true, CALLS)),
            ReplyFormat.of("phi3-functools", List.of("functools"), new Block("functools", "", true, CALLS)),
            ReplyFormat.of("granite", List.of("<|tool_call|>"), new Block("<|tool_call|>", "", false, CALLS)),
            ReplyFormat.of("hermes", List.of("<tool_call>"), new Block("<tool_call>", "</tool_call>", false, CALLS)),
            ReplyFormat.of(
                            "llama3",
                            List.of("<|start_header_id|>", "\"parameters\""),
                            new Block("<|python_tag|>", "", false, Either.of(CALLS, new Python())),
                            new Block("{", "", true, BARE))
                    .trailing(";"));

    private ReplyFormats() {}

    /** The family whose signs are in {@code template}; {@link #GENERIC} if none is. */
    static ReplyFormat of(String template) {
        return ALL.stream()
                .filter(format -> format.signedBy(template))
                .findFirst()
                .orElse(GENERIC);
    }

    /** Whether replies of the family are made of messages with headers. */
    static boolean hasHeaders(ReplyFormat format) {
        return format.equals(HARMONY) || format.equals(RECIPIENTS);
    }

    /** Anthropic's form of calls, in which several families mark the tags with a word of their own. */
    static Tagged invoke(String mark) {
        return Tagged.of(
                "\\s*(?=<" + mark + "invoke )",
                "<" + mark + "invoke name=\"(?<name>[^\"]+)\"\\s*>(?<body>.*?)</" + mark + "invoke>",
                "<" + mark + "parameter name=\"(?<key>[^\"]+)\""
                        + (mark.equals("｜DSML｜") ? " string=\"(?<text>true|false)\"" : "[^>]*") + ">(?<value>.*?)</"
                        + mark
                        + "parameter>",
                false);
    }

    /** {@link #invoke} with a {@code function_calls} around. */
    static Tagged wrappedInvoke(String mark) {
        Tagged inner = invoke(mark);
        String end = "\\s*(?:</" + mark + "function_calls>)?\\s*";
        return new Tagged(
                Pattern.compile("\\s*(?=<" + mark + "function_calls>)"),
                Pattern.compile("(?:\\s*<" + mark + "function_calls>\\s*)?" + inner.call() + end, Pattern.DOTALL),
                inner.argument(),
                false);
    }
}
