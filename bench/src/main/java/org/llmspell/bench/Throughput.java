package org.llmspell.bench;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench/throughput}: many clients of one server at once, and the second turn of a long conversation. */
@Command(
        name = "bench/throughput",
        description = {
            "Measures how many tokens a second several clients get together from llmspell serve, and how long a second turn"
                    + " waits for its first token.",
            "A server is started for it and ended afterwards. Clients send different prompts over HTTP and stream their"
                    + " replies. Beside it the same work is done by llama.cpp in batches of as many sequences, without a server:"
                    + " what its server can reach at best."
        },
        sortOptions = false,
        usageHelpAutoWidth = true)
final class Throughput implements Callable<Integer> {
    @Spec
    CommandLine.Model.@Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FILE", description = "A GGUF file")
    Path file = Path.of("");

    @Option(names = "--clients", split = ",", paramLabel = "N", description = "Clients at once (default: 1,4,8,16)")
    List<Integer> clients = new ArrayList<>(List.of(1, 4, 8, 16));

    @Option(names = "--prompt", paramLabel = "N", description = "Tokens of a prompt (default: 64)")
    int prompt = 64;

    @Option(names = "--reply", paramLabel = "N", description = "Tokens of a reply (default: 64)")
    int reply = 64;

    @Option(
            names = "--history",
            paramLabel = "N",
            description = "Tokens before the second turn (default: 1500); 0 leaves it out")
    int history = 1500;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Times that each is measured; the best counts (default: 1)")
    int rounds = 1;

    @Option(names = "--no-llama", description = "Leave llama.cpp out")
    boolean alone;

    @Option(
            names = "--llama",
            paramLabel = "FOLDER",
            description = "Libraries of llama.cpp (default: what tools/llama-cpp.sh fetches)")
    Path llama = LlamaCpp.FOLDER;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this")
    boolean help;

    /** Set by the script. */
    private final Path launcher = Path.of(System.getProperty("llmspell.launcher", "llmspell"));

    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Throughput());
        line.setExecutionExceptionHandler((e, command, result) -> {
            System.err.println("bench/throughput: " + e.getMessage());
            if (!(e instanceof BenchException)) {
                e.printStackTrace();
            }
            return 1;
        });
        System.exit(line.execute(args));
    }

    /** Tokens a second of all clients together; null where llama.cpp was left out. */
    private record Row(int clients, double ours, @Nullable Double theirs) {}

    @Override
    public Integer call() throws Exception {
        if (!Files.isReadable(file)) {
            throw new BenchException("no such file: " + file);
        }
        if (prompt < 8
                || reply < 1
                || history < 0
                || rounds < 1
                || clients.stream().anyMatch(n -> n < 1)) {
            throw usage("--prompt is 8 or more; --reply, --rounds and --clients are 1 or more; --history is 0 or more");
        }
        if (!alone) {
            LlamaCpp.check(llama);
        }
        List<Row> rows = new ArrayList<>();
        ServedModel.Turns turns;
        try (ServedModel served = ServedModel.start(launcher, file)) {
            served.generate(1, prompt, Math.min(reply, 8)); // whatever is done once is done now
            for (int count : clients) {
                double best = 0;
                for (int round = 0; round < rounds; round++) {
                    best = Math.max(best, served.generate(count, prompt, reply));
                }
                rows.add(new Row(count, best, null));
                System.err.printf(Locale.ROOT, "%d clients: %.1f tokens/s%n", count, best);
            }
            turns = history == 0 ? null : served.turns(history);
        }
        if (!alone) {
            LlamaCpp library = new LlamaCpp(llama, null);
            library.logOnlyFaults();
            rows.replaceAll(row -> new Row(row.clients, row.ours, theirs(library, row.clients)));
        }
        print(rows, turns);
        return 0;
    }

    private double theirs(LlamaCpp library, int count) {
        int threads = Runtime.getRuntime().availableProcessors();
        double best = 0;
        try (LlamaModel other = new LlamaModel(library, file, threads, count * (prompt + reply), count)) {
            LlamaBatches batches = new LlamaBatches(other, count);
            batches.generate(prompt, 2);
            for (int round = 0; round < rounds; round++) {
                best = Math.max(best, batches.generate(prompt, reply));
            }
        }
        return best;
    }

    private void print(List<Row> rows, ServedModel.@Nullable Turns turns) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.printf("%s, prompts of %d and replies of %d tokens%n%n", file, prompt, reply);
        out.println("clients  tokens/s  to the first row" + (alone ? "" : "  llama.cpp  ours/llama.cpp"));
        for (Row row : rows) {
            out.printf(Locale.ROOT, "%7d  %8.1f  %16.2f", row.clients, row.ours, row.ours / rows.getFirst().ours);
            Double theirs = row.theirs;
            if (theirs != null) {
                out.printf(Locale.ROOT, "  %9.1f  %14.2f", theirs, row.ours / theirs);
            }
            out.println();
        }
        if (turns != null) {
            out.printf(
                    Locale.ROOT,
                    "%nTime to the first token of the second turn over %d tokens: %.3f of the first turn's%n",
                    turns.tokens(),
                    turns.second() / turns.first());
        }
    }

    private ParameterException usage(String message) {
        if (spec == null) {
            throw new IllegalStateException(message);
        }
        return new ParameterException(spec.commandLine(), message);
    }
}
