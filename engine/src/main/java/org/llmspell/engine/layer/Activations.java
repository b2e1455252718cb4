package org.llmspell.engine.layer;

import java.lang.foreign.Arena;

/**
 * The working memory of a model's forward passes, allocated once: every intermediate result has its own rows, and passes
 * follow each other on the same memory. {@link #close} frees it.
 */
public final class Activations implements AutoCloseable {
    private final Arena arena = Arena.ofShared();

    /** The residual stream {@code [rows][embedding]}, and the same width for normalized input and a layer's output. */
    public final Rows stream;

    public final Rows normed;

    /** What a parallel layer's token mixer adds. */
    final Rows branch;

    final Rows query;
    final Rows key;
    final Rows value;
    final Rows attended;
    /** Queries repeated, and results of attention in two parts, where the cache holds pairs of halves. */
    final Rows queryStored;

    final Rows attendedStored;

    /** What each layer gets besides the stream, all layers' side by side, and memory as wide to make it. */
    final Rows perLayer;

    final Rows perLayerTokens;

    /** A recurrent layer's input of the convolution, gates, results, and numbers per head. */
    final Rows mixed;

    final Rows mixedGate;
    final Rows mixedOut;
    final Rows rates;

    final Rows gate;
    final Rows up;

    final Rows router;
    /** What the router chooses by, and whom it chose. */
    final Rows routerChoice;

    final Routing routing;
    final Rows expertInput;
    final Rows expertGate;
    final Rows expertUp;
    final Rows expertOutput;
    /** The shared expert's score and result. */
    final Rows sharedWeight;

    final Rows sharedOutput;

    final Rows[] cosines;
    final Rows[] sines;

    /** The input of the products at work, as they take it. */
    final PreparedInput prepared = new PreparedInput();

    final Rows logitInput;
    /** Logits {@code [wanted rows][vocabulary]}. */
    public final Rows logits;

    /**
     * Memory for passes of at most {@code rows} tokens, {@code logitRows} of them with logits.
     *
     * @throws OutOfMemoryError if the operating system has none
     */
    public Activations(Widths widths, int rows, int logitRows) {
        try {

            int assigned = Math.multiplyExact(rows, widths.expertsUsed());
            stream = Rows.allocate(arena, rows, widths.embedding());
            normed = Rows.allocate(arena, rows, widths.embedding());
            branch = Rows.allocate(arena, rows, widths.branch());
            query = Rows.allocate(arena, rows, widths.query());
            key = Rows.allocate(arena, rows, widths.key());
            value = Rows.allocate(arena, rows, widths.value());
            attended = Rows.allocate(arena, rows, widths.attended());
            boolean pairs = widths.storedHalves() > 1;
            queryStored = pairs ? Rows.allocate(arena, rows, widths.query() * widths.storedHalves()) : query;
            attendedStored = pairs ? Rows.allocate(arena, rows, widths.attended() * widths.storedHalves()) : attended;
            perLayer = Rows.allocate(arena, rows, widths.perLayer());
            perLayerTokens = Rows.allocate(arena, rows, widths.perLayer());
            mixed = Rows.allocate(arena, rows, widths.recurrent().mixed());
            mixedGate = Rows.allocate(arena, rows, widths.recurrent().gate());
            mixedOut = Rows.allocate(arena, rows, widths.recurrent().out());
            rates = Rows.allocate(arena, rows, widths.recurrent().rates());
            gate = Rows.allocate(arena, rows, widths.feedForward());
            up = Rows.allocate(arena, rows, widths.feedForward());
            router = Rows.allocate(arena, rows, widths.experts());
            routerChoice = Rows.allocate(arena, rows, widths.experts());
            routing = new Routing(rows, widths.experts(), widths.expertsUsed());
            expertInput = Rows.allocate(arena, assigned, widths.embedding());
            expertGate = Rows.allocate(arena, assigned, widths.expertFeedForward());
            expertUp = Rows.allocate(arena, assigned, widths.expertFeedForward());
            expertOutput = Rows.allocate(arena, assigned, widths.embedding());
            sharedWeight = Rows.allocate(arena, rows, widths.experts() == 0 ? 0 : 1);
            sharedOutput = Rows.allocate(arena, rows, widths.experts() == 0 ? 0 : widths.embedding());
            cosines = new Rows[widths.ropeTables()];
            sines = new Rows[widths.ropeTables()];
            for (int table = 0; table < cosines.length; table++) {
                cosines[table] = Rows.allocate(arena, rows, widths.rotary() / 2);
                sines[table] = Rows.allocate(arena, rows, widths.rotary() / 2);
            }
            logitInput = Rows.allocate(arena, logitRows, widths.embedding());
            logits = Rows.allocate(arena, logitRows, widths.vocabulary());
        } catch (OutOfMemoryError e) {
            arena.close();
            throw e;
        }
    }

    /** Frees the memory; no pass may be running. */
    @Override
    public void close() {
        arena.close();
    }
}
