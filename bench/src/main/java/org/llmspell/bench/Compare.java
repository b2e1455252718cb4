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
                    + " The figures are medians of all rounds, a ratio over 1 means that ours is better.",
            "The share is that of the memory's read bandwidth that making tokens at depth 0 uses."
        },
        sortOptions = false,
        usageHelpAutoWidth = true)
final class Compare implements Callable<Integer> {
    static final String STARTUP = "startup";
    static final String MEMORY = "memory";

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
            description = {
                "ppN and tgN, at a depth as in tg128@d2048, in tokens a second (default: pp512,tg128);",
                "startup: seconds from a command to the first token after a prompt of five, with the file in memory;",
                "memory: MiB that are resident beside the file after the other tests"
            })
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
            paramLabel = "WHICH",
            description = {
                "Which llama.cpp: npm for that of node-llama-cpp, with code for each kind of processor (default);",
                "maven for that of de.kherud:llama, of early 2025 and for AVX2; or a folder with the libraries of either"
            })
    String llama = "npm";

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
        if (rounds < 1 || threads < 1) {
            throw usage("--rounds and --threads are 1 or more");
        }
        if (!output.equals("text") && !output.equals("json")) {
            throw usage("--output is text or json");
        }
        List<SpeedTest> speed = speedTests();
        Comparison.Setup setup = new Comparison.Setup(threads, kernels, llamaFolder(), variant);
        LlamaCpp.check(setup.llama());
        List<Report.Model> results = new ArrayList<>();
        if (files.isEmpty()) {
            for (String shape : shapes) {
                for (String format : formats) {
                    Path file = TestModel.of(launcher, models, shape, format);
                    results.add(compare(shape + " " + format, file, setup, speed));
                }
            }
        } else {
            for (Path file : files) {
                if (!Files.isReadable(file)) {
                    throw new BenchException("no such file: " + file);
                }
                results.add(compare(file.toString(), file, setup, speed));
            }
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.print(output.equals("json") ? Report.json(results) + "\n" : Report.text(results));
        return 0;
    }

    private Path llamaFolder() {
        return switch (llama) {
            case "npm" -> LlamaRelease.NPM.folder();
            case "maven" -> LlamaRelease.MAVEN.folder();
            default -> Path.of(llama);
        };
    }

    /** Of memory something must have been computed: if nothing else is asked for, what is asked for most. */
    private List<SpeedTest> speedTests() {
        List<SpeedTest> speed = new ArrayList<>();
        for (String test : tests) {
            if (!test.equals(STARTUP) && !test.equals(MEMORY)) {
                speed.add(
                        SpeedTest.named(test)
                                .orElseThrow(
                                        () -> usage(
                                                "\"" + test
                                                        + "\" is no test; there are ppN and tgN, as in pp512,tg128@d2048, startup and memory")));
            }
        }
        if (speed.isEmpty() && tests.contains(MEMORY)) {
            speed.add(new SpeedTest(SpeedTest.Kind.PROMPT, 512, 0));
        }
        return speed;
    }

    private Report.Model compare(String name, Path file, Comparison.Setup setup, List<SpeedTest> speed)
            throws IOException, InterruptedException {
        err.println(name);
        Comparison.Result result = speed.isEmpty() ? null : new Comparison(setup, speed, rounds, err).run(file);
        List<Figures> figures = new ArrayList<>();
        for (String test : tests) {
            if (test.equals(STARTUP)) {
                Path tiny = TestModel.of(launcher, models, "tiny", "Q8_0");
                figures.add(new StartUp(setup, launcher, tiny).run(file, rounds, err));
            } else if (result != null) {
                String wanted = SpeedTest.named(test).map(SpeedTest::name).orElse(test);
                result.figures().stream()
                        .filter(each -> each.test().equals(wanted))
                        .forEach(figures::add);
            }
        }
        return new Report.Model(name, figures, result);
    }

    private ParameterException usage(String message) {
        if (spec == null) {
            throw new IllegalStateException(message);
        }
        return new ParameterException(spec.commandLine(), message);
    }
}
