package org.llmspell.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.StatusLine;
import org.llmspell.cli.output.Table;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.speed.SpeedRun;
import org.llmspell.engine.speed.SpeedSamples;
import org.llmspell.engine.speed.SpeedTest;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.config.CandleConfig;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code bench}: how fast a model reads prompts and makes tokens on this machine. */
final class BenchCommand implements Command {
    private static final String TESTS = "--tests";
    private static final String DEPTH = "--depth";
    private static final String THREADS = "--threads";
    private static final String REPETITIONS = "--repetitions";

    private static final String DEFAULT_TESTS = "pp512,pp32,tg128";
    private static final String DEFAULT_DEPTH = "0,2048";
    private static final int DEFAULT_REPETITIONS = 5;
    private static final int MOST_REPETITIONS = 10_000;
    private static final int MOST_THREADS = 4096;

    /** What is to be done. */
    private record Plan(List<SpeedTest> tests, int repetitions) {}

    @Override
    public CommandSpec spec() {
        return Usage.of("bench", "Measures how fast a model reads prompts and makes tokens.")
                .does(this)
                .details(
                        "A test ppN times a prompt of N tokens, tgN the making of N tokens one after the other, in tokens per"
                                + " second. With a depth, so many tokens are there before. Tokens are random and nothing is"
                                + " sampled, as in llama.cpp's llama-bench, so that figures compare. The model is loaded and"
                                + " warm before; of the repetitions the table shows the median, the lowest and the highest.")
                .examples(
                        "llmspell bench tinyllama:Q4_K_M",
                        "llmspell bench ./model.gguf --tests pp512,tg128 --depth 0 --repetitions 10",
                        "llmspell bench ./model.gguf --threads 2 --output json",
                        "llmspell bench synth llama-3.2-1b Q4_0 /tmp/model.gguf")
                .spec()
                // Needed unless a subcommand follows, which the parser cannot say.
                .addPositional(Parameters.optional(0, "MODEL", "A model of the embedded backend, or a .gguf file"))
                .addOption(
                        text(TESTS, "TESTS", "What to measure, with commas between (default: " + DEFAULT_TESTS + ")"))
                .addOption(text(
                        DEPTH, "N", "Tokens before each test, with commas between (default: " + DEFAULT_DEPTH + ")"))
                .addOption(number(THREADS, "Computing threads (default: as configured, else one per core)"))
                .addOption(number(REPETITIONS, "Times that each test is run (default: " + DEFAULT_REPETITIONS + ")"));
    }

    private static OptionSpec text(String name, String label, String description) {
        return OptionSpec.builder(name)
                .paramLabel(label)
                .type(String.class)
                .description(description)
                .build();
    }

    private static OptionSpec number(String name, String description) {
        return OptionSpec.builder(name)
                .paramLabel("N")
                .type(Integer.class)
                .description(description)
                .build();
    }

