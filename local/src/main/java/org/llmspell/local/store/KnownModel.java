package org.llmspell.local.store;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A short name that means a repository of Hugging Face, so that {@code tinyllama} can be pulled. Names are taken in any
 * case.
 *
 * @param names all names of the one model; the first is its own
 * @param repository {@code USER/REPO}
 * @param filePattern the file's name, {@code {Q}} standing for the quantization as written, {@code {q}} in lower case
 */
public record KnownModel(List<String> names, String repository, String filePattern) {
    /** The variant meant where none is named. */
    public static final String DEFAULT_VARIANT = "Q4_K_M";

    public static final List<KnownModel> ALL = List.of(
            new KnownModel(
                    List.of("tinyllama", "tinyllama-1.1b"),
                    "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
                    "tinyllama-1.1b-chat-v1.0.{Q}.gguf"),
            new KnownModel(List.of("phi-2"), "TheBloke/phi-2-GGUF", "phi-2.{Q}.gguf"),
            new KnownModel(List.of("qwen2-0.5b"), "Qwen/Qwen2-0.5B-Instruct-GGUF", "qwen2-0_5b-instruct-{q}.gguf"));

    /** The known model called {@code name}. */
    public static Optional<KnownModel> named(String name) {
        return ALL.stream()
                .filter(model -> model.names.stream().anyMatch(name::equalsIgnoreCase))
                .findFirst();
    }

    /** The file in the repository that holds {@code variant}. */
    public String file(String variant) {
        return filePattern
                .replace("{Q}", variant.toUpperCase(Locale.ROOT))
                .replace("{q}", variant.toLowerCase(Locale.ROOT));
    }
}
