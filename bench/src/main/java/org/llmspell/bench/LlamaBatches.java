package org.llmspell.bench;

import java.util.SplittableRandom;

/** Several sequences in llama.cpp at once: their prompts in one batch, then a token of each in every pass. */
final class LlamaBatches {
    private final LlamaModel llama;
    private final int sequences;
    private final SplittableRandom random = new SplittableRandom(3);

    /** @param llama with room for so many sequences */
    LlamaBatches(LlamaModel llama, int sequences) {
        this.llama = llama;
        this.sequences = sequences;
    }

    /** Reads a prompt for each sequence and makes a reply of each; how many tokens of replies there were a second. */
    double generate(int prompt, int reply) {
        llama.clear();
        LlamaModel.Row[] rows = new LlamaModel.Row[sequences * prompt];
        for (int i = 0; i < rows.length; i++) {
            int position = i % prompt;
            rows[i] = new LlamaModel.Row(token(), position, i / prompt, position == prompt - 1);
        }
        long start = System.nanoTime();
        llama.decode(rows);
        int[] next = new int[sequences];
        for (int sequence = 0; sequence < sequences; sequence++) {
            next[sequence] = llama.greedy((sequence + 1) * prompt - 1);
        }
        LlamaModel.Row[] step = new LlamaModel.Row[sequences];
        for (int made = 1; made < reply; made++) {
            for (int sequence = 0; sequence < sequences; sequence++) {
                step[sequence] = new LlamaModel.Row(next[sequence], prompt + made - 1, sequence, true);
            }
            llama.decode(step);
            for (int sequence = 0; sequence < sequences; sequence++) {
                next[sequence] = llama.greedy(sequence);
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        llama.rest();
        return sequences * reply / seconds;
    }

    private int token() {
        return random.nextInt(3, llama.vocabulary());
    }
}
