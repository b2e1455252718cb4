package org.llmspell.server.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llmspell.engine.Embedding;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.ModelLease;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.server.http.HttpFailure;

/** Turns texts into vectors, each request in its place. Thread-safe. */
public final class Embeddings {
    /** Texts of one request. */
    public static final int MOST_TEXTS = 2048;

    private final Generations generations;

    public Embeddings(Generations generations) {
        this.generations = generations;
    }

    /**
     * The vectors of one request.
     *
     * @param vectors one a text, L2-normalised
     * @param tokens of all texts; 0 where the backend does not say
     */
    public record Vectors(List<float[]> vectors, int tokens, Duration loadTime) {
        /** The vectors as JSON has them. */
        public List<List<Double>> lists() {
            List<List<Double>> lists = new ArrayList<>(vectors.size());
            for (float[] vector : vectors) {
                List<Double> list = new ArrayList<>(vector.length);
                for (float value : vector) {
                    // The shortest text that reads back as the same float.
                    list.add(Double.parseDouble(Float.toString(value)));
                }
                lists.add(list);
            }
            return lists;
        }
    }

    /**
     * Embeds {@code texts}.
     *
     * @param dimensions how many of each vector's numbers to keep, the shorter vector normalised again; 0 for all
     * @param truncate whether the beginning of a text beyond the context is embedded, instead of refusing it
     * @throws HttpFailure 400 if the model cannot; 500 if there is no memory
     */
    public Vectors embed(Catalog.Target target, List<String> texts, int dimensions, boolean truncate)
            throws InterruptedException {
        if (texts.isEmpty()) {
            return new Vectors(List.of(), 0, Duration.ZERO);
        }
        return generations.inPlace(() -> switch (target.backend()) {
            case CandleBackend candle -> embed(candle, target, texts, dimensions, truncate);
            default -> {
                org.llmspell.local.Embeddings made =
                        target.backend().embed(target.spec(), texts, new EmbeddingOptions(null, true, truncate));
                Integer tokens = made.promptTokens();
                yield new Vectors(shortened(made.vectors(), dimensions), tokens == null ? 0 : tokens, Duration.ZERO);
            }
        });
    }

    private static Vectors embed(
            CandleBackend candle, Catalog.Target target, List<String> texts, int dimensions, boolean truncate)
            throws InterruptedException {
        try (ModelLease lease = candle.open(target.spec(), null)) {
            List<Embedding> made = lease.embed(texts, new EmbeddingOptions(null, true, truncate));
            int tokens = made.stream().mapToInt(Embedding::tokens).sum();
            List<float[]> vectors = made.stream().map(Embedding::vector).toList();
            return new Vectors(shortened(vectors, dimensions), tokens, lease.loadTime());
        } catch (EngineException e) {
            // Memory may be there again later; all else is wrong with the request.
            int status = e.problem() == EngineException.Problem.OUT_OF_MEMORY ? 500 : 400;
            throw new HttpFailure(status, String.valueOf(e.getMessage()), null, null, e);
        }
    }

    private static List<float[]> shortened(List<float[]> vectors, int dimensions) {
        return dimensions == 0
                ? vectors
                : vectors.stream().map(vector -> shortened(vector, dimensions)).toList();
    }

    private static float[] shortened(float[] vector, int dimensions) {
        if (dimensions >= vector.length) {
            return vector;
        }
        float[] kept = Arrays.copyOf(vector, dimensions);
        double squares = 0;
        for (float value : kept) {
            squares += (double) value * value;
        }
        double length = Math.sqrt(squares);
        for (int i = 0; i < kept.length && length > 0; i++) {
            kept[i] = (float) (kept[i] / length);
        }
        return kept;
    }
}
