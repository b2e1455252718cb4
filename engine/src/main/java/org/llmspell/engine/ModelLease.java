package org.llmspell.engine;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.grammar.Grammar;
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
     * @throws EngineException at once if the model only embeds texts, if the prompt does not fit or an option is out of range
     */
    default Generation generate(int[] prompt, SamplingOptions sampling, @Nullable Integer contextLength) {
        return generate(prompt, sampling, contextLength, null, Set.of());
    }

    /**
     * Starts generating a text that follows {@code grammar}: each token is chosen among those that can go on in it. The reply
     * ends where the grammar ends, with finish reason {@code length} if {@code max_tokens} came before.
     *
     * @param contextLength tokens of context; null for the engine's default
     * @param grammar null for any text
     * @param shown control tokens to write out in the text, such as the markers of a {@link ChatPrompt}
     * @throws EngineException at once if the prompt does not fit, an option is out of range or the grammar is too large; from
     *     the generation, if no token of the vocabulary fits the grammar
     */
    default Generation generate(
            int[] prompt,
            SamplingOptions sampling,
            @Nullable Integer contextLength,
            @Nullable Grammar grammar,
            Set<Integer> shown) {
        return generate(prompt, sampling, contextLength, grammar, shown, null);
    }

    /**
     * The same with speculation: the next tokens are guessed from the text there is, and checked all in one pass. The reply is the
     * one without, as far as the kernels give a token the same logits alone and among others.
     *
     * @param draftTokens tokens guessed for one pass, at most, 0 for none; null for the engine's default. Ignored where the model
     *     has recurrent layers, whose state cannot forget a wrong guess
     */
    Generation generate(
            int[] prompt,
            SamplingOptions sampling,
            @Nullable Integer contextLength,
            @Nullable Grammar grammar,
            Set<Integer> shown,
            @Nullable Integer draftTokens);

    /**
     * Prepares for computing how probable given texts are.
     *
     * @param texts that will be given at once, at most
     * @param contextLength tokens of each, at most
     * @param batch tokens computed in one pass
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    Scoring scoring(int texts, int contextLength, int batch);

    /** The right to score texts, with the memory for it. Used by the thread that made it; close it before the lease. */
    interface Scoring extends AutoCloseable {
        /**
         * For each text the natural logarithms of the probabilities of its tokens from {@code from} on, each given all before
         * it. Interrupting the thread cancels it.
         *
         * @param texts each of more than {@code from} tokens
         * @param from at least 1
         * @throws EngineException if a token is not in the vocabulary, or the model gives no probability
         * @throws java.util.concurrent.CancellationException if it was cancelled or the model closed
         */
        double[][] logProbabilities(List<int[]> texts, int from);

        @Override
        void close();
    }

    /**
     * Prepares for computing given tokens without choosing any, to measure how fast that is.
     *
     * @param contextLength tokens of a sequence, at most; may be longer than the model was trained for
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    Passes passes(int contextLength);

    /** The right to compute, with the memory for one sequence. Used by the thread that made it; close it before the lease. */
    interface Passes extends AutoCloseable {
        /**
         * Begins a new sequence with {@code past}, which is not computed again where it is in memory from before. Interrupting the
         * thread cancels it.
         *
         * @throws EngineException if a token is not in the vocabulary
         * @throws java.util.concurrent.CancellationException if it was cancelled or the model closed
         */
        void begin(int[] past);

        /** Computes {@code tokens} as the next of the sequence, in as few passes as the engine would, with logits for the last. */
        void compute(int[] tokens);

        /**
         * Computes {@code tokens} in one pass with logits for each, as the engine checks a guess: the first is the reply's next token,
         * the others are guessed. Of the sequence are then the first {@code kept}.
         *
         * @param tokens at most {@code 1 + }{@link EngineOptions#MOST_DRAFT_TOKENS}
         * @param kept from 1 to all
         * @throws EngineException if a token is not in the vocabulary
         * @throws IllegalArgumentException if a number is out of range
         * @throws IllegalStateException if some are not to be kept and the model has recurrent layers, whose state cannot forget them
         * @throws java.util.concurrent.CancellationException if it was cancelled or the model closed
         */
        void check(int[] tokens, int kept);

        @Override
        void close();
    }

    /**
     * Embeds each text on its own, with the special tokens that the model expects around it; special tokens written out in the
     * texts are text. Several texts are computed together and do not influence each other. Works with every model, also with
     * those made to chat.
     *
     * @return as many as {@code texts}, in their order
     * @throws EngineException at once if a text is empty or too long; if there is no memory; if the model is a re-ranker and the
     *     options name no pooling
     * @throws InterruptedException if the waiting thread is interrupted; the work is then given up
     */
    List<Embedding> embed(List<String> texts, EmbeddingOptions options) throws InterruptedException;

    @Override
    void close();
}
