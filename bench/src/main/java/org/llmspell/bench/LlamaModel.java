package org.llmspell.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.llmspell.bench.LlamaCpp.types;
import static org.llmspell.bench.LlamaRelease.words;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.file.Path;

/**
 * A model in llama.cpp with one context, set up as llama-bench does: parameters are llama.cpp's defaults (memory-mapped, repacked
 * where it likes to, batches of 2048 in parts of 512, F16 cache, flash attention as it decides) but for the number of threads and
 * the context. Threads are those of one pool, as in llama-bench; without it llama.cpp would start new ones for every pass. Used
 * by one thread.
 */
@SuppressWarnings("restricted") // reading what C gave is what it is for
final class LlamaModel implements AutoCloseable {
    private static final long CONTEXT_N_CTX = 0;
    private static final long CONTEXT_N_SEQ_MAX = 12;
    /** Of {@link LlamaRelease#NPM}; the other always has one cache for all sequences. */
    private static final long CONTEXT_KV_UNIFIED = 133;

    private static final StructLayout BATCH = words(7);
    /** {@code ggml_threadpool_params}: a mask of 512 processors, threads, priority, polling, strictness, paused. */
    private static final StructLayout POOL_PARAMS =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(132, JAVA_INT));

    /** Tokens of one call, llama-bench's default. */
    private static final int N_BATCH = 2048;

    private final LlamaCpp llama;
    private final LlamaRelease release;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment model;
    private final MemorySegment context;
    private final MemorySegment pool;
    private final MemorySegment batch = arena.allocate(BATCH);
    private final MemorySegment ids = arena.allocate(JAVA_INT, N_BATCH);
    private final int vocabulary;

    /** @throws IllegalStateException if llama.cpp refuses the model */
    LlamaModel(LlamaCpp llama, Path file, int threads, int contextLength) {
        this(llama, file, threads, contextLength, 1);
    }

    /**
     * The same for several sequences at once, in one cache.
     *
     * @param contextLength tokens of all sequences together
     * @param sequences as many as there will be
     */
    LlamaModel(LlamaCpp llama, Path file, int threads, int contextLength, int sequences) {
        this.llama = llama;
        release = llama.release();
        StructLayout modelParams = release.modelParams();
        model = llama.pointer(
                "llama_model_load_from_file",
                types(ADDRESS, modelParams),
                arena.allocateFrom(file.toString()),
                llama.structure(arena, "llama_model_default_params", modelParams, types()));
        StructLayout contextParams = release.contextParams();
        MemorySegment params = llama.structure(arena, "llama_context_default_params", contextParams, types());
        release.checkDefaults(params);
        params.set(JAVA_INT, CONTEXT_N_CTX, contextLength);
        params.set(JAVA_INT, CONTEXT_N_SEQ_MAX, sequences);
        if (release == LlamaRelease.NPM) {
            params.set(JAVA_BOOLEAN, CONTEXT_KV_UNIFIED, sequences > 1);
        }
        release.setThreads(params, threads);
        context = llama.pointer("llama_init_from_model", types(ADDRESS, contextParams), model, params);
        vocabulary = llama.number(
                "llama_vocab_n_tokens", types(ADDRESS), llama.pointer("llama_model_get_vocab", types(ADDRESS), model));
        MemorySegment poolParams =
                llama.structure(arena, "ggml_threadpool_params_default", POOL_PARAMS, types(JAVA_INT), threads);
        pool = llama.pointer("ggml_threadpool_new", types(ADDRESS), poolParams);
        llama.run("llama_attach_threadpool", types(ADDRESS, ADDRESS, ADDRESS), context, pool, MemorySegment.NULL);
    }

    /** Tokens in the vocabulary. */
    int vocabulary() {
        return vocabulary;
    }

    /** Computes {@code tokens} after those that are there, with logits for the last, and waits until that is done. */
    void decode(int[] tokens) {
        for (int from = 0; from < tokens.length; from += N_BATCH) {
            int count = Math.min(N_BATCH, tokens.length - from);
            MemorySegment.copy(tokens, from, ids, JAVA_INT, 0, count);
            // As llama_batch_get_one: the rest is null, for the next positions of sequence 0 and the last one's logits.
            batch.set(JAVA_INT, 0, count);
            batch.setAtIndex(ADDRESS, 1, ids);
            compute(batch);
        }
        llama.run("llama_synchronize", types(ADDRESS), context);
    }

    /** A token at its place in one of several sequences. */
    record Row(int token, int position, int sequence, boolean wantsLogits) {}

    /** Computes tokens of several sequences in one call, and waits until that is done. */
    void decode(Row[] rows) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment tokens = call.allocate(JAVA_INT, rows.length);
            MemorySegment positions = call.allocate(JAVA_INT, rows.length);
            MemorySegment counts = call.allocate(JAVA_INT, rows.length);
            MemorySegment sequences = call.allocate(JAVA_INT, rows.length);
            MemorySegment lists = call.allocate(ADDRESS, rows.length);
            MemorySegment logits = call.allocate(rows.length);
            for (int i = 0; i < rows.length; i++) {
                tokens.setAtIndex(JAVA_INT, i, rows[i].token);
                positions.setAtIndex(JAVA_INT, i, rows[i].position);
                counts.setAtIndex(JAVA_INT, i, 1);
                sequences.setAtIndex(JAVA_INT, i, rows[i].sequence);
                lists.setAtIndex(ADDRESS, i, sequences.asSlice((long) Integer.BYTES * i));
                logits.setAtIndex(JAVA_BOOLEAN, i, rows[i].wantsLogits);
            }
            // llama_batch: n_tokens, token, embd, pos, n_seq_id, seq_id, logits
            MemorySegment wide = call.allocate(BATCH);
            wide.set(JAVA_INT, 0, rows.length);
            wide.setAtIndex(ADDRESS, 1, tokens);
            wide.setAtIndex(ADDRESS, 3, positions);
            wide.setAtIndex(ADDRESS, 4, counts);
            wide.setAtIndex(ADDRESS, 5, lists);
            wide.setAtIndex(ADDRESS, 6, logits);
            compute(wide);
        }
        llama.run("llama_synchronize", types(ADDRESS), context);
    }

    private void compute(MemorySegment tokens) {
        int failed = llama.number("llama_decode", types(ADDRESS, BATCH), context, tokens);
        if (failed != 0) {
            throw new IllegalStateException("llama.cpp cannot decode: " + failed);
        }
    }

    /** The likeliest token after the last. */
    int greedy() {
        return greedy(-1);
    }

    /** The likeliest token after row {@code index} of the last call, which wanted logits. */
    int greedy(int index) {
        MemorySegment logits = llama.pointer("llama_get_logits_ith", types(ADDRESS, JAVA_INT), context, index)
                .reinterpret((long) vocabulary * Float.BYTES);
        int best = 0;
        for (int id = 1; id < vocabulary; id++) {
            if (logits.getAtIndex(JAVA_FLOAT, id) > logits.getAtIndex(JAVA_FLOAT, best)) {
                best = id;
            }
        }
        return best;
    }

    /** Forgets everything from position {@code length} on; false if the model cannot, and nothing has changed then. */
    boolean truncate(int length) {
        MemoryLayout[] types = types(ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT);
        return switch (release) {
            case NPM -> llama.truth("llama_memory_seq_rm", types, memory(), 0, length, -1);
            case MAVEN -> llama.truth("llama_kv_self_seq_rm", types, context, 0, length, -1);
        };
    }

    /** Forgets everything. */
    void clear() {
        switch (release) {
            case NPM -> llama.run("llama_memory_clear", types(ADDRESS, JAVA_BOOLEAN), memory(), false);
            case MAVEN -> llama.run("llama_kv_self_clear", types(ADDRESS), context);
        }
    }

    private MemorySegment memory() {
        return llama.pointer("llama_get_memory", types(ADDRESS), context);
    }

    /** Lets the pool's threads sleep; they would poll for a while. The next pass wakes them. */
    void rest() {
        llama.run("ggml_threadpool_pause", types(ADDRESS), pool);
    }

    @Override
    public void close() {
        llama.run("llama_free", types(ADDRESS), context);
        llama.run("ggml_threadpool_free", types(ADDRESS), pool);
        llama.run("llama_model_free", types(ADDRESS), model);
        arena.close();
    }
}
