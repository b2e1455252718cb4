package org.llmspell.local.config;

import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ModelSpec;

/**
 * {@code [agent]}: what agents and requests use where they do not say.
 *
 * @param model the model of agents that name none; null if they must
 * @param systemPrompt null for none
 * @param options of every reply
 */
public record AgentConfig(
        @Nullable ModelSpec model, @Nullable String systemPrompt, ChatOptions options) {}
