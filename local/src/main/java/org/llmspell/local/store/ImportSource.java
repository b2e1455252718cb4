package org.llmspell.local.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;

/**
 * A model on disk that is to be imported: a GGUF file with its other parts, or a folder that an export has written, whose
 * manifest says what the files must be.
 *
 * @param files parts of a split model in their order
 * @param sizeBytes of all files
 * @param source where the model came from in the first place
 * @param revision at the source, if known
 * @param fetched whether the manifest says that it was downloaded
 */
record ImportSource(
        String name,
        String variant,
        List<Part> files,
        long sizeBytes,
        String source,
        @Nullable String revision,
        boolean fetched,
        @Nullable String quantization) {
    /**
     * One file.
     *
     * @param name for the store
     * @param promised what it must be; null if nobody has said
     */
    record Part(Path file, String name, Manifest.@Nullable Entry promised) {}

    static ImportSource of(ImportRequest request) {
        return Files.isDirectory(request.file()) ? exported(request) : plain(request);
    }

    private static ImportSource plain(ImportRequest request) {
        GgufFacts facts = languageModel(request.file());
        ImportName name = ImportName.of(request, facts);
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < facts.files().size(); i++) {
            Path file = facts.files().get(i);
            parts.add(new Part(file, name.fileName(file, i + 1, facts.files().size()), null));
        }
        return new ImportSource(
                name.name(),
                name.variant(),
                parts,
                facts.sizeBytes(),
                request.file().toAbsolutePath().normalize().toString(),
                null,
                false,
                facts.quantization());
    }

    private static ImportSource exported(ImportRequest request) {
        Path folder = request.file();
        Manifest manifest;
        try {
            manifest = Manifest.read(folder.resolve(Manifest.FILE_NAME));
        } catch (IOException e) {
            throw new LocalModelException(
                    Kind.MODEL_UNUSABLE,
                    folder.resolve(Manifest.FILE_NAME) + " cannot be used: " + StoreErrors.reason(e),
                    null,
                    List.of(
                            "Import a folder as `llmspell model export MODEL DIR` wrote it",
                            "Import the .gguf file itself: `llmspell model import FILE.gguf NAME:VARIANT`"),
                    e);
        }
        List<Part> parts = new ArrayList<>();
        long size = 0;
        for (Manifest.Entry entry : manifest.files()) {
            Path file = folder.resolve(entry.name());
            checkSize(file, entry);
            parts.add(new Part(file, entry.name(), entry));
            size += entry.sizeBytes();
        }
        GgufFacts facts = languageModel(parts.getFirst().file());
        if (facts.files().size() != parts.size()) {
            throw wrong("The manifest in " + folder + " names " + parts.size() + " of the model's "
                    + facts.files().size() + " files");
        }
        return new ImportSource(
                request.name() == null ? manifest.name() : request.name(),
                request.variant() == null ? manifest.variant() : request.variant(),
                parts,
                size,
                manifest.source(),
                manifest.revision(),
                manifest.origin() == Manifest.Origin.DOWNLOADED,
                facts.quantization());
    }

    private static void checkSize(Path file, Manifest.Entry entry) {
        long size;
        try {
            size = Files.size(file);
        } catch (IOException e) {
            throw wrong(file + ": " + StoreErrors.reason(e) + ", and the manifest names it");
        }
        if (size != entry.sizeBytes()) {
            throw wrong(file + " has " + size + " bytes where the manifest says " + entry.sizeBytes());
        }
    }

    /** A file that is not what a manifest says it is. */
    static LocalModelException wrong(String what) {
        return new LocalModelException(
                Kind.MODEL_UNUSABLE, what, "Copy the folder again, or export the model again where it came from");
    }

    private static GgufFacts languageModel(Path file) {
        GgufFacts facts = GgufFacts.read(file);
        if (facts.notLanguageModel() != null) {
            throw new LocalModelException(
                    Kind.MODEL_UNUSABLE,
                    file + " is no language model: the file " + facts.notLanguageModel(),
                    "Choose the model's own GGUF file");
        }
        return facts;
    }
}
