package org.llmspell.local;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.llmspell.engine.EngineOptions;

/**
 * An option of a request: one line of the table that drives parsing, ranges and documentation on every face. Ranges are
 * those of {@link org.llmspell.engine.SamplingOptions}.
 *
 * @param name in Lua, JSON and the configuration
 * @param type what it may hold
 * @param defaultText the default, as documentation shows it
 * @param meaning one line
 */
public record ChatOption(String name, ValueType type, String defaultText, String meaning) {
    /** All options, in the order to show. */
    public static final List<ChatOption> ALL = List.of(
            new ChatOption(
                    "temperature",
                    new ValueType.Decimal(0, true, 2),
                    "0.7",
                    "Divides the logits: 0 always takes the likeliest token, more is more varied"),
            new ChatOption(
                    "max_tokens",
                    new ValueType.Whole(1, Integer.MAX_VALUE, true),
                    "512",
                    "The most tokens to generate; -1 for as many as the context holds"),
            new ChatOption(
                    "top_k",
                    new ValueType.Whole(0, Integer.MAX_VALUE, false),
                    "40",
                    "Choose among the K likeliest tokens; 0 for all"),
            new ChatOption(
                    "top_p",
                    new ValueType.Decimal(0, false, 1),
                    "0.9",
                    "Choose among the likeliest tokens that together reach probability P"),
            new ChatOption(
                    "min_p",
                    new ValueType.Decimal(0, true, 1),
                    "0",
                    "Choose among tokens at least P times as likely as the likeliest"),
            new ChatOption(
                    "typical_p",
                    new ValueType.Decimal(0, false, 1),
                    "1",
                    "Choose among the tokens nearest to the expected surprise, up to probability P"),
            new ChatOption(
                    "repeat_penalty",
                    new ValueType.Decimal(0, false, Double.MAX_VALUE),
                    "1.1",
                    "Makes recent tokens less likely; 1 is off"),
            new ChatOption(
                    "repeat_last_n",
                    new ValueType.Whole(0, Integer.MAX_VALUE, true),
                    "64",
                    "How many recent tokens the penalties look at; 0 for none, -1 for the whole context"),
            new ChatOption(
                    "presence_penalty",
                    new ValueType.Decimal(-2, true, 2),
                    "0",
                    "Subtracted once from the logit of each recent token"),
            new ChatOption(
                    "frequency_penalty",
                    new ValueType.Decimal(-2, true, 2),
                    "0",
                    "Subtracted from a recent token's logit once per occurrence"),
            new ChatOption(
                    "seed",
                    new ValueType.Whole(Long.MIN_VALUE, Long.MAX_VALUE, false),
                    "-1",
                    "Of the random numbers, for replies that can be repeated; -1 for a fresh one each time"),
            new ChatOption("stop", new ValueType.Texts(16), "none", "Texts that end the reply and are not part of it"),
            new ChatOption(
                    "logprobs",
                    new ValueType.Logprobs(),
                    "-1",
                    "Report each token's log-probability and that many alternatives; true or 0 for the token alone"),
            new ChatOption("logit_bias", new ValueType.Bias(), "none", "Added to the logits of the given token ids"),
            new ChatOption(
                    "format",
                    new ValueType.Format(),
                    "text",
                    "The form of the reply: json for any JSON object, or a JSON Schema; text for any text"),
            new ChatOption(
                    "grammar",
                    new ValueType.Text("a grammar in GBNF", text -> !text.isBlank()),
                    "none",
                    "A grammar in llama.cpp's notation GBNF that the reply follows"),
            new ChatOption(
                    "context_length",
                    new ValueType.Whole(1, Integer.MAX_VALUE, false),
                    "the backend's",
                    "Tokens of context to use, prompt and reply together"),
            new ChatOption(
                    "draft_tokens",
                    new ValueType.Whole(0, EngineOptions.MOST_DRAFT_TOKENS, false),
                    "the backend's",
                    "Tokens that candle guesses from the text itself and checks in one pass, at most; 0 for none"),
            new ChatOption(
                    "keep_alive",
                    new ValueType.KeepAlive(),
                    "the backend's",
                    "How long the model stays loaded afterwards"),
            new ChatOption(
                    "think",
                    new ValueType.Think(),
                    "the template's",
                    "Whether the model thinks before it answers: true or false, or how much: low, medium or high"),
            new ChatOption(
                    "raw", new ValueType.Flag(), "false", "Give the model the text as it is, without a chat template"));

    /** By name. */
    public static final Map<String, ChatOption> BY_NAME =
            ALL.stream().collect(Collectors.toUnmodifiableMap(ChatOption::name, option -> option));
}
