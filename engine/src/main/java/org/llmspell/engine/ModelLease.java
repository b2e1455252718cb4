package org.llmspell.engine;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.tokenizer.Tokenizer;

/** The right to use a resident model until it is closed. Thread-safe; many leases may share one model. */
public interface ModelLease extends AutoCloseable {
    Tokenizer tokenizer();

    /** Tokens of context that the model was trained for. */
    int trainedContextLength();

    /** How long loading took; zero when the model was resident already. */
    java.time.Duration loadTime();

    /**
     * The text that the model is given for a conversation: its chat template's rendering with the generation prompt; the
     * messages' texts joined (system prompt first) where {@code raw} or the file has no template.
     *
     * @throws EngineException if the template is broken or refuses the conversation
     */
    default String prompt(List<ChatMessage> messages, boolean raw) {
        return prompt(ChatInput.of(messages, raw)).text();
    }

    /** The tokens of {@link #prompt}, special tokens of the template parsed, those in the messages' texts not. */
    default int[] promptTokens(List<ChatMessage> messages, boolean raw) {
        return prompt(ChatInput.of(messages, raw)).tokens();
    }

    /**
     * What the model is given for a conversation with tools and thinking, and how its reply is to be read. What its template
     * cannot write of tools is written in a generic form.
     *
     * @throws EngineException if the template is broken or refuses the conversation
     */
    ChatPrompt prompt(ChatInput input);

    /**
     * Starts generating after {@code prompt}.
     *
     * @param contextLength tokens of context; null for the engine's default
     * @throws EngineException at once if the prompt does not fit or an option is out of range
     */
    default Generation generate(int[] prompt, SamplingOptions sampling, @Nullable Integer contextLength) {
        return generate(prompt, sampling, contextLength, Set.of());
    }

    /**
     * As above, with the control tokens {@code shown} written out in the text, such as the markers of a {@link ChatPrompt}.
     */
    Generation generate(int[] prompt, SamplingOptions sampling, @Nullable Integer contextLength, Set<Integer> shown);

    @Override
    void close();
}
