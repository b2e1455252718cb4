package org.llmspell.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.llmspell.engine.speed.SpeedSamples;
import org.llmspell.engine.speed.SpeedTest;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.engine.tokenizer.Tokenizers;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;

/**
 * From a command to the first token after a prompt of five, in turns: ours is the whole process that {@code llmspell exec} is,
 * launcher and Java included; theirs is {@link LlamaStart}, which leaves its process' start out. The file is in the page cache.
 */
record StartUp(Comparison.Setup setup, Path launcher, Path tinyModel) {
    private static final int PROMPT_TOKENS = 5;
    private static final String SCRIPT =
            "local a = Agent.create({ model = ARGS[1], raw = true, temperature = 0, max_tokens = 1, context_length = 512 })"
                    + " a:complete(ARGS[2]) print(a:last().prompt_tokens)";

    Figures run(Path file, int rounds, PrintStream err) throws IOException, InterruptedException {
        String prompt = prompt(file);
        int[] tokens = tokenizer(file).encode(prompt, true, false);
        double[] ours = new double[rounds];
        double[] theirs = new double[rounds];
        for (int round = -1; round < rounds; round++) {
            double mine = ours(file, prompt);
            double other = theirs(file, tokens);
            if (round >= 0) { // the first only warms the caches
                ours[round] = mine;
                theirs[round] = other;
                err.printf(Locale.ROOT, "round %d of %d, startup: %.3f and %.3f s%n", round + 1, rounds, mine, other);
            }
        }
        SpeedTest any = new SpeedTest(SpeedTest.Kind.PROMPT, PROMPT_TOKENS, 0);
        return Figures.lessIsBetter(
                Compare.STARTUP, "s", new SpeedSamples(any, ours).median(), new SpeedSamples(any, theirs).median());
    }

    /** A text of five tokens, special ones included. */
    private static String prompt(Path file) throws IOException {
        Tokenizer tokenizer = tokenizer(file);
        StringBuilder text = new StringBuilder("the");
        while (tokenizer.encode(text.toString(), true, false).length < PROMPT_TOKENS) {
            text.append(" the");
        }
        return text.toString();
    }

    private static Tokenizer tokenizer(Path file) throws IOException {
        try (GgufFile gguf = GgufFile.open(file)) {
            return Tokenizers.from(gguf.metadata());
        } catch (GgufException e) {
            throw new BenchException(file + ": " + e.getMessage());
        }
    }

    private double ours(Path file, String prompt) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        launcher.toString(),
                        "exec",
                        SCRIPT,
                        file.toAbsolutePath().toString(),
                        prompt)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(setup.environment());
        builder.environment().put("LLMSPELL_THREADS", String.valueOf(setup.threads()));
        long start = System.nanoTime();
        Process process = builder.start();
        try (InputStream out = process.getInputStream()) {
            int first = out.read();
            double seconds = (System.nanoTime() - start) / 1e9;
            out.readAllBytes();
            if (process.waitFor() != 0 || first < 0) {
                throw new BenchException("llmspell exec failed");
            }
            return seconds;
        }
    }

    private double theirs(Path file, int[] tokens) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(
                setup.llama().toString(),
                setup.variant(),
                tinyModel.toString(),
                file.toString(),
                String.valueOf(setup.threads()),
                "512"));
        arguments.addAll(Arrays.stream(tokens).mapToObj(String::valueOf).collect(Collectors.toList()));
        Process process = new ProcessBuilder(EngineProcess.command(
                        LlamaStart.class, List.of("-XX:TieredStopAtLevel=1"), arguments.toArray(String[]::new)))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String seconds = out.readLine();
            process.waitFor();
            if (seconds == null) {
                throw new BenchException("llama.cpp cannot run " + file);
            }
            return Double.parseDouble(seconds);
        }
    }
}
