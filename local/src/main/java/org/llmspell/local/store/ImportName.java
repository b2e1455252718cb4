package org.llmspell.local.store;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an imported model and its files will be called: as asked, else a known short name where the file is that model's,
 * else what the file's name or metadata say.
 *
 * @param prefix the files' own name without extension and part; null if it is not a plain one or says nothing
 */
record ImportName(String name, String variant, @Nullable String prefix) {
    private static final List<String> MEANINGLESS = List.of("model", "ggml-model", "gguf", "weights");

    static ImportName of(ImportRequest request, GgufFacts facts) {
        String fileName = String.valueOf(facts.files().getFirst().getFileName());
        ModelFileName parsed = ModelFileName.of(fileName);
        boolean telling = ModelFileName.isGguf(fileName)
                && !MEANINGLESS.contains(parsed.base().toLowerCase(Locale.ROOT));
        String quantization = parsed.quantization() != null ? parsed.quantization() : facts.quantization();
        String variant =
                request.variant() != null ? request.variant() : quantization == null ? "default" : quantization;
        String name = request.name();
        if (name == null) {
            name = known(parsed.base());
        }
        if (name == null) {
            String described = facts.baseName() != null && facts.sizeLabel() != null
                    ? facts.baseName() + "-" + facts.sizeLabel()
                    : facts.name();
            String guess = telling || described == null ? parsed.base() : described;
            name = StoreName.cleanName(guess, "model");
        }
        String prefix = parsed.parts() > 1
                ? fileName.replaceFirst("-\\d{5}-of-\\d{5}\\.gguf$", "")
                : fileName.replaceFirst("(?i)\\.gguf$", "");
        return new ImportName(name, variant, isSafe(prefix) && telling ? prefix : null);
    }

    /** The known model in whose repository a file of that name lies; repositories are named after their files. */
    private static @Nullable String known(String base) {
        for (KnownModel model : KnownModel.ALL) {
            String repository = model.repository().substring(model.repository().indexOf('/') + 1);
            if (repository.replaceFirst("-GGUF$", "").equalsIgnoreCase(base.replace('_', '.'))) {
                return model.names().getFirst();
            }
        }
        return null;
    }

    private static boolean isSafe(String prefix) {
        return prefix.equals(StoreName.clean(prefix, "-"));
    }

    /** The file's own name where it is a plain one; else the model's. */
    String fileName(Path file, int part, int parts) {
        String stem = prefix != null ? prefix : name.replace("/", "--") + "-" + variant;
        return parts == 1 ? stem + ".gguf" : String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", stem, part, parts);
    }
}
