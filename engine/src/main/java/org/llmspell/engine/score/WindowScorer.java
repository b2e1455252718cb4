package org.llmspell.engine.score;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.layer.Activations;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.Widths;
import org.llmspell.engine.model.Model;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WorkerPool;

/**
 * Computes the log-probabilities of given tokens, several texts in one forward pass. Nothing is sampled, and logits are kept
 * for one pass only, so that memory does not grow with the texts. Used by one thread.
 */
public final class WindowScorer implements AutoCloseable {
    /** What the logits of a pass may take, so that large vocabularies do not fill the memory. */
    private static final long LOGIT_BYTES = 128L << 20;

    private final Model model;
    private final WorkerPool workers;
    private final PagePool pages;
    private final BooleanSupplier abandoned;
    private final int logitRows;
    private final Batch batch;
    private final Activations memory;
    private final ForwardPass pass;
    private final List<Part> parts = new ArrayList<>();

    /** One text on its way through the model. */
    private static final class Text {
        final int[] tokens;
        final SequenceCache cache;
        final double[] logProbabilities;
        int computed;

        Text(int[] tokens, SequenceCache cache, int from) {
            this.tokens = tokens;
            this.cache = cache;
            this.logProbabilities = new double[tokens.length - from];
        }
    }

    /** A text's share of a pass: the token that its first logits predict, their place and number. */
    private record Part(Text text, int target, int place, int wanted) {}

    /**
     * A scorer with its own memory.
     *
     * @param pages enough for the texts that are given at once, without sharing; belongs to the scorer from here on
     * @param rows tokens in one pass
     * @param abandoned asked between layers whether to stop
     */
    public WindowScorer(
            Model model, Kernels kernels, WorkerPool workers, PagePool pages, int rows, BooleanSupplier abandoned) {
        this.model = model;
        this.workers = workers;
        this.pages = pages;
        this.abandoned = abandoned;
        logitRows = logitRows(model.widths(), rows);
        batch = new Batch(rows, logitRows);
        memory = new Activations(model.widths(), rows, logitRows);
        pass = new ForwardPass(kernels, workers, batch, memory);
    }

    /** Bytes that a scorer of {@code rows} tokens a pass takes, its pages not counted. */
    public static long bytes(Widths widths, int rows) {
        return widths.bytes(rows, logitRows(widths, rows));
    }

    private static int logitRows(Widths widths, int rows) {
        return Math.clamp(LOGIT_BYTES / (widths.vocabulary() * (long) Float.BYTES), 1, rows);
    }

    /**
     * For each text the natural logarithms of the probabilities of its tokens from {@code from} on, each given all before it.
     *
     * @param texts each of more than {@code from} tokens, all in the vocabulary; at most as many as the pages are for
     * @param from at least 1
     * @throws CancellationException if it was abandoned
     * @throws EngineException of kind {@code BROKEN_MODEL} if a probability is no number
     */
    public double[][] score(List<int[]> texts, int from) {
        List<Text> all = new ArrayList<>();
        try {
            for (int[] tokens : texts) {
                SequenceCache cache = pages.admit(model.cacheVariant(tokens.length), tokens, tokens.length);
                if (cache == null) {
                    throw new IllegalStateException("no pages for " + texts.size() + " texts");
                }
                all.add(new Text(tokens, cache, from));
            }
            while (build(all, from)) {
                if (!model.forward(pass)) {
                    throw new CancellationException("scoring was cancelled");
                }
                parts.forEach(part -> part.text.cache.commit());
                collect(from);
            }
            return all.stream().map(text -> text.logProbabilities).toArray(double[][]::new);
        } finally {
            all.forEach(text -> text.cache.close());
        }
    }

    /** Fills the next pass; whether there is anything in it. The last token of a text predicts nothing that is asked for. */
    private boolean build(List<Text> texts, int from) {
        parts.clear();
        batch.clear(abandoned);
        for (Text text : texts) {
            int begin = text.computed;
            int silent = Math.max(0, from - 1 - begin);
            int most = Math.min(batch.room(), silent + logitRows - batch.logits());
            int rows = Math.min(text.tokens.length - 1 - begin, most);
            if (rows <= 0) {
                continue;
            }
            int wanted = Math.max(0, rows - silent);
            text.cache.append(text.tokens, begin, rows);
            int place = batch.add(text.cache, text.tokens, begin, rows, wanted, text.tokens.length);
            text.computed += rows;
            parts.add(new Part(text, text.computed - wanted + 1, place, wanted));
        }
        return !parts.isEmpty();
    }

    private void collect(int from) {
        int vocabulary = memory.logits.columns();
        for (Part part : parts) {
            workers.run(part.wanted, (chunk, worker) -> {
                int target = part.target + chunk;
                part.text.logProbabilities[target - from] = LogSoftmax.at(
                        memory.logits.data(),
                        memory.logits.at(part.place + chunk),
                        vocabulary,
                        part.text.tokens[target]);
            });
            for (int i = 0; i < part.wanted; i++) {
                if (!Double.isFinite(part.text.logProbabilities[part.target + i - from])) {
                    throw new EngineException(
                            Problem.BROKEN_MODEL,
                            "The model gives token %d of the text no probability".formatted(part.target + i),
                            List.of("Fetch the model again"));
                }
            }
        }
    }

    /** Frees the memory. */
    @Override
    public void close() {
        pages.close();
        memory.close();
    }
}
