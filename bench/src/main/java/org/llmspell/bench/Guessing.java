package org.llmspell.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.Engine;
import org.llmspell.engine.EngineOptions;
import org.llmspell.engine.ModelLease;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench/guessing}: what guessing tokens costs, and what it gains where so many of the guesses come true. */
@Command(
        name = "bench/guessing",
        description = {
            "Measures how much faster or slower replies are made when tokens are guessed (draft_tokens), by how many guesses come true.",
            "Passes with guesses and without take turns, on random tokens; which of the guesses count as true is laid down, so that"
                    + " any model will do, also one with random weights. The figures are tokens a second to those without guesses,"
                    + " medians of all rounds: over 1 guessing pays. The last column says how many guesses have to come true in a"
                    + " pass, all in all, for it to pay.",
            "With --prompt the model replies to a text besides, with what it guesses itself."
        },
        sortOptions = false,
        usageHelpAutoWidth = true)
final class Guessing implements Callable<Integer> {
    private static final double[] SHARES = {1, 0.5, 0};

    @Spec
    CommandLine.Model.@Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FILE", description = "A GGUF file")
    Path file = Path.of("");

    @Option(
            names = "--guesses",
            split = ",",
            paramLabel = "N",
            description = "Tokens guessed for a pass, 1 to 7 (default: 1,2,4,7)")
    List<Integer> guesses = new ArrayList<>(List.of(1, 2, 4, 7));

    @Option(names = "--depth", paramLabel = "N", description = "Tokens before what is timed (default: 256)")
    int depth = 256;

    @Option(names = "--passes", paramLabel = "N", description = "Passes that are timed together (default: 32)")
    int passes = 32;

    @Option(names = "--rounds", paramLabel = "N", description = "Times that each is measured (default: 5)")
    int rounds = 5;

    @Option(names = "--threads", paramLabel = "N", description = "Computing threads (default: one per processor)")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--prompt", paramLabel = "TEXT-FILE", description = "A text to reply to")
    @Nullable
    Path prompt;

    @Option(names = "--reply", paramLabel = "N", description = "Tokens of that reply, at most (default: 256)")
    int reply = 256;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this")
    boolean help;

    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Guessing());
        line.setExecutionExceptionHandler((e, command, result) -> {
            System.err.println("bench/guessing: " + e.getMessage());
            if (!(e instanceof BenchException)) {
                e.printStackTrace();
            }
            return 1;
        });
        System.exit(line.execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        try (Engine engine = new Engine(new EngineOptions(threads, Duration.ZERO, 1, null));
                ModelLease model = engine.open(file, null)) {
            out.printf("%s: %s, %d threads, medians of %d rounds%n", file, engine.kernels(), threads, rounds);
            costs(model);
            if (prompt != null) {
                reply(model, prompt);
            }
        }
        return 0;
    }

    private void check() {
        if (guesses.stream().anyMatch(n -> n < 1 || n > EngineOptions.MOST_DRAFT_TOKENS)) {
            throw usage("--guesses are 1 to " + EngineOptions.MOST_DRAFT_TOKENS);
        }
        if (depth < 0 || passes < 2 || rounds < 1 || threads < 1 || reply < 2) {
            throw usage(
                    "--rounds and --threads are 1 or more; --passes and --reply are 2 or more; --depth is 0 or more");
        }
        for (Path needed : prompt == null ? List.of(file) : List.of(file, prompt)) {
            if (!Files.isReadable(needed)) {
                throw new BenchException("no such file: " + needed);
            }
        }
    }

    private void costs(ModelLease model) {
        int context = depth + passes * (1 + EngineOptions.MOST_DRAFT_TOKENS);
        double[][][] ratios = new double[guesses.size()][SHARES.length][rounds];
        try (ModelLease.Passes given = model.passes(context)) {
            GuessCost cost = new GuessCost(given, model.tokenizer().vocabularySize(), depth, passes);
            // The first round is not counted: what is done once is done then.
            for (int round = -1; round < rounds; round++) {
                for (int g = 0; g < guesses.size(); g++) {
                    double without = cost.tokensPerSecond(0, 0);
                    for (int s = 0; s < SHARES.length; s++) {
                        double with = cost.tokensPerSecond(guesses.get(g), SHARES[s]);
                        if (round >= 0) {
                            ratios[g][s][round] = with / without;
                        }
                    }
                }
            }
        }
        out.printf("%nTokens a second to those without guesses, after %d tokens%n", depth);
        out.println("guesses  all true  half true  none true  pays from");
        for (int g = 0; g < guesses.size(); g++) {
            double none = median(ratios[g][2]);
            out.printf(
                    Locale.ROOT,
                    "%7d  %8.2f  %9.2f  %9.2f  %9.2f%n",
                    guesses.get(g),
                    median(ratios[g][0]),
                    median(ratios[g][1]),
                    none,
                    1 / none - 1);
        }
    }

    private void reply(ModelLease model, Path text) throws IOException, InterruptedException {
        GuessedReply asked = new GuessedReply(model, Files.readString(text), reply);
        double[][] ratios = new double[guesses.size()][rounds];
        GuessedReply.Taken[] taken = new GuessedReply.Taken[guesses.size()];
        asked.measure(0);
        GuessedReply.Taken plain = asked.measure(0);
        for (int round = 0; round < rounds; round++) {
            for (int g = 0; g < guesses.size(); g++) {
                plain = asked.measure(0);
                taken[g] = asked.measure(guesses.get(g));
                ratios[g][round] = taken[g].tokensPerSecond() / plain.tokensPerSecond();
            }
        }
        out.printf("%nA reply of %d tokens to the %d of %s%n", plain.tokens(), asked.promptTokens(), text);
        out.println("guesses  to none  guessed  came true");
        for (int g = 0; g < guesses.size(); g++) {
            out.printf(
                    Locale.ROOT,
                    "%7d  %7.2f  %7d  %9d%n",
                    guesses.get(g),
                    median(ratios[g]),
                    taken[g].guessed(),
                    taken[g].came());
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private ParameterException usage(String message) {
        if (spec == null) {
            throw new IllegalStateException(message);
        }
        return new ParameterException(spec.commandLine(), message);
    }
}
