package org.llmspell.local;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one model. Absent facts are null, never guessed.
 *
 * @param id {@code NAME:VARIANT}
 * @param backend the backend's name
 * @param sizeBytes of all its files
 * @param format the file format, such as {@code GGUF}
 * @param architecture such as {@code llama}
 * @param quantization such as {@code Q4_K_M}
 * @param parameterCount elements in all tensors
 * @param contextLength in tokens, as trained
 * @param loaded in memory now
 * @param path the file, for the embedded backend
 * @param details further facts for people, in the order to show
 */
public record ModelInfo(
        String id,
        String backend,
        long sizeBytes,
        @Nullable String format,
        @Nullable String architecture,
        @Nullable String quantization,
        @Nullable Long parameterCount,
        @Nullable Integer contextLength,
        boolean loaded,
        @Nullable String path,
        Map<String, String> details) {}
