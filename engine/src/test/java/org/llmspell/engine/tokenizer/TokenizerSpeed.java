package org.llmspell.engine.tokenizer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.llmspell.testing.LlamaCpp;
import org.llmspell.testing.TestData;

/**
 * How fast the tokenizers are beside llama.cpp's, on a megabyte of prose, code and many languages: the project's own documents and
 * sources, and the texts of the reference suites. Both take turns in one run; of llama.cpp's time the loading of the vocabulary and
 * the way to its process are taken off. Started by hand, from the folder of the module.
 */
final class TokenizerSpeed {
    private static final int CHARACTERS = 1_000_000;
    private static final int ROUNDS = 9;

    private TokenizerSpeed() {}

    public static void main(String[] args) throws IOException {
        String text = text();
        double megabytes = text.getBytes(StandardCharsets.UTF_8).length / 1e6;
        System.out.printf(Locale.ROOT, "%.2f MB of text, median of %d rounds%n", megabytes, ROUNDS);
        try (LlamaCpp llamaCpp = LlamaCpp.start()) {
            for (String name : List.of("llama-spm", "gpt-2", "qwen2", "deepseek-llm", "bert-bge")) {
                Path file = TestData.path("tokenizers/" + name + "/vocab.gguf");
                Tokenizer tokenizer = VocabularyFile.open(file);
                double[] ours = new double[ROUNDS];
                double[] theirs = new double[ROUNDS];
                for (int round = 0; round < ROUNDS; round++) {
                    ours[round] = seconds(() -> tokenizer.encode(text, false, false));
                    double loading = seconds(() -> llamaCpp.tokenize(file, "", false, false));
                    theirs[round] = seconds(() -> llamaCpp.tokenize(file, text, false, false)) - loading;
                }
                boolean equal = Arrays.equals(
                        tokenizer.encode(text, false, false), llamaCpp.tokenize(file, text, false, false));
                System.out.printf(
                        Locale.ROOT,
                        "%-12s %6.1f MB/s, llama.cpp %5.1f MB/s, ratio %.1f, %s%n",
                        name,
                        megabytes / median(ours),
                        megabytes / median(theirs),
                        median(theirs) / median(ours),
                        equal ? "same tokens" : "other tokens");
            }
        }
    }

    private static String text() throws IOException {
        StringBuilder text = new StringBuilder();
        for (String name : List.of("llama-spm", "qwen2", "bert-bge")) {
            TestData.json("tokenizers/" + name + "/2026-06.json")
                    .get("cases")
                    .forEach(example ->
                            text.append(example.get("text").asString()).append('\n'));
        }
        for (Path folder : List.of(Path.of("../docs"), Path.of("src/main"), Path.of("../local/src/main"))) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    text.append(Files.readString(file));
                }
            }
        }
        return text.substring(0, Math.min(CHARACTERS, text.length()));
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
