package org.llmspell.cli.command;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.score.Perplexity;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.candle.CandleBackend;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code perplexity}: how well a model predicts a text. */
final class PerplexityCommand implements Command {
    private static final String CONTEXT = "--context-length";
    private static final String STRIDE = "--stride";
    private static final String BATCH = "--batch";
    private static final String CHUNKS = "--chunks";

    @Override
    public CommandSpec spec() {
        return Usage.of("perplexity", "Measures how well a model predicts a text: less is better.")
                .does(this)
                .details(
                        "The text is cut into windows. The first half of each only gives the model something to go on, the",
                        "second counts, as in llama.cpp's llama-perplexity, so that figures of formats and engines compare.",
                        "Running estimates go to standard error. JSON has the log-probability of every token that counts.")
                .examples(
                        "llmspell perplexity tinyllama:Q4_K_M wiki.test.raw",
                        "llmspell perplexity ./model.gguf text.txt --context-length 1024 --chunks 20",
                        "llmspell perplexity ./model.gguf - --stride 256 --output json < text.txt")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "A model of the embedded backend, or a .gguf file"))
                .addPositional(Parameters.text(1, "FILE", "The text, as UTF-8; - for standard input"))
                .addOption(
                        number(CONTEXT, "Tokens of a window (default: 512, or the model's context where that is less)"))
                .addOption(number(
                        STRIDE,
                        "Move the window by so many tokens, and count the last so many of each"
                                + " (default: windows side by side)"))
                .addOption(number(BATCH, "Tokens computed in one pass (default: " + Perplexity.BATCH + ")"))
                .addOption(number(CHUNKS, "Windows to compute at most (default: all)"));
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
        String text = text(Parameters.get(line, 1), session);
        ModelSpec spec = spec(Parameters.get(line, 0), session);
        try (CandleBackend candle = new CandleBackend(
                        session.config().candle(), session.config().download());
                ModelLease model = candle.open(spec, null)) {
            measure(line, session, model, text);
        } catch (CancellationException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.CANCELLED, "The measurement was cancelled", null, List.of(), e);
        } catch (EngineException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST, Models.firstLine(e), null, e.advice(), e);
        }
        return 0;
    }

    private static ModelSpec spec(String given, Session session) {
        Path path = Models.file(given, session);
        return new ModelSpec(path.toAbsolutePath().toString(), null, "candle", true);
    }

    /** The text, without its last line's end, which belongs to the file. */
    private static String text(String file, Session session) throws IOException {
        String text = file.equals("-")
                ? Parameters.standardInput(session)
                : new String(Files.readAllBytes(Models.path(file, session)), StandardCharsets.UTF_8);
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    private static void measure(ParseResult line, Session session, ModelLease model, String text) {
        int context =
                line.matchedOptionValue(CONTEXT, Math.min(Perplexity.CONTEXT_LENGTH, model.trainedContextLength()));
        Perplexity.Options options = new Perplexity.Options(
                context,
                line.matchedOptionValue(STRIDE, 0),
                line.matchedOptionValue(BATCH, Perplexity.BATCH),
                line.matchedOptionValue(CHUNKS, 0));
        int[] tokens = model.tokenizer().encode(text, true, false);
        boolean keep = !session.results().isText();
        List<Perplexity.Window> windows = new ArrayList<>();
        PrintStream err = session.err();
        AtomicBoolean begun = new AtomicBoolean();
        Perplexity.Estimate estimate;
        try {
            estimate = Perplexity.of(model, tokens, options, window -> {
                // All on one line, as llama.cpp does.
                begun.set(true);
                err.print(String.format(
                        Locale.ROOT,
                        "[%d]%.4f,",
                        window.number(),
                        window.soFar().perplexity()));
                err.flush();
                if (keep) {
                    windows.add(window);
                }
            });
        } finally {
            if (begun.get()) {
                err.println();
            }
        }
        session.results()
                .show(
                        () -> json(options, tokens.length, windows, estimate),
                        () -> session.results()
                                .line(String.format(
                                        Locale.ROOT,
                                        "Final estimate: PPL = %.4f +/- %.5f",
                                        estimate.perplexity(),
                                        estimate.error())));
    }

    private static Map<String, @Nullable Object> json(
            Perplexity.Options options, int tokens, List<Perplexity.Window> windows, Perplexity.Estimate estimate) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("perplexity", estimate.perplexity());
        document.put("standard_error", estimate.error());
        document.put("context_length", options.contextLength());
        document.put("stride", options.stride());
        document.put("tokens", tokens);
        document.put("tokens_counted", estimate.tokens());
        List<Object> chunks = new ArrayList<>();
        for (Perplexity.Window window : windows) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("start", window.start());
            fields.put("first_counted", window.firstCounted());
            fields.put("ids", Arrays.stream(window.ids()).boxed().toList());
            fields.put(
                    "log_probabilities",
                    Arrays.stream(window.logProbabilities()).boxed().toList());
            fields.put("perplexity_so_far", window.soFar().perplexity());
            chunks.add(fields);
        }
        document.put("chunks", chunks);
        return document;
    }
}
