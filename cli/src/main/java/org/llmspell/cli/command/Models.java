package org.llmspell.cli.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.candle.CandleBackend;
import picocli.CommandLine.ParseResult;

/** Reads which model a command means, and finds its file. */
final class Models {
    private Models() {}

    /** The first parameter, with the backend of {@code --backend} where it names none itself. */
    static ModelSpec spec(ParseResult line) {
        ModelSpec spec = ModelSpec.parse(Parameters.get(line, 0));
        @Nullable String backend = line.matchedOptionValue(Parameters.BACKEND, null);
        if (backend == null) {
            return spec;
        }
        String name = backend.toLowerCase(Locale.ROOT);
        if (spec.backend() != null && !spec.backend().equals(name)) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "The model says @" + spec.backend() + " and --backend says " + name,
                    "Leave one of them out");
        }
        return new ModelSpec(spec.name(), spec.variant(), name, spec.isPath());
    }

    /** The GGUF file that {@code text} means: the path of any existing file, or a model of the embedded backend. */
    static Path file(String text, Session session) {
        if (text.indexOf('\0') < 0 && Files.isRegularFile(path(text, session))) {
            return path(text, session);
        }
        ModelSpec spec = ModelSpec.parse(text);
        if (spec.backend() != null && !spec.backend().equals("candle")) {
            throw new LocalModelException(
                    LocalModelException.Kind.UNSUPPORTED,
                    "Only the embedded backend's files can be opened, not those of " + spec.backend(),
                    "Name a model of the embedded backend: NAME:VARIANT@candle",
                    "Name the path of a .gguf file");
        }
        try (CandleBackend candle =
                new CandleBackend(session.config().candle(), session.config().download())) {
            return candle.locate(spec);
        }
    }

    /** A path as it was written; {@code ~/} that a shell left alone is the user's home. */
    static Path path(String text, Session session) {
        return text.startsWith("~/") ? session.surroundings().home().resolve(text.substring(2)) : Path.of(text);
    }

    /** The engine's complaint about {@code file}, in the words of all other errors. */
    static LocalModelException unusable(Path file, EngineException e) {
        String message = firstLine(e);
        return new LocalModelException(
                LocalModelException.Kind.MODEL_UNUSABLE,
                message.contains(file.toString()) ? message : file + ": " + message,
                null,
                e.advice(),
                e);
    }

    static String firstLine(Throwable e) {
        String message = String.valueOf(e.getMessage());
        return message.lines().findFirst().orElse(message);
    }
}
