package org.llmspell.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.speed.SpeedTest;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench/compare}: this engine and llama.cpp on the same files, in turns. */
@Command(
        name = "bench/compare",
        description = {
            "Compares this engine with llama.cpp: the same file, the same threads, in turns.",
            "Each engine has a process of its own, in which the model stays loaded; while one computes the other sleeps."
                    + " The figures are medians of all rounds in tokens per second.",
            "The share is that of the memory's read bandwidth that making tokens at depth 0 uses."
        },
        sortOptions = false,
        usageHelpAutoWidth = true)
final class Compare implements Callable<Integer> {
    @Spec
    CommandLine.Model.@Nullable CommandSpec spec;

    @Option(
            names = "--shape",
            split = ",",
            paramLabel = "SHAPE",
            description = "Shapes of the models (default: tinyllama-1.1b)")
    List<String> shapes = new ArrayList<>(List.of("tinyllama-1.1b"));

    @Option(
            names = "--format",
            split = ",",
            paramLabel = "FORMAT",
            description = "Formats of the models (default: Q4_K_M)")
    List<String> formats = new ArrayList<>(List.of("Q4_K_M"));

    @Option(
            names = "--file",
            split = ",",
            paramLabel = "FILE",
            description = "GGUF files to take, in place of shapes and formats")
    List<Path> files = new ArrayList<>();

    @Option(
            names = "--models",
            paramLabel = "FOLDER",
            description = "Where models are made and kept (default: ~/.cache/llmspell-bench)")
    Path models = Path.of(System.getProperty("user.home"), ".cache", "llmspell-bench");

    @Option(
            names = "--tests",
            split = ",",
            paramLabel = "TEST",
            description = "ppN and tgN, at a depth as in tg128@d2048 (default: pp512,tg128)")
    List<String> tests = new ArrayList<>(List.of("pp512", "tg128"));

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Times that each test is run by each engine (default: 5)")
    int rounds = 5;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of each engine (default: one per processor)")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--kernels", paramLabel = "NAME", description = "Kernels of this engine (default: the fastest)")
    @Nullable
    String kernels;

    @Option(
            names = "--llama-variant",
            paramLabel = "NAME",
            description = "CPU backend of llama.cpp, such as icelake, for AVX-512 without AMX (default: its choice)")
    String variant = "auto";

    @Option(
            names = "--llama",
            paramLabel = "FOLDER",
            description = "Libraries of llama.cpp (default: what tools/llama-cpp.sh fetches)")
    Path llama = Path.of(System.getProperty("user.home"), ".cache", "llmspell-tests", "llama.cpp");

    @Option(names = "--output", paramLabel = "FORM", description = "text or json (default: text)")
    String output = "text";

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this")
    boolean help;

    private final PrintStream err = System.err;
    /** Set by the script. */
    private final Path launcher = Path.of(System.getProperty("llmspell.launcher", "llmspell"));

    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Compare());
        line.setExecutionExceptionHandler((e, command, result) -> {
            System.err.println("bench/compare: " + e.getMessage());
            if (!(e instanceof BenchException)) {
                e.printStackTrace();
            }
            return 1;
        });
        System.exit(line.execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<SpeedTest> wanted = new ArrayList<>();
        for (String test : tests) {
            wanted.add(SpeedTest.named(test)
                    .orElseThrow(() ->
                            usage("\"" + test + "\" is no test; there are ppN and tgN, as in pp512,tg128@d2048")));
        }
        if (rounds < 1 || threads < 1) {
            throw usage("--rounds and --threads are 1 or more");
        }
        if (!output.equals("text") && !output.equals("json")) {
            throw usage("--output is text or json");
        }
        List<Comparison.Result> results = new ArrayList<>();
        Comparison comparison = new Comparison(wanted, rounds, threads, kernels, llama, variant, err);
        if (files.isEmpty()) {
            for (String shape : shapes) {
                for (String format : formats) {
                    Path file = TestModel.of(launcher, models, shape, format);
                    results.add(comparison.run(shape + " " + format, file));
                }
            }
        } else {
            for (Path file : files) {
                if (!Files.isReadable(file)) {
                    throw new BenchException("no such file: " + file);
                }
                results.add(comparison.run(file.toString(), file));
            }
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.print(output.equals("json") ? Report.json(results) + "\n" : Report.text(results));
        return 0;
    }

    private ParameterException usage(String message) {
        if (spec == null) {
            throw new IllegalStateException(message);
        }
        return new ParameterException(spec.commandLine(), message);
    }
}