    @Override
    public int run(ParseResult line, Session session) throws IOException {
        String model = Parameters.get(line, 0);
        if (model.isEmpty()) {
            throw usage(line, "Missing required parameter: 'MODEL'");
        }
        Plan plan = plan(line);
        Config config = session.config(threads(line));
        Path file = Models.file(model, session);
        ModelSpec spec = new ModelSpec(file.toAbsolutePath().toString(), null, "candle", true);
        try (CandleBackend candle = new CandleBackend(config.candle(), config.download());
                ModelLease lease = candle.open(spec, null)) {
            List<SpeedSamples> results = measure(lease, plan, session);
            session.results()
                    .show(
                            () -> json(model, file, lease, config.candle(), results),
                            () -> session.results().table(table(results)));
        } catch (CancellationException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.CANCELLED, "The measurement was cancelled", null, List.of(), e);
        } catch (EngineException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST, Models.firstLine(e), null, e.advice(), e);
        }
        return 0;
    }

    private static Map<String, String> threads(ParseResult line) {
        @Nullable Integer threads = line.matchedOptionValue(THREADS, null);
        if (threads == null) {
            return Map.of();
        }
        if (threads < 1 || threads > MOST_THREADS) {
            throw usage(line, THREADS + " is " + threads + "; allowed: 1 to " + MOST_THREADS);
        }
        return Map.of(ConfigKey.THREADS, String.valueOf(threads));
    }

    private static Plan plan(ParseResult line) {
        int repetitions = line.matchedOptionValue(REPETITIONS, DEFAULT_REPETITIONS);
        if (repetitions < 1 || repetitions > MOST_REPETITIONS) {
            throw usage(line, REPETITIONS + " is " + repetitions + "; allowed: 1 to " + MOST_REPETITIONS);
        }
        List<SpeedTest> tests = new ArrayList<>();
        boolean depthGiven = line.hasMatchedOption(DEPTH);
        for (String depth : line.matchedOptionValue(DEPTH, DEFAULT_DEPTH).split(",", -1)) {
            int tokens = depth(line, depth.strip());
            for (String name : line.matchedOptionValue(TESTS, DEFAULT_TESTS).split(",", -1)) {
                SpeedTest test = SpeedTest.named(name)
                        .orElseThrow(() -> usage(
                                line,
                                "\"" + name.strip() + "\" is no test; there are ppN and tgN, such as pp512 and tg128"));
                if (test.depth() > 0 && depthGiven) {
                    throw usage(line, test + " has a depth of its own; leave out " + DEPTH + " or that");
                }
                SpeedTest wanted = test.depth() > 0 ? test : test.at(tokens);
                if (!tests.contains(wanted)) {
                    tests.add(wanted);
                }
            }
        }
        return new Plan(tests, repetitions);
    }

    private static int depth(ParseResult line, String text) {
        try {
            int depth = Integer.parseInt(text);
            if (depth >= 0 && depth <= SpeedTest.MOST_TOKENS) {
                return depth;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw usage(line, DEPTH + " is \"" + text + "\"; allowed: 0 to " + SpeedTest.MOST_TOKENS);
    }

    private static ParameterException usage(ParseResult line, String message) {
        return new ParameterException(line.commandSpec().commandLine(), message);
    }

    private static List<SpeedSamples> measure(ModelLease lease, Plan plan, Session session) {
        List<SpeedSamples> results = new ArrayList<>();
        try (SpeedRun run = new SpeedRun(lease, SpeedTest.contextLength(plan.tests));
                StatusLine status =
                        new StatusLine(session.err(), session.surroundings().screen())) {
            for (SpeedTest test : plan.tests) {
                status.show(test + ": warming up and measuring");
                run.warmUp(test);
                double[] samples = new double[plan.repetitions];
                for (int i = 0; i < samples.length; i++) {
                    status.detail(test + ": " + (i + 1) + " of " + samples.length);
                    samples[i] = run.measure(test);
                }
                results.add(new SpeedSamples(test, samples));
            }
        }
        return results;
    }

    private static Table table(List<SpeedSamples> results) {
        Table table = new Table()
                .text("TEST")
                .number("DEPTH")
                .number("TOKENS/S")
                .number("LOWEST")
                .number("HIGHEST");
        for (SpeedSamples result : results) {
            table.row(
                    result.test().at(0).name(),
                    String.valueOf(result.test().depth()),
                    speed(result.median()),
                    speed(result.lowest()),
                    speed(result.highest()));
        }
        return table;
    }

    private static String speed(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value);
    }

    private static Map<String, @Nullable Object> json(
            String model, Path file, ModelLease lease, CandleConfig config, List<SpeedSamples> results) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("model", model);
        document.put("file", file.toString());
        document.put("bytes", size(file));
        document.put("kernels", KernelProvider.best().name());
        document.put(
                "threads",
                config.threads() > 0 ? config.threads() : Runtime.getRuntime().availableProcessors());
        document.put("load_seconds", lease.loadTime().toNanos() / 1e9);
        List<Object> tests = new ArrayList<>();
        for (SpeedSamples result : results) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("test", result.test().at(0).name());
            fields.put("depth", result.test().depth());
            fields.put("tokens_per_second", result.median());
            fields.put("lowest", result.lowest());
            fields.put("highest", result.highest());
            fields.put("samples", Arrays.stream(result.samples()).boxed().toList());
            tests.add(fields);
        }
        document.put("tests", tests);
        return document;
    }

    private static @Nullable Long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return null; // it was there a moment ago, and the measurement stands
        }
    }
}
