package org.llmspell.engine.schedule;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.Generation.Chunk;
import org.llmspell.engine.Generation.TokenLogprob;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.grammar.BoundGrammar;
import org.llmspell.engine.grammar.Constraint;
import org.llmspell.engine.sampling.Sampler;
import org.llmspell.engine.sampling.StopFilter;
import org.llmspell.engine.tokenizer.StreamDecoder;
import org.llmspell.engine.tokenizer.Tokenizer;

/** One generation's state: its tokens, its cache, how it chooses tokens and turns them into text. Scheduler thread only. */
final class Sequence {
    private final Tokenizer tokenizer;
    private final Sampler sampler;
    private final StreamDecoder decoder;
    private final StopFilter stops;
    private final boolean logprobs;
    private final int contextLength;
    /** Prompt and reply together never hold more. */
    private final int capacity;

    private final Drafter drafter;
    private final TokenStream stream;
    /** Tokens with log-probabilities whose text has not gone out yet. */
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();

    private int[] tokens;
    private int length;
    private @Nullable SequenceCache cache;
    private final @Nullable BoundGrammar grammar;
    private @Nullable Constraint constraint;
    private boolean begun;
    private boolean held;
    private boolean ended;
    /** Characters decoded so far, and characters shown. */
    private long decoded;

    private long shown;

    private record Pending(TokenLogprob token, long start) {}

    /**
     * A sequence with a checked prompt.
     *
     * @param prompt at least one token, fewer than {@code contextLength}
     * @param grammar of the reply; null for any text
     * @param shown control tokens to write out in the text
     * @param draftTokens tokens that may be guessed for one pass, at most; 0 for none
     */
    Sequence(
            Tokenizer tokenizer,
            int[] prompt,
            SamplingOptions options,
            int contextLength,
            @Nullable BoundGrammar grammar,
            Set<Integer> shown,
            int draftTokens,
            TokenStream stream) {
        this.tokenizer = tokenizer;
        this.grammar = grammar;
        this.sampler = new Sampler(options, tokenizer.vocabularySize());
        this.decoder = tokenizer.streamDecoder(shown);
        this.stops = new StopFilter(options.stop());
        this.logprobs = options.logprobs() >= 0;
        this.contextLength = contextLength;
        this.capacity = options.maxTokens() < 0
                ? contextLength
                : (int) Math.min(contextLength, (long) prompt.length + options.maxTokens());
        this.drafter = new Drafter(draftTokens);
        this.stream = stream;
        this.tokens = Arrays.copyOf(prompt, Math.min(capacity, prompt.length + 256));
        this.length = prompt.length;
        for (int token : prompt) {
            sampler.accept(token);
        }
    }

    TokenStream stream() {
        return stream;
    }

    /** The tokens so far; only the first {@link #length} count. */
    int[] tokens() {
        return tokens;
    }

    int length() {
        return length;
    }

    int capacity() {
        return capacity;
    }

    int contextLength() {
        return contextLength;
    }

    int[] prompt() {
        return Arrays.copyOf(tokens, length);
    }

    SequenceCache cache() {
        if (cache == null) {
            throw new IllegalStateException("the sequence has not been admitted");
        }
        return cache;
    }

    /** Whether it has a cache, and so may run. */
    boolean admitted() {
        return cache != null;
    }

    /** Looks whether the reader is behind; what it finds stays as it is until the next look, so that a step sees one state. */
    void lookForReader() {
        held = stream.behind();
    }

    /** Whether it waits for its reader. */
    boolean held() {
        return held;
    }

    void admitted(SequenceCache cache) {
        this.cache = cache;
        if (!begun) {
            begun = true;
            // Not before: a bound grammar belongs to the scheduler's thread.
            this.constraint = grammar == null ? null : grammar.constraint();
            stream.foundCached(cache.cachedTokens());
        }
    }

    /** Gives the cache back until it is admitted again; what was said stays said. */
    void suspend() {
        if (cache != null) {
            cache.close();
            cache = null;
        }
    }

    /** Tokens that have to go through the model before the next can be chosen. */
    int uncomputed() {
        return length - cache().length();
    }

    boolean ended() {
        return ended;
    }

    /** Ends it and frees the cache. */
    void release() {
        ended = true;
        suspend();
    }

    void fail(EngineException problem) {
        ended = true;
        stream.fail(problem);
    }

