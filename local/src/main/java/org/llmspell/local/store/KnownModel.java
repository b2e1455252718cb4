package org.llmspell.local.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A short name that means a repository of Hugging Face, so that {@code tinyllama} can be pulled. Names are taken in any
 * case. The table is the resource {@code known-models.txt}.
 *
 * @param names all names of the one model; the first is its own
 * @param repository {@code USER/REPO}
 */
public record KnownModel(List<String> names, String repository) {
    /** The variant meant where none is named. */
    public static final String DEFAULT_VARIANT = "Q4_K_M";

    public static final List<KnownModel> ALL = read();

    /** The known model called {@code name}. */
    public static Optional<KnownModel> named(String name) {
        return ALL.stream()
                .filter(model -> model.names.stream().anyMatch(name::equalsIgnoreCase))
                .findFirst();
    }

    private static List<KnownModel> read() {
        try (InputStream table = KnownModel.class.getResourceAsStream("known-models.txt")) {
            if (table == null) {
                throw new IllegalStateException("known-models.txt is missing from this build");
            }
            List<KnownModel> models = new ArrayList<>();
            for (String line : new String(table.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    String[] columns = line.strip().split("\\s+", -1);
                    models.add(new KnownModel(List.of(columns[0].split(",", -1)), columns[1]));
                }
            }
            return List.copyOf(models);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
