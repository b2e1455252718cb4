package org.llmspell.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What benchmarks use of llama.cpp's C interface ({@code llama.h} and {@code ggml-cpu.h} of v0.5.0): one model with one context,
 * set up as llama-bench does. Parameters are llama.cpp's defaults (memory-mapped, repacked where it likes to, batches of 2048 in
 * parts of 512, F16 cache, flash attention as it decides) but for the number of threads and the context. Threads are those of
 * one pool, as in llama-bench; without it llama.cpp would start new ones for every pass. Used by one thread.
 */
@SuppressWarnings("restricted") // calling C is what it is for
final class LlamaCpp implements AutoCloseable {
    static final String VERSION = "v0.5.0";

    private static final StructLayout MODEL_PARAMS = words(10);
    private static final StructLayout CONTEXT_PARAMS = words(20);
    private static final long CONTEXT_N_CTX = 0;
    private static final long CONTEXT_N_SEQ_MAX = 12;
    private static final long CONTEXT_THREADS = 28;
    private static final long CONTEXT_THREADS_BATCH = 32;
    private static final long CONTEXT_KV_UNIFIED = 133;
    private static final StructLayout BATCH = words(7);
    /** {@code ggml_threadpool_params}: a mask of 512 processors, threads, priority, polling, strictness, paused. */
    private static final StructLayout POOL_PARAMS =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(132, JAVA_INT));

    /** Tokens of one call, llama-bench's default. */
    private static final int N_BATCH = 2048;

    private static final Pattern VARIANT = Pattern.compile("libggml-cpu-([a-z0-9]+)\\.so");

    private final Arena arena = Arena.ofConfined();
    private final Linker linker = Linker.nativeLinker();
    private final SymbolLookup symbols;
    private final MemorySegment model;
    private final MemorySegment context;
    private final MemorySegment memory;
    private final MemorySegment pool;
    private final MethodHandle pause;
    private final MethodHandle decode;
    private final MemorySegment batch = arena.allocate(BATCH);
    private final MemorySegment ids = arena.allocate(JAVA_INT, N_BATCH);
    private final int vocabulary;

    /**
     * Loads a model.
     *
     * @param folder of the libraries
     * @param variant of the CPU backend to use, such as {@code icelake}; null for the one that llama.cpp chooses
     * @throws IllegalStateException if llama.cpp refuses
     */
    LlamaCpp(Path folder, @Nullable String variant, Path file, int threads, int contextLength) {
        this(folder, variant, file, threads, contextLength, 1);
    }

    /**
     * The same for several sequences at once, in one cache.
     *
     * @param contextLength tokens of all sequences together
     * @param sequences as many as there will be
     */
    LlamaCpp(Path folder, @Nullable String variant, Path file, int threads, int contextLength, int sequences) {
        symbols = library(folder, "libggml-base.so")
                .or(library(folder, "libggml." + VERSION + ".so"))
                .or(library(folder, "libllama." + VERSION + ".so"));
        if (variant == null) {
            call(function("ggml_backend_load_all_from_path", null, ADDRESS), text(folder.toString()));
        } else {
            Path backend = folder.resolve("libggml-cpu-" + variant + ".so");
            MemorySegment loaded =
                    (MemorySegment) call(function("ggml_backend_load", ADDRESS, ADDRESS), text(backend.toString()));
            require(loaded, "load " + backend + "; the processor may lack what it needs");
        }
        call(function("llama_backend_init", null));
        model = (MemorySegment) call(
                function("llama_model_load_from_file", ADDRESS, ADDRESS, MODEL_PARAMS),
                text(file.toString()),
                defaults("llama_model_default_params", MODEL_PARAMS));
        require(model, "load " + file);
        MemorySegment params = defaults("llama_context_default_params", CONTEXT_PARAMS);
        params.set(JAVA_INT, CONTEXT_N_CTX, contextLength);
        params.set(JAVA_INT, CONTEXT_N_SEQ_MAX, sequences);
        params.set(JAVA_BOOLEAN, CONTEXT_KV_UNIFIED, sequences > 1);
        params.set(JAVA_INT, CONTEXT_THREADS, threads);
        params.set(JAVA_INT, CONTEXT_THREADS_BATCH, threads);
        context = (MemorySegment)
                call(function("llama_init_from_model", ADDRESS, ADDRESS, CONTEXT_PARAMS), model, params);
        require(context, "make a context of " + contextLength + " tokens");
        memory = (MemorySegment) call(function("llama_get_memory", ADDRESS, ADDRESS), context);
        MemorySegment vocab = (MemorySegment) call(function("llama_model_get_vocab", ADDRESS, ADDRESS), model);
        vocabulary = (int) call(function("llama_vocab_n_tokens", JAVA_INT, ADDRESS), vocab);
        decode = function("llama_decode", JAVA_INT, ADDRESS, BATCH);
        String cpu = loadedVariant().orElseThrow(() -> new IllegalStateException("llama.cpp has no CPU backend"));
        SymbolLookup backend = library(folder, "libggml-cpu-" + cpu + ".so");
        pause = linker.downcallHandle(backend.findOrThrow("ggml_threadpool_pause"), FunctionDescriptor.ofVoid(ADDRESS));
        pool = pool(backend, threads);
    }

    private MemorySegment pool(SymbolLookup backend, int threads) {
        MemorySegment params;
        try {
            params = (MemorySegment) function("ggml_threadpool_params_default", POOL_PARAMS, JAVA_INT)
                    .invokeWithArguments((SegmentAllocator) arena, threads);
        } catch (Throwable e) {
            throw new IllegalStateException("ggml_threadpool_params_default", e);
        }
        MethodHandle create = linker.downcallHandle(
                backend.findOrThrow("ggml_threadpool_new"), FunctionDescriptor.of(ADDRESS, ADDRESS));
        MemorySegment made = (MemorySegment) call(create, params);
        require(made, "make a pool of " + threads + " threads");
        call(function("llama_attach_threadpool", null, ADDRESS, ADDRESS, ADDRESS), context, made, MemorySegment.NULL);
        return made;
    }

    private SymbolLookup library(Path folder, String name) {
        return SymbolLookup.libraryLookup(folder.resolve(name), Arena.global());
    }

    /** Tokens in the vocabulary. */
    int vocabulary() {
        return vocabulary;
    }

    /** The CPU backend in use, such as {@code zen4}. */
    static Optional<String> loadedVariant() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.map(VARIANT::matcher)
                    .filter(Matcher::find)
                    .map(m -> m.group(1))
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Computes {@code tokens} after those that are there, with logits for the last, and waits until that is done. */
    void decode(int[] tokens) {
        for (int from = 0; from < tokens.length; from += N_BATCH) {
            int count = Math.min(N_BATCH, tokens.length - from);
            MemorySegment.copy(tokens, from, ids, JAVA_INT, 0, count);
            // llama_batch_get_one: the rest is null, which means the next positions of sequence 0, and the last one's
            // logits
            batch.set(JAVA_INT, 0, count);
            batch.setAtIndex(ADDRESS, 1, ids);
            int failed = (int) call(decode, context, batch);
            if (failed != 0) {
                throw new IllegalStateException("llama.cpp cannot decode: " + failed);
            }
        }
        call(function("llama_synchronize", null, ADDRESS), context);
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
            int failed = (int) call(decode, context, wide);
            if (failed != 0) {
                throw new IllegalStateException("llama.cpp cannot decode: " + failed);
            }
            call(function("llama_synchronize", null, ADDRESS), context);
        }
    }

    /** Forgets everything from position {@code length} on; false if the model cannot, and nothing has changed then. */
    boolean truncate(int length) {
        return (boolean) call(
                function("llama_memory_seq_rm", JAVA_BOOLEAN, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT),
                memory,
                0,
                length,
                -1);
    }

    /** Forgets everything. */
    void clear() {
        call(function("llama_memory_clear", null, ADDRESS, JAVA_BOOLEAN), memory, false);
    }

    /** The likeliest token after what is there. */
    int greedy() {
        return greedy(-1);
    }

    /** The likeliest token after row {@code index} of the last call, which wanted logits. */
    int greedy(int index) {
        MemorySegment logits =
                (MemorySegment) call(function("llama_get_logits_ith", ADDRESS, ADDRESS, JAVA_INT), context, index);
        MemorySegment values = logits.reinterpret((long) vocabulary * Float.BYTES);
        int best = 0;
        for (int id = 1; id < vocabulary; id++) {
            if (values.getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, id)
                    > values.getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, best)) {
                best = id;
            }
        }
        return best;
    }

    /** Lets the pool's threads sleep; they would poll for a while. The next pass wakes them. */
    void rest() {
        call(pause, pool);
    }

    private MemorySegment text(String text) {
        return arena.allocateFrom(text);
    }

    private static void require(MemorySegment result, String what) {
        if (result.address() == 0) {
            throw new IllegalStateException("llama.cpp cannot " + what);
        }
    }

    private MemorySegment defaults(String name, StructLayout layout) {
        try {
            // A function that returns a structure takes, here, where to put it.
            return (MemorySegment) function(name, layout).invokeWithArguments((SegmentAllocator) arena);
        } catch (Throwable e) {
            throw new IllegalStateException(name, e);
        }
    }

    private MethodHandle function(String name, @Nullable MemoryLayout result, MemoryLayout... arguments) {
        FunctionDescriptor type =
                result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments);
        return linker.downcallHandle(symbols.findOrThrow(name), type);
    }

    private static Object call(MethodHandle function, Object... arguments) {
        try {
            return function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static StructLayout words(int count) {
        return MemoryLayout.structLayout(MemoryLayout.sequenceLayout(count, JAVA_LONG));
    }

    /** Leaves everything to the end of the process, as llama.cpp's own programs may. */
    @Override
    public void close() {
        arena.close();
    }
}
