package org.llmspell.local;

import org.jspecify.annotations.Nullable;

/**
 * Which model: {@code [local/]NAME[:VARIANT][@BACKEND]}, {@code hf.co/USER/REPO[:QUANT|:FILE]} or the path of a
 * {@code .gguf} file.
 *
 * @param name the model's name, {@code hf.co/USER/REPO}, or the path
 * @param variant what follows the colon, or null
 * @param backend {@code ollama} or {@code candle}, or null to choose
 * @param isPath whether {@code name} is the path of a file
 */
public record ModelSpec(
        String name, @Nullable String variant, @Nullable String backend, boolean isPath) {
    /**
     * Reads a specification.
     *
     * @throws LocalModelException of kind {@code INVALID_REQUEST} that shows the right form
     */
    public static ModelSpec parse(String text) {
        throw new UnsupportedOperationException(text);
    }

    /** {@code NAME:VARIANT}, or {@code NAME} where there is no variant. */
    public String id() {
        return variant == null ? name : name + ":" + variant;
    }
}
