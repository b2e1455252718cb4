package org.llmspell.local;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which model: {@code [local/]NAME[:VARIANT][@BACKEND]}, {@code hf.co/USER/REPO[:QUANT|:FILE]} or the path of a
 * {@code .gguf} file.
 *
 * @param name the model's name, {@code hf.co/USER/REPO}, or the path
 * @param variant what follows the colon, or null
 * @param backend {@code ollama}, {@code candle} or the name of a provider of the configuration; null to choose
 * @param isPath whether {@code name} is the path of a file
 */
public record ModelSpec(
        String name, @Nullable String variant, @Nullable String backend, boolean isPath) {
    /** The backends that are always there, in the order in which they are tried; a configuration may bring others. */
    public static final List<String> BACKENDS = List.of("ollama", "candle");

    /**
     * Reads a specification. White space around it and a leading {@code local/} are dropped; the backend's name is taken
     * in any case and held in lower case; {@code huggingface.co/} and a pasted {@code https://} become {@code hf.co/}.
     * Anything absolute, or starting with {@code ./}, {@code ../} or {@code ~/}, or ending in {@code .gguf} and either
     * containing a separator or existing, is a path, which only {@code candle} can run.
     *
     * @throws LocalModelException of kind {@code INVALID_REQUEST} that shows the right form
     */
    public static ModelSpec parse(String text) {
        return SpecParser.parse(text);
    }

    /**
     * Reads a specification that comes from outside this machine, as {@link #parse} does, but never as a path: no name
     * reaches a file that its sender chose, nor tells whether there is one.
     *
     * @throws LocalModelException of kind {@code INVALID_REQUEST} that shows the right form
     */
    public static ModelSpec parseName(String text) {
        return SpecParser.parseName(text);
    }

    /** {@code NAME:VARIANT}, or {@code NAME} where there is no variant. */
    public String id() {
        return variant == null ? name : name + ":" + variant;
    }

    /** Whether a variant of a Hugging Face model names a file of its repository rather than a quantization. */
    public static boolean isFile(String variant) {
        return variant.regionMatches(true, variant.length() - 5, ".gguf", 0, 5);
    }

    /** Whether {@code name} is {@code hf.co/USER/REPO}. */
    public boolean isHuggingFace() {
        return !isPath && name.startsWith(SpecParser.HUGGING_FACE);
    }

    /**
     * The file that a path specification names, {@code ~} being the user's home.
     *
     * @throws IllegalStateException if this is not a path
     */
    public Path path() {
        if (!isPath) {
            throw new IllegalStateException(name + " is not a path");
        }
        return SpecParser.expand(name);
    }

    /** The specification that means this one, {@code local/…} and backend included. */
    public String full() {
        String model = isPath ? name : "local/" + id();
        return backend == null ? model : model + "@" + backend;
    }
}
