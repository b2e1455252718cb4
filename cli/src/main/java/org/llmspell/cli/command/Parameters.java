package org.llmspell.cli.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** The parameters that several commands share, and reading what a command needs. */
final class Parameters {
    static final String BACKEND = "--backend";

    private Parameters() {}

    /** A text in place {@code index}. */
    static PositionalParamSpec text(int index, String label, String description) {
        return PositionalParamSpec.builder()
                .index(String.valueOf(index))
                .arity("1")
                .required(true)
                .paramLabel(label)
                .type(String.class)
                .description(description)
                .build();
    }

    /** A text in place {@code index} that may be left out. */
    static PositionalParamSpec optional(int index, String label, String description) {
        return PositionalParamSpec.builder()
                .index(String.valueOf(index))
                .arity("0..1")
                .paramLabel(label)
                .type(String.class)
                .description(description)
                .build();
    }

    /** All that follows, from place {@code index} on. */
    static PositionalParamSpec rest(int index, String label, String description) {
        return PositionalParamSpec.builder()
                .index(index + "..*")
                .arity("0..*")
                .paramLabel(label)
                .type(String[].class)
                .description(description)
                .build();
    }

    /** An option without a value. */
    static OptionSpec flag(String name, String description) {
        return OptionSpec.builder(name).description(description).build();
    }

    /** The option that picks one backend. */
    static OptionSpec backend() {
        return OptionSpec.builder(BACKEND)
                .paramLabel("NAME")
                .type(String.class)
                .completionCandidates(org.llmspell.local.ModelSpec.BACKENDS)
                .description("Only this backend: ollama or candle")
                .build();
    }

    static String get(ParseResult line, int index) {
        return line.matchedPositionalValue(index, "");
    }

    /** All of standard input, exactly, as UTF-8. */
    static String standardInput(Session session) throws IOException {
        return new String(session.surroundings().in().readAllBytes(), StandardCharsets.UTF_8);
    }
}
