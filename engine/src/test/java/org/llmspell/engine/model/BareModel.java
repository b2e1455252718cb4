package org.llmspell.engine.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.layer.Activations;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufType;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WorkerPool;

/** A model with all that a forward pass needs, and no scheduler: tests decide what goes into each pass. */
final class BareModel implements AutoCloseable {
    static final int ROWS = 64;

    final GgufFile file;
    final Arena arena = Arena.ofShared();
    final WorkerPool workers;
    final Model model;
    final PagePool pages;
    final Activations memory;
    final Batch batch = new Batch(ROWS, ROWS);
    final ForwardPass pass;

    BareModel(Path path, Kernels kernels, int threads) {
        try {
            file = GgufFile.open(path);
            String architecture = file.metadata().string("general.architecture").orElseThrow();
            int vocabulary = file.metadata()
                    .array("tokenizer.ggml.tokens", GgufType.STRING)
                    .orElseThrow()
                    .size();
            Tensors tensors = new Tensors(name -> file.tensor(name).orElse(null), kernels, arena);
            model = Architectures.load(
                    new ModelSource(new Hyperparameters(file.metadata(), architecture), tensors, vocabulary));
        } catch (GgufException e) {
            throw new IllegalArgumentException(e);
        }
        workers = new WorkerPool(threads);
        int[] limits = new int[model.cacheLayout().groups().size()];
        Arrays.fill(limits, 64);
        pages = new PagePool(model.cacheLayout(), ROWS, limits, false);
        memory = new Activations(model.widths(), ROWS, ROWS);
        pass = new ForwardPass(kernels, workers, batch, memory);
    }

    SequenceCache sequence(int capacity) {
        SequenceCache cache = pages.admit(0, new int[] {0}, capacity);
        if (cache == null) {
            throw new IllegalStateException("no pages");
        }
        return cache;
    }

    /** Adds tokens to the pass; logits for all of them. */
    int add(SequenceCache cache, int[] tokens, int from, int count) {
        cache.append(tokens, from, count);
        return batch.add(cache, tokens, from, count, count, model.contextLength());
    }

    /** One pass; its sequences go on from there. */
    void forward() {
        if (!model.forward(pass)) {
            throw new IllegalStateException("abandoned");
        }
        batch.slices().forEach(slice -> slice.cache().commit());
        batch.clear(() -> false);
    }

    float[] logits(int place) {
        int vocabulary = memory.logits.columns();
        MemorySegment row = memory.logits.data().asSlice(memory.logits.at(place) * Float.BYTES, vocabulary * 4L);
        return row.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** Logits {@code [tokens][vocabulary]} of a fresh sequence, computed in passes of {@code chunk} tokens. */
    float[][] logits(int[] tokens, int chunk) {
        float[][] all = new float[tokens.length][];
        try (SequenceCache cache = sequence(tokens.length)) {
            for (int from = 0; from < tokens.length; from += chunk) {
                int count = Math.min(chunk, tokens.length - from);
                int place = add(cache, tokens, from, count);
                forward();
                for (int i = 0; i < count; i++) {
                    all[from + i] = logits(place + i);
                }
            }
        }
        return all;
    }

    /** The tokens that follow {@code prompt} greedily. */
    int[] greedy(int[] prompt, int count) {
        int[] tokens = Arrays.copyOf(prompt, prompt.length + count);
        try (SequenceCache cache = sequence(tokens.length)) {
            int place = add(cache, tokens, 0, prompt.length);
            for (int length = prompt.length; length < tokens.length; length++) {
                forward();
                tokens[length] = largest(logits(length == prompt.length ? place + prompt.length - 1 : place));
                place = add(cache, tokens, length, 1);
            }
            batch.clear(() -> false);
        }
        return Arrays.copyOfRange(tokens, prompt.length, tokens.length);
    }

    static int largest(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }

    static double largestDifference(float[] a, float[] b) {
        double most = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = Math.abs(a[i] - b[i]);
            most = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(most, difference);
        }
        return most;
    }

    @Override
    public void close() {
        workers.close();
        pages.close();
        memory.close();
        arena.close();
        file.close();
    }
}
