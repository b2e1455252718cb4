package org.llmspell.local.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;

/**
 * A model on its way into the store: a staging folder beside the models, on the same file system, that becomes the model's
 * folder in one move when all its files are there. Nobody else can install or remove that model meanwhile. A process that
 * is killed leaves the staging folder behind, under the same name the next time, so that a download may resume from it.
 */
public final class Installation implements AutoCloseable {
    private final StoreLock lock;
    private final Path staging;
    private final Path target;
    private final Path replaced;
    private final @Nullable StoredModel old;
    private boolean keep;

    private Installation(StoreLock lock, Path staging, Path target, Path replaced, @Nullable StoredModel old) {
        this.lock = lock;
        this.staging = staging;
        this.target = target;
        this.replaced = replaced;
        this.old = old;
    }

    /** Takes over the lock, which closes with the installation. */
    static Installation begin(StoreLock lock, Path root, Path target, String key, @Nullable StoredModel old)
            throws IOException {
        Path staging = root.resolve(ModelStore.STAGING).resolve(key);
        Path replaced = staging.resolveSibling(key + ".replaced");
        Files.createDirectories(staging);
        if (Files.exists(replaced)) {
            // A process was killed between the two moves of a replacement: the model was on its way out, or is back
            // now.
            if (Files.exists(target)) {
                Folders.delete(replaced);
            } else {
                Files.createDirectories(Folders.parent(target));
                move(replaced, target);
            }
        }
        return new Installation(lock, staging, target, replaced, old);
    }

    /** Where the files are to be put, under the names that the manifest gives them. May hold what was there last time. */
    public Path folder() {
        return staging;
    }

    /** Leaves the staging folder as it is when this closes without {@link #commit}, for resuming. */
    public void keepForResuming() {
        keep = true;
    }

    /** Throws away what lies in the staging folder when this closes, after all. */
    public void discard() {
        keep = false;
    }

    /**
     * Makes the model visible, in place of the one that it replaces.
     *
     * @param manifest its entries are files in {@link #folder}, whole and verified; what else is there is deleted
     */
    public void commit(Manifest manifest) throws IOException {
        List<String> names = manifest.files().stream().map(Manifest.Entry::name).toList();
        for (Path file : Folders.list(staging)) {
            if (!names.contains(String.valueOf(file.getFileName()))) {
                Folders.delete(file);
            }
        }
        writeManifest(staging.resolve(Manifest.FILE_NAME), manifest);
        Files.createDirectories(Folders.parent(target));
        boolean exists = Files.exists(target);
        if (exists) {
            move(target, replaced);
        }
        try {
            move(staging, target);
        } catch (IOException e) {
            if (exists) {
                move(replaced, target);
            }
            throw e;
        }
        Folders.force(Folders.parent(target));
        if (exists) {
            Folders.delete(replaced);
        }
        if (old != null) {
            for (Path file : old.files()) {
                if (!file.startsWith(target)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static void writeManifest(Path file, Manifest manifest) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            Folders.writeAll(channel, manifest.toJson().getBytes(StandardCharsets.UTF_8));
            channel.force(true);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the model directory spans file systems: " + from + " cannot move to " + to, e);
        }
    }

    /** Deletes what was not committed and lets others at the model. */
    @Override
    public void close() {
        try (lock) {
            if (!keep) {
                Folders.delete(staging);
            }
        } catch (IOException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.STORE,
                    "The folder " + staging + " cannot be deleted: " + StoreErrors.reason(e),
                    null,
                    List.of("Delete it by hand"),
                    e);
        }
    }
}
