package org.llmspell.cli.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.Pooling;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code embed}: texts as vectors, and how similar they are. */
final class EmbedCommand implements Command {
    private static final String FILE = "--file";
    private static final String POOLING = "--pooling";
    private static final String TRUNCATE = "--truncate";
    private static final String SIMILARITY = "--similarity";

    @Override
    public CommandSpec spec() {
        return Usage.of("embed", "Turns texts into vectors, which lie close together where the texts mean the same.")
                .does(this)
                .details(
                        "Each TEXT becomes a line of numbers, a vector of length 1. Without TEXT, every line of the file, or of"
                                + " standard input, is a text.",
                        "Works with models made for it (bge, nomic-embed, all-minilm) and with those made to chat.")
                .examples(
                        "llmspell embed nomic-embed-text 'the cat sat on the mat'",
                        "llmspell embed all-minilm --similarity 'a cat' 'a kitten' 'a lorry'",
                        "llmspell embed bge.gguf --file sentences.txt --output json",
                        "printf 'one\\ntwo\\n' | llmspell embed bge.gguf --pooling mean")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "NAME:VARIANT@BACKEND, or the path of a .gguf file"))
                .addPositional(Parameters.rest(1, "TEXT", "The texts"))
                .addOption(OptionSpec.builder(FILE)
                        .paramLabel("FILE")
                        .type(String.class)
                        .description("Read the texts from this file, one a line")
                        .build())
                .addOption(Choice.option(Pooling.class, POOLING)
                        .paramLabel("HOW")
                        .description(
                                "How a text's vector is made of its tokens': mean, cls (the first), last, none (a vector for"
                                        + " each token); the model's own if nothing is said")
                        .build())
                .addOption(Parameters.flag(
                        TRUNCATE, "Embed the beginning of texts that are too long, instead of refusing them"))
                .addOption(Parameters.flag(
                        SIMILARITY, "Show how similar each text is to the first, from -1 to 1, instead of the vectors"))
                .addOption(Parameters.backend());
    }

    @Override
    public int run(ParseResult line, Session session) throws IOException {
        ModelSpec model = Models.spec(line);
        @Nullable Pooling pooling = line.matchedOptionValue(POOLING, null);
        boolean similarity = line.hasMatchedOption(SIMILARITY);
        if (similarity && pooling == Pooling.NONE) {
            throw usage(line, "--similarity compares one vector a text, so --pooling none does not go with it");
        }
        List<String> texts = texts(line, session);
        if (texts.isEmpty() || (similarity && texts.size() < 2)) {
            throw usage(line, similarity ? "--similarity compares two texts or more" : "There is no text to embed");
        }
        EmbeddingOptions options = new EmbeddingOptions(pooling, true, line.hasMatchedOption(TRUNCATE));
        Embeddings embeddings = session.models().embed(model, texts, options);
        if (similarity) {
            double[] similarities = embeddings.vectors().stream()
                    .mapToDouble(
                            vector -> Embeddings.similarity(embeddings.vectors().getFirst(), vector))
                    .toArray();
            session.results().show(() -> json(model, similarities), () -> text(texts, similarities, session));
        } else {
            session.results()
                    .show(() -> json(model, embeddings, pooling == Pooling.NONE), () -> text(embeddings, session));
        }
        return 0;
    }

    private static List<String> texts(ParseResult line, Session session) throws IOException {
        String[] given = line.matchedPositionalValue(1, new String[0]);
        @Nullable String file = line.matchedOptionValue(FILE, null);
        if (given.length > 0 && file != null) {
            throw usage(line, "The texts come from the command line or from --file, not from both");
        }
        if (given.length > 0) {
            return List.of(given);
        }
        String all = file == null ? Parameters.standardInput(session) : read(file, session);
        return all.lines().filter(text -> !text.isBlank()).toList();
    }

    private static String read(String file, Session session) {
        try {
            return new String(Files.readAllBytes(Models.path(file, session)), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "Cannot read " + file,
                    e.getClass().getSimpleName(),
                    List.of("Check the path"),
                    e);
        }
    }

    private static ParameterException usage(ParseResult line, String message) {
        return new ParameterException(line.commandSpec().commandLine(), message);
    }

    private static void text(Embeddings embeddings, Session session) {
        for (float[][] vectors : embeddings.texts()) {
            for (float[] vector : vectors) {
                session.results()
                        .out()
                        .println(numbers(vector).stream().map(String::valueOf).collect(Collectors.joining(" ")));
            }
        }
    }

    private static void text(List<String> texts, double[] similarities, Session session) {
        for (int i = 0; i < similarities.length; i++) {
            session.results().out().println(String.format(Locale.ROOT, "%7.4f  %s", similarities[i], texts.get(i)));
        }
    }

    private static Map<String, @Nullable Object> json(ModelSpec model, Embeddings embeddings, boolean perToken) {
        List<Object> vectors = new ArrayList<>();
        for (float[][] text : embeddings.texts()) {
            List<List<Float>> all =
                    Arrays.stream(text).map(EmbedCommand::numbers).toList();
            vectors.add(perToken ? all : all.getFirst());
        }
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("model", model.id());
        document.put("dimensions", embeddings.texts().getFirst()[0].length);
        document.put("prompt_tokens", embeddings.promptTokens());
        document.put("embeddings", vectors);
        return document;
    }

    private static Map<String, @Nullable Object> json(ModelSpec model, double[] similarities) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("model", model.id());
        document.put("similarities", Arrays.stream(similarities).boxed().toList());
        return document;
    }

    private static List<Float> numbers(float[] vector) {
        List<Float> numbers = new ArrayList<>(vector.length);
        for (float value : vector) {
            numbers.add(value);
        }
        return numbers;
    }
}
