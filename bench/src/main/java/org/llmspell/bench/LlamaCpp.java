package org.llmspell.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;

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
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** llama.cpp's libraries and the functions of its C interface, each looked up once. Used by one thread. */
@SuppressWarnings("restricted") // calling C is what it is for
final class LlamaCpp {
    /** Where {@code tools/llama-cpp.sh} puts the libraries. */
    static final Path FOLDER = LlamaRelease.NPM.folder();

    /** Of {@code ggml_log_level}: 1 and 2 are details, 3 and 4 warnings and errors, 5 goes on with the line before. */
    private static final int LOG_WARN = 3;

    private static final int LOG_CONTINUED = 5;

    private static final Pattern VARIANT = Pattern.compile("libggml-cpu-([a-z0-9]+)\\.so");

    private final Linker linker = Linker.nativeLinker();
    private final Map<String, MethodHandle> functions = new HashMap<>();
    private final LlamaRelease release;
    private final SymbolLookup symbols;
    private final String variant;

    /**
     * Loads the libraries.
     *
     * @param folder of the libraries
     * @param wanted variant of the CPU backend, such as {@code icelake}; null for the one that llama.cpp chooses
     * @throws BenchException if there are none, or they have no variants
     * @throws IllegalStateException if llama.cpp refuses
     */
    LlamaCpp(Path folder, @Nullable String wanted) {
        release = check(folder);
        SymbolLookup library = library(folder, release.library());
        if (release == LlamaRelease.NPM) {
            SymbolLookup interfaces = library(folder, "libggml-base.so")
                    .or(library(folder, "libggml." + release.version() + ".so"))
                    .or(library);
            loadBackend(interfaces, folder, wanted);
            variant = loadedVariant().orElseThrow(() -> new IllegalStateException("llama.cpp has no CPU backend"));
            // The pool's functions are the backend's own.
            symbols = interfaces.or(library(folder, "libggml-cpu-" + variant + ".so"));
        } else {
            if (wanted != null) {
                throw new BenchException("llama.cpp " + release.version() + " has no variants");
            }
            checkBuild(library);
            symbols = library;
            variant = truth("ggml_cpu_has_avx512", types()) ? "avx512" : "avx2";
        }
        call("llama_backend_init", null, new MemoryLayout[0]);
    }

    private void loadBackend(SymbolLookup interfaces, Path folder, @Nullable String wanted) {
        try (Arena arena = Arena.ofConfined()) {
            String backend = wanted == null
                    ? folder.toString()
                    : folder.resolve("libggml-cpu-" + wanted + ".so").toString();
            String load = wanted == null ? "ggml_backend_load_all_from_path" : "ggml_backend_load";
            MethodHandle function =
                    linker.downcallHandle(interfaces.findOrThrow(load), FunctionDescriptor.of(ADDRESS, ADDRESS));
            MemorySegment loaded = (MemorySegment) call(function, arena.allocateFrom(backend));
            if (wanted != null) {
                require(loaded, "load " + backend + "; the processor may lack what it needs");
            }
        }
    }

    /** The library's name does not tell its version, which says how structures lie in memory. */
    private void checkBuild(SymbolLookup library) {
        int build = library.findOrThrow("LLAMA_BUILD_NUMBER")
                .reinterpret(Integer.BYTES)
                .get(JAVA_INT, 0);
        if (!release.version().equals("b" + build)) {
            throw new BenchException("the library is llama.cpp b" + build + ", which nobody has looked at; "
                    + release.script() + " fetches " + release.version());
        }
    }

    /**
     * The release whose libraries are in {@code folder}.
     *
     * @throws BenchException if none is
     */
    static LlamaRelease check(Path folder) {
        LlamaRelease found = LlamaRelease.in(folder);
        if (found == null) {
            String script = folder.equals(LlamaRelease.MAVEN.folder())
                    ? LlamaRelease.MAVEN.script()
                    : LlamaRelease.NPM.script();
            throw new BenchException("llama.cpp is absent from " + folder + "; " + script + " fetches it");
        }
        return found;
    }

    private static SymbolLookup library(Path folder, String name) {
        return SymbolLookup.libraryLookup(folder.resolve(name), Arena.global());
    }

    private static Optional<String> loadedVariant() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.map(VARIANT::matcher)
                    .filter(Matcher::find)
                    .map(found -> found.group(1))
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    LlamaRelease release() {
        return release;
    }

    /** Version and CPU backend, such as {@code zen4}. */
    String describe() {
        return release.version() + ", " + variant;
    }

    /** From now on llama.cpp writes warnings and errors to standard error, and no word more. */
    void logOnlyFaults() {
        try {
            MethodHandle log = MethodHandles.lookup()
                    .bind(
                            new FaultLog(),
                            "log",
                            MethodType.methodType(void.class, int.class, MemorySegment.class, MemorySegment.class));
            MemorySegment callback =
                    linker.upcallStub(log, FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS), Arena.global());
            run("llama_log_set", types(ADDRESS, ADDRESS), callback, MemorySegment.NULL);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@code ggml_log_callback}; called by any thread. */
    interface Log {
        void log(int level, MemorySegment text, MemorySegment data);
    }

    private static final class FaultLog implements Log {
        private boolean shown;

        @Override
        public synchronized void log(int level, MemorySegment text, MemorySegment data) {
            shown = level == LOG_CONTINUED ? shown : level >= LOG_WARN;
            if (shown) {
                System.err.print(text.reinterpret(Long.MAX_VALUE).getString(0));
            }
        }
    }

    /** Calls a function without a result. */
    void run(String name, MemoryLayout[] types, Object... arguments) {
        call(name, null, types, arguments);
    }

    /** Calls a function that gives a number. */
    int number(String name, MemoryLayout[] types, Object... arguments) {
        return (int) call(name, JAVA_INT, types, arguments);
    }

    /** Calls a function that gives a truth value. */
    boolean truth(String name, MemoryLayout[] types, Object... arguments) {
        return (boolean) call(name, JAVA_BOOLEAN, types, arguments);
    }

    /**
     * Calls a function that gives a pointer.
     *
     * @throws IllegalStateException if that is null
     */
    MemorySegment pointer(String name, MemoryLayout[] types, Object... arguments) {
        MemorySegment result = (MemorySegment) call(name, ADDRESS, types, arguments);
        require(result, "do " + name + ", see its log");
        return result;
    }

    /** Calls a function that gives a structure, which is put into {@code arena}. */
    MemorySegment structure(Arena arena, String name, StructLayout layout, MemoryLayout[] types, Object... arguments) {
        // A function that returns a structure takes, here, where to put it.
        Object[] all = new Object[arguments.length + 1];
        all[0] = (SegmentAllocator) arena;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return (MemorySegment) call(name, layout, types, all);
    }

    static MemoryLayout[] types(MemoryLayout... types) {
        return types;
    }

    private Object call(String name, @Nullable MemoryLayout result, MemoryLayout[] types, Object... arguments) {
        MethodHandle function = functions.computeIfAbsent(
                name,
                key -> linker.downcallHandle(
                        symbols.findOrThrow(key),
                        result == null ? FunctionDescriptor.ofVoid(types) : FunctionDescriptor.of(result, types)));
        return call(function, arguments);
    }

    private static Object call(MethodHandle function, Object... arguments) {
        try {
            return function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void require(MemorySegment result, String what) {
        if (result.address() == 0) {
            throw new IllegalStateException("llama.cpp cannot " + what);
        }
    }
}
