package org.llmspell.local.store;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.PullProgress;
import org.llmspell.local.Quoted;

/**
 * Copies a model into a folder for another machine, as {@code DIRECTORY/NAME/VARIANT/} with its files and a {@link Manifest}
 * that says what they must be; {@link ModelStore#importFile} takes it from there. The folder appears when it is whole, or
 * not at all; a process that is killed leaves a hidden folder beside it.
 */
public final class ModelExport {
    private final Path directory;
    private final boolean force;
    private final Consumer<PullProgress> progress;
    private final ModelStore.DiskSpace space;

    /**
     * An export into {@code directory}, which is made if it does not exist.
     *
     * @param force replace what an earlier export has left there
     * @param progress told of the phase {@code copying}, and {@code success} at the end; on the calling thread
     */
    public ModelExport(Path directory, boolean force, Consumer<PullProgress> progress) {
        this(directory, force, progress, folder -> Files.getFileStore(folder).getUsableSpace());
    }

    ModelExport(Path directory, boolean force, Consumer<PullProgress> progress, ModelStore.DiskSpace space) {
        this.directory = directory;
        this.force = force;
        this.progress = progress;
        this.space = space;
    }

    /**
     * What was exported.
     *
     * @param id {@code NAME:VARIANT}
     * @param folder that holds it
     * @param sizeBytes of the model's files
     */
    public record Exported(String id, Path folder, long sizeBytes) {}

    /**
     * Exports {@code model}. Interrupting the thread cancels it.
     *
     * @throws LocalModelException if it is damaged or cannot be written; nothing is left there then
     */
    public Exported run(StoredModel model) {
        if (model.warning() != null) {
            throw damaged(model, model.warning());
        }
        String variant = model.variant() != null
                ? model.variant()
                : model.quantization() != null ? model.quantization() : "default";
        Path parent = directory.resolve(StoreName.folder("name", model.name()));
        Path target = parent.resolve(StoreName.folder("variant", variant));
        checkTarget(target);
        Path staging = parent.resolve("." + target.getFileName() + ".export-" + UUID.randomUUID());
        try {
            try {
                Files.createDirectories(staging);
                StoreErrors.requireSpace(
                        directory, space.usable(staging), model.sizeBytes(), "Free some space, or export elsewhere");
                List<Manifest.Entry> entries = copy(model, variant, staging);
                String manifest = manifest(model, variant, entries).toJson();
                Files.writeString(staging.resolve(Manifest.FILE_NAME), manifest, StandardCharsets.UTF_8);
                install(staging, target);
            } finally {
                Folders.delete(staging);
                Folders.deleteEmpty(parent, directory);
            }
        } catch (ClosedByInterruptException e) {
            throw new LocalModelException(Kind.CANCELLED, "The export was cancelled", null, List.of(), e);
        } catch (IOException e) {
            throw new LocalModelException(
                    Kind.TRANSFER_FAILED,
                    "Failed to export " + model.id() + " to " + target + ": " + StoreErrors.reason(e),
                    null,
                    List.of("Check that the folder can be written", "Name another folder"),
                    e);
        }
        progress.accept(new PullProgress("success", 100, model.sizeBytes(), model.sizeBytes()));
        return new Exported(model.name() + ":" + variant, target, model.sizeBytes());
    }

    private void checkTarget(Path target) {
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw new LocalModelException(
                    Kind.INVALID_REQUEST, directory + " is not a folder", "Name a folder to export to");
        }
        if (!Files.exists(target)) {
            return;
        }
        if (!force) {
            throw new LocalModelException(
                    Kind.STORE, target + " exists already", "Replace it: --force", "Name another folder");
        }
        if (!Files.isRegularFile(target.resolve(Manifest.FILE_NAME))) {
            throw new LocalModelException(
                    Kind.STORE,
                    target + " is no exported model: it has no " + Manifest.FILE_NAME,
                    "Delete it by hand, or name another folder");
        }
    }

    private List<Manifest.Entry> copy(StoredModel model, String variant, Path staging) throws IOException {
        List<Manifest.Entry> entries = new ArrayList<>();
        long total = model.sizeBytes();
        long before = 0;
        for (int i = 0; i < model.files().size(); i++) {
            Path file = model.files().get(i);
            String name = fileName(file, model.name(), variant);
            long start = before;
            Manifest.Entry entry = HashedCopy.run(file, staging.resolve(name), name, bytes -> {
                long done = start + bytes;
                progress.accept(new PullProgress("copying", Math.min(100, 100.0 * done / total), done, total));
            });
            Manifest.Entry promised = promised(model, i);
            if (promised != null && !promised.equals(entry)) {
                throw damaged(model, "the SHA-256 of " + file + " is not the one in its manifest");
            }
            entries.add(entry);
            before += entry.sizeBytes();
        }
        return entries;
    }

    /** The file's own, but for Ollama's, which have none. */
    private static String fileName(Path file, String name, String variant) {
        String own = String.valueOf(file.getFileName());
        return ModelFileName.isGguf(own) ? own : name.replace("/", "--") + "-" + variant + ".gguf";
    }

    private static Manifest.@Nullable Entry promised(StoredModel model, int file) {
        Manifest manifest = model.manifest();
        return manifest == null ? null : manifest.files().get(file);
    }

    private static Manifest manifest(StoredModel model, String variant, List<Manifest.Entry> entries) {
        Manifest own = model.manifest();
        if (own == null) {
            return new Manifest(
                    model.name(),
                    variant,
                    model.file().toAbsolutePath().normalize().toString(),
                    null,
                    Manifest.Origin.COPIED,
                    model.quantization(),
                    model.modifiedAt().truncatedTo(ChronoUnit.SECONDS),
                    entries);
        }
        return new Manifest(
                model.name(),
                variant,
                own.source(),
                own.revision(),
                own.origin() == Manifest.Origin.LINKED ? Manifest.Origin.COPIED : own.origin(),
                own.quantization(),
                own.installedAt(),
                entries);
    }

    private static void install(Path staging, Path target) throws IOException {
        Path old = staging.resolveSibling(staging.getFileName() + ".old");
        boolean replaces = Files.exists(target);
        if (replaces) {
            Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        }
        try {
            Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (replaces) {
                Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
            }
            throw e;
        }
        Folders.force(Folders.parent(target));
        Folders.delete(old);
    }

    private static LocalModelException damaged(StoredModel model, @Nullable String how) {
        return new LocalModelException(
                Kind.MODEL_UNUSABLE,
                "Model " + Quoted.of(model.id()) + " is damaged: " + Objects.requireNonNull(how),
                "Fetch it again: `llmspell model pull " + model.id() + "@candle --force`",
                "Remove it: `llmspell model remove " + model.id() + "@candle`");
    }
}
