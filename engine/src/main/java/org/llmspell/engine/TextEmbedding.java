package org.llmspell.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.model.Model;
import org.llmspell.engine.schedule.Embedder;
import org.llmspell.engine.tokenizer.Tokenizer;

/** Embeds texts with a loaded model: tokenizes them, sees that they fit, and normalizes the vectors. Thread-safe. */
final class TextEmbedding implements AutoCloseable {
    private final Model model;
    private final Tokenizer tokenizer;
    private final Embedder embedder;
    private final MemoryBudget budget;
    private final MemoryLedger.Promise promise;
    /** Calls that have the promise of their memory. */
    private int users;

    TextEmbedding(Model model, Tokenizer tokenizer, Embedder embedder, MemoryBudget budget) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.embedder = embedder;
        this.budget = budget;
        this.promise = budget.nothing();
        promise.takenAs(embedder::bytesTaken);
    }

    /**
     * Embeds each text on its own; several are computed together.
     *
     * @throws EngineException if a text is too long or has no tokens, or there is no memory
     * @throws InterruptedException if the waiting thread is interrupted; the work is then given up
     */
    List<Embedding> embed(List<String> texts, EmbeddingOptions options) throws InterruptedException {
        Pooling pooling = pooling(options);
        List<int[]> tokens = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            tokens.add(tokens(i, texts, options.truncated()));
        }
        if (tokens.isEmpty()) {
            return List.of();
        }
        int longest = tokens.stream().mapToInt(text -> text.length).max().orElseThrow();
        float[][][] vectors = compute(tokens, longest, pooling);
        List<Embedding> embeddings = new ArrayList<>();
        for (int i = 0; i < vectors.length; i++) {
            if (options.normalized()) {
                Arrays.stream(vectors[i]).forEach(TextEmbedding::normalize);
            }
            embeddings.add(new Embedding(tokens.get(i).length, vectors[i]));
        }
        return embeddings;
    }

    private float[][][] compute(List<int[]> tokens, int longest, Pooling pooling) throws InterruptedException {
        budget.makingRoom(() -> claim(longest));
        try {
            return await(embedder.embed(tokens, pooling));
        } finally {
            end();
        }
    }

    private synchronized int claim(int longest) {
        budget.raiseForEmbedding(promise, model, longest);
        return ++users;
    }

    private synchronized void end() {
        if (--users == 0) {
            promise.lower(embedder.bytesTaken()); // which stays for the next texts
        }
    }

    /**
     * Frees the memory if no text is being embedded.
     *
     * @return whether there was any
     */
    synchronized boolean giveBack() {
        long before = embedder.bytesTaken();
        if (users > 0 || before == 0) {
            return false;
        }
        embedder.giveBack();
        long after = embedder.bytesTaken();
        promise.lower(after);
        return after < before;
    }

    /** Gives the promise of memory back; the memory must be freed already. */
    @Override
    public void close() {
        promise.close();
    }

    private Pooling pooling(EmbeddingOptions options) {
        if (options.pooling() != null) {
            return options.pooling();
        }
        if (model.poolingType() == Pooling.RANK) {
            throw new EngineException(
                    Problem.UNSUPPORTED_MODEL,
                    "The model ranks answers to a question instead of embedding texts",
                    List.of("Use an embedding model", "Name a pooling to embed with it nevertheless"));
        }
        return Pooling.ofNumber(model.poolingType()).orElse(model.generates() ? Pooling.LAST : Pooling.MEAN);
    }

    private int[] tokens(int index, List<String> texts, boolean truncated) {
        int[] tokens = tokenizer.encode(texts.get(index), true, false);
        String which = texts.size() == 1 ? "The text" : "Text " + (index + 1);
        if (tokens.length == 0) {
            throw new EngineException(
                    Problem.INVALID_OPTION, which + " is empty", List.of("Leave empty texts out, or fill them"));
        }
        int context = model.contextLength();
        if (tokens.length <= context) {
            return tokens;
        }
        if (!truncated) {
            throw new EngineException(
                    Problem.CONTEXT_EXCEEDED,
                    "%s has %d tokens and the model's context holds %d".formatted(which, tokens.length, context),
                    List.of("Cut the text into parts", "Ask to truncate, which embeds its beginning"));
        }
        int[] beginning = Arrays.copyOf(tokens, context);
        // What ends a text still ends it.
        int last = tokens[tokens.length - 1];
        beginning[context - 1] = tokenizer.isControl(last) ? last : beginning[context - 1];
        return beginning;
    }

    private static float[][][] await(CompletableFuture<float[][][]> answer) throws InterruptedException {
        try {
            return answer.get();
        } catch (InterruptedException e) {
            answer.cancel(false);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof EngineException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (CancellationException e) {
            throw new IllegalStateException("the model was closed while it embedded", e);
        }
    }

    /** Divides by the length; a vector of zeros stays. */
    private static void normalize(float[] vector) {
        double squares = 0;
        for (float value : vector) {
            squares += (double) value * value;
        }
        double factor = squares > 0 ? 1 / Math.sqrt(squares) : 0;
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (vector[i] * factor);
        }
    }
}
