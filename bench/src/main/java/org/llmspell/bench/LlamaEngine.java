package org.llmspell.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.llmspell.engine.speed.SpeedTest;

/** llama.cpp as a process to be timed, driven as llama-bench drives it: {@code FOLDER VARIANT FILE THREADS CONTEXT}. */
final class LlamaEngine implements TimedEngine {
    private final LlamaCpp llama;
    private final SplittableRandom random = new SplittableRandom(1);
    /** The tokens that are there from the last test's depth. */
    private int[] past = {};

    private LlamaEngine(LlamaCpp llama) {
        this.llama = llama;
    }

    public static void main(String[] args) throws IOException {
        LlamaCpp llama = new LlamaCpp(
                Path.of(args[0]),
                args[1].equals("auto") ? null : args[1],
                Path.of(args[2]),
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4]));
        try (LlamaEngine engine = new LlamaEngine(llama)) {
            TimedEngine.serve(engine);
        }
    }

    @Override
    public String describe() {
        return "llama.cpp " + LlamaCpp.VERSION + ", " + LlamaCpp.loadedVariant().orElse("unknown CPU backend");
    }

    @Override
    public void warmUp(SpeedTest test) {
        past = new int[0];
        llama.clear();
        llama.decode(tokens(test.kind() == SpeedTest.Kind.PROMPT ? test.tokens() : 1));
        llama.rest();
    }

    @Override
    public double measure(SpeedTest test) {
        goBackTo(test.depth());
        int[] tokens = tokens(test.tokens());
        int[] one = new int[1];
        long start = System.nanoTime();
        switch (test.kind()) {
            case PROMPT -> llama.decode(tokens);
            case GENERATION -> {
                for (int token : tokens) {
                    one[0] = token;
                    llama.decode(one);
                }
            }
        }
        double speed = tokens.length * 1e9 / (System.nanoTime() - start);
        llama.rest();
        return speed;
    }

    private void goBackTo(int depth) {
        if (depth == 0 || past.length != depth || !llama.truncate(depth)) {
            llama.clear();
            past = tokens(depth);
            llama.decode(past);
        }
    }

    private int[] tokens(int count) {
        return random.ints(count, 0, llama.vocabulary()).toArray();
    }

    @Override
    public void close() {
        llama.close();
    }
}
