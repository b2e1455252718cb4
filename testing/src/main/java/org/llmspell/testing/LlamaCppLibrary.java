package org.llmspell.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the tests use of llama.cpp's C interface ({@code llama.h} of v0.5.0). Its parameter structures travel by value; their
 * sizes and the offsets of the fields that are set are those of that version on 64-bit machines.
 */
@SuppressWarnings("restricted") // calling C is what it is for
final class LlamaCppLibrary {
    static final String FILE = "libllama.v0.5.0.so";

    /** A request that llama.cpp refused; its log says why. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    private static final StructLayout MODEL_PARAMS = words(10);
    private static final long MODEL_VOCAB_ONLY = 72;
    private static final long MODEL_EXTRA_BUFFERS = 74;

    private static final StructLayout CONTEXT_PARAMS = words(20);
    private static final long CONTEXT_N_CTX = 0;
    private static final long CONTEXT_N_BATCH = 4;
    private static final long CONTEXT_N_UBATCH = 8;
    private static final long CONTEXT_N_SEQ_MAX = 12;
    private static final long CONTEXT_THREADS = 28;
    private static final long CONTEXT_THREADS_BATCH = 32;
    private static final long CONTEXT_POOLING = 44;
    private static final long CONTEXT_FLASH_ATTENTION = 52;
    private static final long CONTEXT_TYPE_K = 104;
    private static final long CONTEXT_TYPE_V = 108;
    private static final long CONTEXT_EMBEDDINGS = 128;
    private static final long CONTEXT_KV_UNIFIED = 133;

    private static final StructLayout QUANTIZE_PARAMS = words(8);
    private static final long QUANTIZE_THREADS = 0;
    private static final long QUANTIZE_FILE_TYPE = 4;
    private static final long QUANTIZE_REQUANTIZE = 16;
    private static final long QUANTIZE_PURE = 19;

    private static final StructLayout BATCH = words(7);
    private static final int F32 = 0;

    private final Linker linker = Linker.nativeLinker();
    private final SymbolLookup symbols;

    LlamaCppLibrary(Path folder) {
        Arena arena = Arena.global();
        symbols = SymbolLookup.libraryLookup(folder.resolve("libggml.v0.5.0.so"), arena)
                .or(SymbolLookup.libraryLookup(folder.resolve(FILE), arena));
        call(function("ggml_backend_load_all_from_path", null, ADDRESS), arena.allocateFrom(folder.toString()));
        call(function("llama_backend_init", null));
    }

    float[][] logits(Path file, int[] tokens) throws Refused {
        try (Arena arena = Arena.ofConfined();
                Model model = load(file, false);
                Context context = context(model, tokens.length, 1, -1, false)) {
            decode(context, batch(arena, new int[][] {tokens}, 0, true));
            float[][] rows = new float[tokens.length][];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = logits(context, i, vocabulary(model));
            }
            return rows;
        }
    }

    int[] greedy(Path file, int[] prompt, int count) throws Refused {
        int[] generated = new int[count];
        try (Arena arena = Arena.ofConfined();
                Model model = load(file, false);
                Context context = context(model, prompt.length + count, 1, -1, false)) {
            int[] next = prompt;
            int position = 0;
            for (int i = 0; i < count; i++) {
                decode(context, batch(arena, new int[][] {next}, position, false));
                position += next.length;
                float[] logits = logits(context, next.length - 1, vocabulary(model));
                int best = 0;
                for (int id = 1; id < logits.length; id++) {
                    if (logits[id] > logits[best]) {
                        best = id;
                    }
                }
                generated[i] = best;
                next = new int[] {best};
            }
        }
        return generated;
    }

    int[][] tokenize(Path file, byte[][] texts, boolean addSpecial, boolean parseSpecial) throws Refused {
        MethodHandle tokenize = function(
                "llama_tokenize", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_BOOLEAN, JAVA_BOOLEAN);
        int[][] ids = new int[texts.length][];
        try (Model model = load(file, true)) {
            MemorySegment vocabulary = model.vocabulary();
            for (int i = 0; i < texts.length; i++) {
                try (Arena arena = Arena.ofConfined()) {
                    int most = 4 * texts[i].length + 16;
                    MemorySegment text = arena.allocate(texts[i].length + 1L);
                    MemorySegment.copy(texts[i], 0, text, JAVA_BYTE, 0, texts[i].length);
                    MemorySegment tokens = arena.allocate(JAVA_INT, most);
                    int count = (int)
                            call(tokenize, vocabulary, text, texts[i].length, tokens, most, addSpecial, parseSpecial);
                    if (count < 0) {
                        throw new Refused("text " + i + " has more tokens than " + most);
                    }
                    ids[i] = tokens.asSlice(0, 4L * count).toArray(JAVA_INT);
                }
            }
        }
        return ids;
    }

    float[][] embed(Path file, int[][] sequences, int pooling) throws Refused {
        int total = Arrays.stream(sequences).mapToInt(tokens -> tokens.length).sum();
        try (Arena arena = Arena.ofConfined();
                Model model = load(file, false);
                Context context = context(model, total, sequences.length, pooling, true)) {
            decode(context, batch(arena, sequences, 0, true));
            int width = (int) call(function("llama_model_n_embd_out", JAVA_INT, ADDRESS), model.pointer);
            boolean perToken = pooling == LlamaCpp.Pooling.NONE.number;
            MethodHandle get = function(
                    perToken ? "llama_get_embeddings_ith" : "llama_get_embeddings_seq", ADDRESS, ADDRESS, JAVA_INT);
            float[][] rows = new float[perToken ? total : sequences.length][];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = floats((MemorySegment) call(get, context.pointer, i), width);
            }
            return rows;
        }
    }

    int quantize(Path file, Path quantized, int fileType, boolean pure) throws Refused {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = defaults(arena, "llama_model_quantize_default_params", QUANTIZE_PARAMS);
            params.set(JAVA_INT, QUANTIZE_THREADS, 1);
            params.set(JAVA_INT, QUANTIZE_FILE_TYPE, fileType);
            params.set(JAVA_BOOLEAN, QUANTIZE_REQUANTIZE, true);
            params.set(JAVA_BOOLEAN, QUANTIZE_PURE, pure);
            int failed = (int) call(
                    function("llama_model_quantize", JAVA_INT, ADDRESS, ADDRESS, ADDRESS),
                    arena.allocateFrom(file.toString()),
                    arena.allocateFrom(quantized.toString()),
                    params);
            if (failed != 0) {
                throw new Refused("cannot quantize " + file);
            }
            return 0;
        }
    }

    private final class Model implements AutoCloseable {
        final MemorySegment pointer;

        Model(MemorySegment pointer) {
            this.pointer = pointer;
        }

        MemorySegment vocabulary() {
            return (MemorySegment) call(function("llama_model_get_vocab", ADDRESS, ADDRESS), pointer);
        }

        @Override
        public void close() {
            call(function("llama_model_free", null, ADDRESS), pointer);
        }
    }

    private final class Context implements AutoCloseable {
        final MemorySegment pointer;

        Context(MemorySegment pointer) {
            this.pointer = pointer;
        }

        @Override
        public void close() {
            call(function("llama_free", null, ADDRESS), pointer);
        }
    }

    private Model load(Path file, boolean vocabularyOnly) throws Refused {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = defaults(arena, "llama_model_default_params", MODEL_PARAMS);
            params.set(JAVA_BOOLEAN, MODEL_VOCAB_ONLY, vocabularyOnly);
            // Repacked weights would be multiplied by other kernels, with other rounding.
            params.set(JAVA_BOOLEAN, MODEL_EXTRA_BUFFERS, false);
            MemorySegment pointer = (MemorySegment) call(
                    function("llama_model_load_from_file", ADDRESS, ADDRESS, MODEL_PARAMS),
                    arena.allocateFrom(file.toString()),
                    params);
            if (pointer.address() == 0) {
                throw new Refused("cannot load " + file);
            }
            return new Model(pointer);
        }
    }

    private Context context(Model model, int tokens, int sequences, int pooling, boolean embeddings) throws Refused {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = defaults(arena, "llama_context_default_params", CONTEXT_PARAMS);
            params.set(JAVA_INT, CONTEXT_N_CTX, tokens);
            params.set(JAVA_INT, CONTEXT_N_BATCH, tokens);
            params.set(JAVA_INT, CONTEXT_N_UBATCH, tokens);
            params.set(JAVA_INT, CONTEXT_N_SEQ_MAX, sequences);
            params.set(JAVA_INT, CONTEXT_THREADS, 1);
            params.set(JAVA_INT, CONTEXT_THREADS_BATCH, 1);
            params.set(JAVA_INT, CONTEXT_POOLING, pooling);
            params.set(JAVA_INT, CONTEXT_FLASH_ATTENTION, 0);
            params.set(JAVA_INT, CONTEXT_TYPE_K, F32);
            params.set(JAVA_INT, CONTEXT_TYPE_V, F32);
            params.set(JAVA_BOOLEAN, CONTEXT_EMBEDDINGS, embeddings);
            params.set(JAVA_BOOLEAN, CONTEXT_KV_UNIFIED, true);
            MemorySegment pointer = (MemorySegment)
                    call(function("llama_init_from_model", ADDRESS, ADDRESS, CONTEXT_PARAMS), model.pointer, params);
            if (pointer.address() == 0) {
                throw new Refused("cannot make a context of " + tokens + " tokens");
            }
            return new Context(pointer);
        }
    }

    /** A batch whose sequence i holds the tokens of {@code sequences[i]}, from {@code position} on. */
    private static MemorySegment batch(Arena arena, int[][] sequences, int position, boolean allOutputs) {
        int total = Arrays.stream(sequences).mapToInt(tokens -> tokens.length).sum();
        MemorySegment ids = arena.allocate(JAVA_INT, total);
        MemorySegment positions = arena.allocate(JAVA_INT, total);
        MemorySegment counts = arena.allocate(JAVA_INT, total);
        MemorySegment owners = arena.allocate(ADDRESS, total);
        MemorySegment outputs = arena.allocate(JAVA_BYTE, total);
        int at = 0;
        for (int sequence = 0; sequence < sequences.length; sequence++) {
            MemorySegment owner = arena.allocateFrom(JAVA_INT, sequence);
            for (int i = 0; i < sequences[sequence].length; i++) {
                ids.setAtIndex(JAVA_INT, at, sequences[sequence][i]);
                positions.setAtIndex(JAVA_INT, at, position + i);
                counts.setAtIndex(JAVA_INT, at, 1);
                owners.setAtIndex(ADDRESS, at, owner);
                outputs.set(JAVA_BYTE, at, (byte) (allOutputs || i == sequences[sequence].length - 1 ? 1 : 0));
                at++;
            }
        }
        MemorySegment batch = arena.allocate(BATCH);
        batch.set(JAVA_INT, 0, total);
        batch.setAtIndex(ADDRESS, 1, ids);
        batch.setAtIndex(ADDRESS, 3, positions);
        batch.setAtIndex(ADDRESS, 4, counts);
        batch.setAtIndex(ADDRESS, 5, owners);
        batch.setAtIndex(ADDRESS, 6, outputs);
        return batch;
    }

    private void decode(Context context, MemorySegment batch) throws Refused {
        int failed = (int) call(function("llama_decode", JAVA_INT, ADDRESS, BATCH), context.pointer, batch);
        if (failed != 0) {
            throw new Refused("decoding failed with " + failed);
        }
    }

    private float[] logits(Context context, int index, int vocabulary) {
        MethodHandle get = function("llama_get_logits_ith", ADDRESS, ADDRESS, JAVA_INT);
        return floats((MemorySegment) call(get, context.pointer, index), vocabulary);
    }

    private int vocabulary(Model model) {
        return (int) call(function("llama_vocab_n_tokens", JAVA_INT, ADDRESS), model.vocabulary());
    }

    private static float[] floats(MemorySegment address, int count) {
        return address.reinterpret((long) count * Float.BYTES).toArray(JAVA_FLOAT);
    }

    private MemorySegment defaults(Arena arena, String name, StructLayout layout) {
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
}
