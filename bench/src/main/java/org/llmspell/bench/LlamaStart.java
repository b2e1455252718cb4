package org.llmspell.bench;

import java.nio.file.Path;
import java.util.Arrays;

/**
 * Times one start of llama.cpp, from a file's path to its first token: {@code FOLDER VARIANT WARM-UP FILE THREADS CONTEXT
 * TOKEN…}. Java's own start is not in the time, nor the libraries', nor what Java does to call C: a first, tiny model takes all
 * that upon itself. What is left is what a program in C would do, its process' start excepted.
 */
final class LlamaStart {
    private LlamaStart() {}

    /** Prints the seconds. */
    public static void main(String[] args) {
        LlamaCpp llama = new LlamaCpp(Path.of(args[0]), args[1].equals("auto") ? null : args[1]);
        int threads = Integer.parseInt(args[4]);
        int contextLength = Integer.parseInt(args[5]);
        int[] tokens = Arrays.stream(args).skip(6).mapToInt(Integer::parseInt).toArray();
        start(llama, Path.of(args[2]), threads, contextLength, new int[] {1, 2, 3});
        System.out.println(start(llama, Path.of(args[3]), threads, contextLength, tokens));
    }

    private static double start(LlamaCpp llama, Path file, int threads, int contextLength, int[] tokens) {
        long start = System.nanoTime();
        try (LlamaModel model = new LlamaModel(llama, file, threads, contextLength)) {
            model.decode(tokens);
            model.greedy();
            return (System.nanoTime() - start) / 1e9;
        }
    }
}
