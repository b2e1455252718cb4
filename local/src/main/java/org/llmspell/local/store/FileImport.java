package org.llmspell.local.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullProgress;
import org.llmspell.local.store.ImportRequest.Placement;

/** Brings one model that is on disk into the store: checks it, names it, places and hashes its files, installs it. */
final class FileImport {
    private static final int BUFFER = 1 << 20;
    /** For the manifest and the file system's own needs. */
    private static final long SPARE = 1 << 20;

    private final ModelStore store;
    private final ModelStore.DiskSpace space;

    FileImport(ModelStore store, ModelStore.DiskSpace space) {
        this.store = store;
        this.space = space;
    }

    StoredModel run(ImportRequest request) {
        Path source = request.file();
        GgufFacts facts = GgufFacts.read(source);
        if (facts.notLanguageModel() != null) {
            throw new LocalModelException(
                    Kind.MODEL_UNUSABLE,
                    source + " is no language model: the file " + facts.notLanguageModel(),
                    "Choose the model's own GGUF file");
        }
        ImportName name = ImportName.of(request, facts);
        // What cannot be asked for later must not be stored.
        ModelSpec.parse(name.name() + ":" + name.variant());
        try (Installation installation = store.install(name.name(), name.variant(), request.force())) {
            for (Path left : Folders.list(installation.folder())) {
                Folders.delete(left);
            }
            if (request.placement() == Placement.COPY) {
                checkSpace(installation.folder(), facts.sizeBytes());
            }
            List<Manifest.Entry> entries = new ArrayList<>();
            long done = 0;
            for (int i = 0; i < facts.files().size(); i++) {
                Path file = facts.files().get(i);
                String fileName = name.fileName(file, i + 1, facts.files().size());
                Manifest.Entry entry = place(file, installation.folder().resolve(fileName), request, done, facts);
                entries.add(entry);
                done += entry.sizeBytes();
            }
            if (done != facts.sizeBytes()) {
                throw new LocalModelException(
                        Kind.TRANSFER_FAILED, source + " changed while it was being imported", "Try again");
            }
            installation.commit(new Manifest(
                    name.name(),
                    name.variant(),
                    source.toAbsolutePath().normalize().toString(),
                    null,
                    request.placement() == Placement.COPY ? Manifest.Origin.COPIED : Manifest.Origin.LINKED,
                    facts.quantization(),
                    Instant.now().truncatedTo(ChronoUnit.SECONDS),
                    entries));
            request.progress().accept(new PullProgress("success", 100, done, done));
        } catch (ClosedByInterruptException e) {
            throw new LocalModelException(Kind.CANCELLED, "The import was cancelled", null, List.of(), e);
        } catch (IOException e) {
            throw new LocalModelException(
                    Kind.TRANSFER_FAILED,
                    "Failed to import " + source + ": " + StoreErrors.reason(e),
                    null,
                    List.of(),
                    e);
        }
        return store.find(new ModelSpec(name.name(), name.variant(), null, false));
    }

    private void checkSpace(Path folder, long needed) throws IOException {
        long usable = space.usable(folder);
        if (usable < needed + SPARE) {
            throw new LocalModelException(
                    Kind.STORE,
                    "Not enough disk space in " + store.directory() + ": the model needs " + megabytes(needed) + " MB, "
                            + megabytes(usable) + " MB are free",
                    "Free some space, or remove a model: `llmspell model remove NAME:VARIANT@candle`",
                    "Link the file instead of copying it");
        }
    }

    private static long megabytes(long bytes) {
        return Math.ceilDiv(bytes, 1_000_000);
    }

    private Manifest.Entry place(Path file, Path to, ImportRequest request, long before, GgufFacts facts)
            throws IOException {
        boolean copy = request.placement() == Placement.COPY;
        if (!copy) {
            link(file.toRealPath(), to, request.placement());
        }
        MessageDigest digest = Sha256.digest();
        long size = 0;
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ);
                FileChannel out =
                        copy ? FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE) : null) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
            while (in.read(buffer) >= 0) {
                buffer.flip();
                size += buffer.remaining();
                digest.update(buffer.duplicate());
                write(out, buffer);
                buffer.clear();
                long done = before + size;
                request.progress()
                        .accept(new PullProgress(
                                copy ? "copying" : "verifying",
                                Math.min(100, 100.0 * done / facts.sizeBytes()),
                                done,
                                facts.sizeBytes()));
            }
            if (out != null) {
                out.force(true);
            }
        }
        return new Manifest.Entry(
                String.valueOf(to.getFileName()), size, HexFormat.of().formatHex(digest.digest()));
    }

    private static void write(@Nullable FileChannel out, ByteBuffer buffer) throws IOException {
        while (out != null && buffer.hasRemaining()) {
            out.write(buffer);
        }
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
