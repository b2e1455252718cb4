package org.llmspell.langchain4j;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.llmspell.engine.ResidentModel;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.local.LocalModels;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.local.store.ImportRequest;
import org.llmspell.local.store.ModelStore;

/** Models of random weights with a chat template, which run in milliseconds and know nothing, in a folder of their own. */
final class TinyModels {
    static final String NAME = "local/tiny:Q8_0@candle";
    static final String OTHER = "local/other:Q8_0@candle";

    private static final String TEMPLATE =
            "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

    private TinyModels() {}

    /** The file of such a model, made in {@code folder}. */
    static Path file(Path folder) {
        Path file = folder.resolve("tiny-Q8_0.gguf");
        try {
            Files.createDirectories(folder);
            SyntheticModel.llama(ModelShape.builder().context(4096).build(), WeightMix.uniform(BlockFormat.Q8_0))
                    .withVocabulary(SyntheticVocabulary.sentencePiece(384))
                    .withChatTemplate(TEMPLATE)
                    .write(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    /** Installs a model under each of the names in the store that {@link #config} of the same folder names. */
    static void install(Path root, String... names) {
        Path file = file(root);
        for (String name : names) {
            new ModelStore(root.resolve("models"))
                    .importFile(
                            new ImportRequest(file, name, "Q8_0", ImportRequest.Placement.COPY, true, progress -> {}));
        }
    }

    static Config config(Path root) {
        return config(root, Map.of());
    }

    static Config config(Path root, Map<String, String> more) {
        Map<String, String> flags = new HashMap<>();
        flags.put(ConfigKey.MODEL_DIRECTORY, root.resolve("models").toString());
        flags.put(ConfigKey.OLLAMA_ENABLED, "false");
        flags.put(ConfigKey.THREADS, "2");
        flags.putAll(more);
        return Config.load(
                null, flags, Map.of("OLLAMA_MODELS", root.resolve("no-ollama").toString()), root);
    }

    /** Backends with the models {@link #NAME} and {@link #OTHER}. */
    static LocalModels open(Path root) {
        install(root, "tiny", "other");
        return LocalModels.open(config(root));
    }

    /** Cache pages that replies hold or have been promised. */
    static int pagesInUse(LocalModels models) {
        return ((CandleBackend) models.backend("candle"))
                .residentModels().stream().mapToInt(ResidentModel::pagesInUse).sum();
    }

    /** Waits until something holds; false after half a minute. */
    static boolean becomes(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(5);
        }
        return true;
    }
}
