package org.llmspell.cli.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Table;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.engine.tokenizer.Tokenizers;
import org.llmspell.gguf.GgufFile;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.json.JsonText;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code tokenize}: the tokens that a model's vocabulary makes of a text. */
final class TokenizeCommand implements Command {
    private static final String SPECIAL = "--special";
    private static final String NO_SPECIAL = "--no-special";
    private static final String NO_BOS = "--no-bos";
    private static final String LINES = "--jsonl";

    /** How text becomes tokens. */
    private record Encoding(Tokenizer tokenizer, boolean addSpecial, boolean parseSpecial) {
        int[] ids(String text) {
            return tokenizer.encode(text, addSpecial, parseSpecial);
        }
    }

    @Override
    public CommandSpec spec() {
        return Usage.of("tokenize", "Shows the tokens that a model makes of a text.")
                .does(this)
                .details(
                        "Works on any GGUF with a vocabulary, also one without weights. Without TEXT, standard input is read.",
                        "With --jsonl, every line of it is {\"text\": …} and becomes a line {\"ids\": […]}.")
                .examples(
                        "llmspell tokenize tinyllama:Q4_K_M 'Once upon a time'",
                        "llmspell tokenize vocab.gguf --no-special '<s> is text here'",
                        "printf '{\"text\":\"hello\"}\\n' | llmspell tokenize vocab.gguf --jsonl",
                        "llmspell tokenize model.gguf -- '--text that starts with dashes'")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "An installed model, or the path of a .gguf file"))
                .addPositional(Parameters.optional(1, "TEXT", "The text"))
                .addOption(Parameters.flag(
                        SPECIAL,
                        "Add the BOS and EOS that the model wants, and read special tokens such as <|im_end|>"
                                + " in the text as such (this is what happens if nothing is said)"))
                .addOption(Parameters.flag(NO_SPECIAL, "Neither: all of the text is text"))
                .addOption(Parameters.flag(NO_BOS, "Add no BOS and EOS, but read special tokens"))
                .addOption(Parameters.flag(LINES, "Read and write a line of JSON per text"));
    }

    @Override
    public int run(ParseResult line, Session session) throws IOException {
        boolean plain = line.hasMatchedOption(NO_SPECIAL);
        if (plain && line.hasMatchedOption(SPECIAL)) {
            throw usage(line, "--special and --no-special contradict each other");
        }
        @Nullable String text = line.matchedPositionalValue(1, null);
        boolean lines = line.hasMatchedOption(LINES);
        if (lines && text != null) {
            throw usage(line, "With --jsonl the texts come from standard input, not from an argument");
        }
        Tokenizer tokenizer = tokenizer(Models.file(Parameters.get(line, 0), session));
        Encoding encoding = new Encoding(tokenizer, !plain && !line.hasMatchedOption(NO_BOS), !plain);
        if (lines) {
            lines(encoding, session);
        } else {
            String given = text != null ? text : Parameters.standardInput(session);
            int[] ids = encoding.ids(given);
            session.results()
                    .show(() -> json(tokenizer, ids), () -> session.results().table(table(tokenizer, ids)));
        }
        return 0;
    }

    private static ParameterException usage(ParseResult line, String message) {
        return new ParameterException(line.commandSpec().commandLine(), message);
    }

    private static Tokenizer tokenizer(Path file) throws IOException {
        try (GgufFile gguf = GgufFile.open(file)) {
            return Tokenizers.from(gguf.metadata());
        } catch (EngineException e) {
            throw Models.unusable(file, e);
        }
    }

    private static void lines(Encoding encoding, Session session) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(session.surroundings().in(), StandardCharsets.UTF_8));
        int number = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            String ids = Arrays.toString(encoding.ids(text(line, number))).replace(" ", "");
            session.results().out().print("{\"ids\":" + ids + "}\n");
            if (!in.ready()) {
                // Whoever writes a line and waits for its answer gets it.
                session.results().out().flush();
            }
        }
    }

    private static String text(String line, int number) {
        Object value;
        try {
            value = JsonText.parse(line);
        } catch (RuntimeException e) {
            throw wrongLine(number, e);
        }
        if (value instanceof Map<?, ?> object && object.get("text") instanceof String text) {
            return text;
        }
        throw wrongLine(number, null);
    }

    private static LocalModelException wrongLine(int number, @Nullable Throwable cause) {
        return new LocalModelException(
                LocalModelException.Kind.INVALID_REQUEST,
                "Line " + number + " of standard input is no JSON object with a \"text\"",
                cause == null ? null : Models.firstLine(cause),
                List.of("Write one object a line, such as {\"text\": \"hello\"}"),
                cause);
    }

    private static Table table(Tokenizer tokenizer, int[] ids) {
        Table table = new Table().number("ID").text("PIECE").text("TEXT");
        for (int id : ids) {
            table.row(String.valueOf(id), tokenizer.piece(id), text(tokenizer, id));
        }
        return table;
    }

    /** The token's own bytes as text, which may be a part of a character; empty for control tokens. */
    private static String text(Tokenizer tokenizer, int id) {
        byte[] bytes = tokenizer.bytes(id);
        return bytes.length == 0 ? "" : "\"" + new String(bytes, StandardCharsets.UTF_8) + "\"";
    }

    private static Map<String, Object> json(Tokenizer tokenizer, int[] ids) {
        List<Object> tokens = new ArrayList<>();
        for (int id : ids) {
            Map<String, Object> token = new LinkedHashMap<>();
            token.put("id", id);
            token.put("piece", tokenizer.piece(id));
            tokens.add(token);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("ids", Arrays.stream(ids).boxed().toList());
        document.put("tokens", tokens);
        return document;
    }
}