    /** Ends a reply that may have no (more) tokens. */
    void finish(FinishReason reason) {
        show(stops.next(decoder.finish()));
        FinishReason really = stops.stopped() ? FinishReason.STOP : reason;
        if (!stops.stopped()) {
            show(stops.finish());
        }
        showRest();
        ended = true;
        stream.finish(really);
    }

    /**
     * Guesses the tokens after the next one, and puts them behind those there are.
     *
     * @param most how many are of use
     * @return how many there are, often none; never so many that the sequence would grow too long
     */
    int draft(int most) {
        int room = Math.min(most, capacity - length - 1);
        if (room <= 0) {
            return 0;
        }
        reserve(length + room);
        return drafter.draft(tokens, length, room);
    }

    /**
     * Chooses tokens as long as the guess foresaw them: each from the logits that follow the one before, as it would be without a
     * guess.
     *
     * @param logits of {@code 1 + drafted} consecutive places, {@code stride} bytes from one to the next
     * @return how much of the guess came true
     */
    int advance(MemorySegment logits, long offset, long stride, int drafted) {
        int accepted = 0;
        while (true) {
            int place = length;
            int expected = accepted < drafted ? tokens[place] : -1;
            advance(logits, offset + accepted * stride);
            if (accepted == drafted || length == place || tokens[place] != expected) {
                break;
            }
            accepted++;
            if (ended) {
                break;
            }
        }
        if (drafted > 0) {
            drafter.checked(drafted, accepted);
            stream.countDrafts(drafted, accepted);
        }
        return accepted;
    }

    /** Chooses the next token from logits, and passes on the text that is certain. */
    private void advance(MemorySegment logits, long offset) {
        if (isWhole()) {
            finish(FinishReason.STOP); // the grammar allows the empty text alone
            return;
        }
        Sampler.Choice choice = sampler.sample(logits, offset, constraint);
        if (tokenizer.specialTokens().endOfGeneration().contains(choice.id())) {
            finish(FinishReason.STOP);
            return;
        }
        if (constraint != null) {
            constraint.accept(choice.id());
        }
        append(choice.id());
        stream.countToken();
        String text = decoder.next(choice.id());
        if (logprobs) {
            pending.add(new Pending(describe(choice), decoded));
        }
        decoded += text.length();
        show(stops.next(text));
        if (stops.stopped()) {
            ended = true;
            stream.finish(FinishReason.STOP);
        } else if (isWhole()) {
            finish(FinishReason.STOP);
        } else if (length == capacity) {
            finish(FinishReason.LENGTH);
        }
    }

    /** Whether the grammar allows nothing more. */
    private boolean isWhole() {
        return constraint != null && constraint.mustEnd();
    }

    private void append(int token) {
        reserve(length + 1);
        tokens[length++] = token;
        sampler.accept(token);
    }

    /** Makes room for {@code count} tokens, at most the capacity. */
    private void reserve(int count) {
        if (count > tokens.length) {
            tokens = Arrays.copyOf(tokens, (int) Math.min(capacity, Math.max(count, length * 2L)));
        }
    }

    private void show(String text) {
        shown += text.length();
        List<TokenLogprob> out = pending.isEmpty() ? List.of() : new ArrayList<>();
        while (!pending.isEmpty() && pending.peek().start < shown) {
            out.add(pending.remove().token);
        }
        if (!text.isEmpty() || !out.isEmpty()) {
            stream.put(new Chunk(text, out));
        }
    }

    /** Tokens without text, at the very end. */
    private void showRest() {
        List<TokenLogprob> out = new ArrayList<>();
        while (!stops.stopped() && !pending.isEmpty()) {
            out.add(pending.remove().token);
        }
        if (!out.isEmpty()) {
            stream.put(new Chunk("", out));
        }
    }

    private TokenLogprob describe(Sampler.Choice choice) {
        List<TokenLogprob> alternatives = new ArrayList<>();
        for (Sampler.Likelihood other : choice.alternatives()) {
            alternatives.add(new TokenLogprob(other.id(), text(other.id()), other.logprob(), List.of()));
        }
        return new TokenLogprob(choice.id(), text(choice.id()), choice.logprob(), alternatives);
    }

    private String text(int id) {
        return tokenizer.isControl(id) ? tokenizer.piece(id) : new String(tokenizer.bytes(id), StandardCharsets.UTF_8);
    }
}
