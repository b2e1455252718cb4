package org.llmspell.local.store;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullProgress;
import org.llmspell.local.store.ImportRequest.Placement;

/** Brings one model that is on disk into the store: checks it, names it, places and hashes its files, installs it. */
final class FileImport {
    private final ModelStore store;
    private final ModelStore.DiskSpace space;

    FileImport(ModelStore store, ModelStore.DiskSpace space) {
        this.store = store;
        this.space = space;
    }

    StoredModel run(ImportRequest request) {
        ImportSource source = ImportSource.of(request);
        // What cannot be asked for later must not be stored.
        ModelSpec.parse(source.name() + ":" + source.variant());
        try (Installation installation = store.install(source.name(), source.variant(), request.force())) {
            for (Path left : Folders.list(installation.folder())) {
                Folders.delete(left);
            }
            if (request.placement() == Placement.COPY) {
                checkSpace(installation.folder(), source.sizeBytes());
            }
            List<Manifest.Entry> entries = new ArrayList<>();
            long done = 0;
            for (ImportSource.Part part : source.files()) {
                Manifest.Entry entry = place(part, installation.folder(), request, done, source.sizeBytes());
                entries.add(entry);
                done += entry.sizeBytes();
            }
            if (done != source.sizeBytes()) {
                throw new LocalModelException(
                        Kind.TRANSFER_FAILED, request.file() + " changed while it was being imported", "Try again");
            }
            installation.commit(new Manifest(
                    source.name(),
                    source.variant(),
                    source.source(),
                    source.revision(),
                    request.placement() != Placement.COPY
                            ? Manifest.Origin.LINKED
                            : source.fetched() ? Manifest.Origin.DOWNLOADED : Manifest.Origin.COPIED,
                    source.quantization(),
                    Instant.now().truncatedTo(ChronoUnit.SECONDS),
                    entries));
            request.progress().accept(new PullProgress("success", 100, done, done));
        } catch (ClosedByInterruptException e) {
            throw new LocalModelException(Kind.CANCELLED, "The import was cancelled", null, List.of(), e);
        } catch (IOException e) {
            throw new LocalModelException(
                    Kind.TRANSFER_FAILED,
                    "Failed to import " + request.file() + ": " + StoreErrors.reason(e),
                    null,
                    List.of(),
                    e);
        }
        return store.find(new ModelSpec(source.name(), source.variant(), null, false));
    }

    private void checkSpace(Path folder, long needed) throws IOException {
        StoreErrors.requireSpace(
                store.directory(),
                space.usable(folder),
                needed,
                "Free some space, or remove a model: `llmspell model remove NAME:VARIANT@candle`",
                "Link the file instead of copying it");
    }

    private Manifest.Entry place(ImportSource.Part part, Path folder, ImportRequest request, long before, long total)
            throws IOException {
        boolean copy = request.placement() == Placement.COPY;
        Path to = folder.resolve(part.name());
        if (!copy) {
            link(part.file().toRealPath(), to, request.placement());
        }
        Manifest.Entry entry = HashedCopy.run(part.file(), copy ? to : null, part.name(), bytes -> {
            long done = before + bytes;
            request.progress()
                    .accept(new PullProgress(
                            copy ? "copying" : "verifying", Math.min(100, 100.0 * done / total), done, total));
        });
        Manifest.Entry promised = part.promised();
        if (promised != null && !promised.equals(entry)) {
            throw ImportSource.wrong(part.file() + " is damaged: its SHA-256 is not the one in the manifest");
        }
        return entry;
    }

    private void link(Path file, Path to, Placement placement) throws IOException {
        if (placement == Placement.SYMBOLIC_LINK
                && Files.exists(store.directory())
                && file.startsWith(store.directory().toRealPath())) {
            throw new LocalModelException(
                    Kind.INVALID_REQUEST,
                    file + " is in the model directory already: a link to it would be lost with it",
                    "Copy it, or use a hard link");
        }
        try {
            if (placement == Placement.HARD_LINK) {
                Files.createLink(to, file);
            } else {
                Files.createSymbolicLink(to, file);
            }
        } catch (IOException | UnsupportedOperationException e) {
            String reason = e instanceof IOException io ? StoreErrors.reason(io) : "not supported there";
            throw new LocalModelException(
                    Kind.STORE,
                    "Cannot link " + file + " into " + store.directory() + ": " + reason,
                    null,
                    List.of(
                            placement == Placement.HARD_LINK
                                    ? "A hard link cannot leave its file system: use a symbolic one"
                                    : "Use a hard link",
                            "Copy the file"),
                    e);
        }
    }
}
