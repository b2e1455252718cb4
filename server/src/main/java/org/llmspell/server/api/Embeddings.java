package org.llmspell.server.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llmspell.local.ollama.OllamaBackend;
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
     * @throws HttpFailure 400 if the model cannot
     */
    public Vectors embed(Catalog.Target target, List<String> texts, int dimensions) throws InterruptedException {
        if (texts.isEmpty()) {
            return new Vectors(List.of(), 0, Duration.ZERO);
        }
        if (!(target.backend() instanceof OllamaBackend ollama)) {
            throw new HttpFailure(400, "\"" + target.name() + "\" does not support embeddings");
        }
        List<float[]> vectors = generations.inPlace(() -> ollama.embed(target.spec(), texts));
        return new Vectors(
                dimensions == 0
                        ? vectors
                        : vectors.stream().map(v -> shortened(v, dimensions)).toList(),
                0,
                Duration.ZERO);
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
