package org.llmspell.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.llmspell.engine.speed.SpeedTest;

/** llama.cpp as a process to be timed, driven as llama-bench drives it: {@code FOLDER VARIANT FILE THREADS CONTEXT}. */
final class LlamaEngine implements TimedEngine {
    private final LlamaModel model;
    private final String description;
    private final SplittableRandom random = new SplittableRandom(1);
    /** Of the process that drives llama.cpp, which is no part of it. */
    private final long driverMemory;
    /** The tokens that are there from the last test's depth. */
    private int[] past = {};

    private LlamaEngine(LlamaCpp llama, Path file, int threads, int contextLength) throws IOException {
        description = "llama.cpp " + llama.describe();
        driverMemory = ResidentMemory.beyond(file);
        model = new LlamaModel(llama, file, threads, contextLength);
    }

    public static void main(String[] args) throws IOException {
        LlamaCpp llama = new LlamaCpp(Path.of(args[0]), args[1].equals("auto") ? null : args[1]);
        Path file = Path.of(args[2]);
        try (LlamaEngine engine = new LlamaEngine(llama, file, Integer.parseInt(args[3]), Integer.parseInt(args[4]))) {
            TimedEngine.serve(engine, file);
        }
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public long driverMemory() {
        return driverMemory;
    }

    @Override
    public void warmUp(SpeedTest test) {
        past = new int[0];
        model.clear();
        model.decode(tokens(test.kind() == SpeedTest.Kind.PROMPT ? test.tokens() : 1));
        model.rest();
    }

    @Override
    public double measure(SpeedTest test) {
        goBackTo(test.depth());
        int[] tokens = tokens(test.tokens());
        int[] one = new int[1];
        long start = System.nanoTime();
        switch (test.kind()) {
            case PROMPT -> model.decode(tokens);
            case GENERATION -> {
                for (int token : tokens) {
                    one[0] = token;
                    model.decode(one);
                }
            }
        }
        double speed = tokens.length * 1e9 / (System.nanoTime() - start);
        model.rest();
        return speed;
    }

    private void goBackTo(int depth) {
        if (depth == 0 || past.length != depth || !model.truncate(depth)) {
            model.clear();
            past = tokens(depth);
            model.decode(past);
        }
    }

    private int[] tokens(int count) {
        return random.ints(count, 0, model.vocabulary()).toArray();
    }

    @Override
    public void close() {
        model.close();
    }
}
