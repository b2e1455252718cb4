package org.llmspell.engine;

import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.LayerGroup;
import org.llmspell.engine.layer.Widths;
import org.llmspell.engine.schedule.Batcher;
import org.llmspell.engine.score.WindowScorer;
import org.llmspell.engine.speed.PassRunner;

/**
 * Says before anything is allocated whether a model's activations and caches fit the memory there is. Weights are not
 * counted: they stay in the mapped file, and the operating system keeps of them what it has room for.
 */
final class MemoryBudget {
    /** Left for everything else. */
    private static final double RESERVE = 0.1;

    private final LongSupplier available;

    MemoryBudget(LongSupplier available) {
        this.available = available;
    }

    /** @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room for the activations */
    void checkActivations(Widths widths) {
        long needed = widths.bytes(Batcher.ROWS, Batcher.SEQUENCES);
        long usable = usable();
        if (needed > usable) {
            throw new EngineException(
                    Problem.OUT_OF_MEMORY,
                    "Failed to allocate tensor: the model's activations need %s and %s is available"
                            .formatted(size(needed), size(usable)),
                    List.of("Use a smaller model", "Close other programs"));
        }
    }

    /**
     * Checks what scoring takes.
     *
     * @param rows tokens of a pass
     * @param pages of the cache, by group of layers
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    void checkScoring(Widths widths, int rows, KvLayout layout, int[] pages) {
        checkPass(
                WindowScorer.bytes(widths, rows),
                layout,
                pages,
                "to score texts so long",
                List.of("Use a smaller batch", "Use a shorter context length", "Use a smaller model"));
    }

    /**
     * Checks what a sequence computed on its own takes.
     *
     * @param pages of the cache, by group of layers
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    void checkPasses(Widths widths, int contextLength, KvLayout layout, int[] pages) {
        checkPass(
                PassRunner.bytes(widths),
                layout,
                pages,
                "a sequence of " + contextLength + " tokens",
                List.of("Use fewer tokens", "Use a smaller model", "Close other programs"));
    }

    /**
     * Checks what embedding takes.
     *
     * @param rows tokens of a pass
     * @param pages of the cache, by group of layers
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    void checkEmbedding(Widths widths, int rows, KvLayout layout, int[] pages) {
        checkPass(
                widths.bytes(rows, 0),
                layout,
                pages,
                "to embed a text so long",
                List.of("Cut the text into parts", "Use a smaller model", "Close other programs"));
    }

    private void checkPass(long activations, KvLayout layout, int[] pages, String purpose, List<String> advice) {
        long needed = activations;
        for (int group = 0; group < pages.length; group++) {
            needed += pages[group] * layout.groups().get(group).pageBytes();
        }
        long usable = usable();
        if (needed > usable) {
            throw new EngineException(
                    Problem.OUT_OF_MEMORY,
                    "Failed to allocate tensor: %s needs %s and %s is available"
                            .formatted(purpose, size(needed), size(usable)),
                    advice);
        }
    }

    /**
     * Checks the cache of one sequence.
     *
     * @param allocated pages that the model has already, by group of layers
     * @throws EngineException of kind {@code OUT_OF_MEMORY} saying which context length would fit
     */
    void checkContext(KvLayout layout, int contextLength, int[] allocated) {
        long missing = bytes(layout, contextLength, allocated);
        long usable = usable();
        if (missing > usable) {
            int fits = fitting(layout, contextLength, allocated, usable);
            throw new EngineException(
                    Problem.OUT_OF_MEMORY,
                    "Failed to allocate tensor: a context of %d tokens needs %s and %s is available; %s"
                            .formatted(
                                    contextLength,
                                    size(missing),
                                    size(usable),
                                    fits == 0 ? "no context fits" : "a context of " + fits + " tokens would fit"),
                    fits == 0
                            ? List.of("Use a smaller model", "Close other programs")
                            : List.of("Use a context length of at most " + fits + " tokens", "Use a smaller model"));
        }
    }

    /** The longest context, in whole pages, whose cache fits. */
    private static int fitting(KvLayout layout, int contextLength, int[] allocated, long usable) {
        int fits = 0;
        int fails = KvLayout.pages(contextLength);
        while (fails - fits > 1) {
            int middle = (fits + fails) >>> 1;
            if (bytes(layout, middle * KvLayout.PAGE_TOKENS, allocated) <= usable) {
                fits = middle;
            } else {
                fails = middle;
            }
        }
        return fits * KvLayout.PAGE_TOKENS;
    }

    /** What one sequence's pages take beyond those that are there. */
    private static long bytes(KvLayout layout, int contextLength, int[] allocated) {
        List<LayerGroup> groups = layout.groups();
        long bytes = 0;
        for (int g = 0; g < groups.size(); g++) {
            long missing = (long) groups.get(g).need(contextLength, Batcher.ROWS) - allocated[g];
            bytes += Math.max(0, missing) * groups.get(g).pageBytes();
        }
        return bytes;
    }

    /** How many pages of each group a model may keep: its share for conversations at once within half of what is there. */
    int[] pages(KvLayout layout, int contextLength) {
        List<LayerGroup> groups = layout.groups();
        long conversation = bytes(layout, contextLength, new int[groups.size()]);
        double conversations = Math.min(CONVERSATIONS, usable() / 2.0 / conversation);
        return groups.stream()
                .mapToInt(group -> (int) (group.need(contextLength, Batcher.ROWS) * conversations))
                .toArray();
    }

    /** Conversations of full length that are kept or computed at once. */
    private static final int CONVERSATIONS = 8;

    private long usable() {
        return (long) (available.getAsLong() * (1 - RESERVE));
    }

    private static String size(long bytes) {
        return bytes < 1 << 30
                ? String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20))
                : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1 << 30));
    }
}
