package org.llmspell.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A release of llama.cpp whose C interface is known: how its structures lie in memory, which no function tells. Sources: {@code
 * llama.h} and {@code ggml-cpu.h} of each; of {@link #MAVEN} also the code of the functions that fill the structures.
 */
@SuppressWarnings("ImmutableEnumChecker") // paths and layouts are values
enum LlamaRelease {
    /** Of npm's node-llama-cpp, with a CPU backend for each kind of processor. */
    NPM("v0.5.0", Path.of(".cache", "llmspell-tests", "llama.cpp"), "tools/llama-cpp.sh", 10, 20, 28),

    /** Of early 2025, in Maven's de.kherud:llama 4.2.0: a single library, for processors with AVX2. */
    MAVEN("b4916", Path.of(".cache", "llmspell-bench", "llama-maven"), "tools/llama-cpp-maven.sh", 8, 15, 16);

    private static final int BATCH = 2048;
    private static final int UBATCH = 512;
    private static final int THREADS = 4;

    private final String version;
    private final Path folder;
    private final String script;
    private final StructLayout modelParams;
    private final StructLayout contextParams;
    private final long threads;

    /**
     * @param folder where the script puts the libraries, beneath the user's home
     * @param script fetches them
     * @param modelWords 64-bit words of {@code llama_model_params}, likewise {@code contextWords} of {@code llama_context_params}
     * @param threads offset of {@code n_threads} in that; {@code n_threads_batch} follows
     */
    LlamaRelease(String version, Path folder, String script, int modelWords, int contextWords, long threads) {
        this.version = version;
        this.folder = Path.of(System.getProperty("user.home")).resolve(folder);
        this.script = script;
        this.modelParams = words(modelWords);
        this.contextParams = words(contextWords);
        this.threads = threads;
    }

    /** A structure of 64-bit words. */
    static StructLayout words(int count) {
        return MemoryLayout.structLayout(MemoryLayout.sequenceLayout(count, JAVA_LONG));
    }

    /** The release whose libraries are in {@code folder}, or null if none is. */
    static @Nullable LlamaRelease in(Path folder) {
        return Arrays.stream(values())
                .filter(release -> Files.exists(folder.resolve(release.library())))
                .findFirst()
                .orElse(null);
    }

    String version() {
        return version;
    }

    /** Where its libraries are put. */
    Path folder() {
        return folder;
    }

    /** What puts them there. */
    String script() {
        return script;
    }

    /** The file name of the library that has {@code llama.h}. */
    String library() {
        return this == NPM ? "libllama." + version + ".so" : "libjllama.so";
    }

    StructLayout modelParams() {
        return modelParams;
    }

    StructLayout contextParams() {
        return contextParams;
    }

    /** Sets the number of threads in {@code llama_context_params}. */
    void setThreads(MemorySegment context, int count) {
        context.set(JAVA_INT, threads, count);
        context.set(JAVA_INT, threads + Integer.BYTES, count);
    }

    /**
     * Checks that llama.cpp's own default parameters lie where they are looked for.
     *
     * @throws IllegalStateException if they do not
     */
    void checkDefaults(MemorySegment context) {
        // n_ctx, n_batch, n_ubatch, n_seq_max
        if (context.get(JAVA_INT, 4) != BATCH
                || context.get(JAVA_INT, 8) != UBATCH
                || context.get(JAVA_INT, 12) != 1
                || context.get(JAVA_INT, threads) != THREADS
                || context.get(JAVA_INT, threads + Integer.BYTES) != THREADS) {
            throw new IllegalStateException(
                    "the libraries' parameters do not lie in memory as those of llama.cpp " + version);
        }
    }
}
