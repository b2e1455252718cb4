package org.llmspell.local.download;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.llmspell.local.download.TransferException.Cause;

/**
 * Fetches one file so that it arrives whole or not at all: in parallel ranges where the server allows, resuming what an
 * earlier process left, verified by size and SHA-256, moved into place atomically. The caller holds whatever lock
 * keeps a second process from the same target. Thread-safe; a fetch blocks its thread and is cancelled by interrupting it.
 */
public final class Downloader {
    /** Told how far it is; called from several threads, one at a time. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Something moved.
         *
         * @param phase {@code downloading} or {@code verifying}
         * @param bytes of the file that are there, those of earlier sessions included; in {@code verifying}, those checked
         */
        void moved(String phase, long bytes);
    }

    private final Transport transport;
    private final DownloadSettings settings;

    public Downloader(Transport transport, DownloadSettings settings) {
        this.transport = transport;
        this.settings = settings;
    }

    /**
     * Fetches {@code remote} to {@code target}, replacing it. What is fetched when it fails stays in {@code NAME.part} beside
     * the target for the next try, unless it turned out to be wrong.
     *
     * @throws TransferException if it cannot be done, after what trying again could mend was tried again
     * @throws InterruptedException if the calling thread is interrupted; what was fetched stays
     */
    public void fetch(RemoteFile remote, Path target, Listener listener)
            throws TransferException, InterruptedException {
        try {
            if (!attempt(remote, target, listener)) {
                // What an earlier session left was not part of this file: once more from nothing.
                attempt(remote, target, listener);
            }
        } catch (TransferException e) {
            throw e;
        } catch (IOException e) {
            throw new TransferException(Cause.DISK, "cannot write " + target + ": " + reason(e), null, e);
        }
    }

    /** Returns false if the file is wrong and bytes of an earlier session may be why; they are gone then. */
    private boolean attempt(RemoteFile remote, Path target, Listener listener)
            throws IOException, InterruptedException {
        try (PartFile part = PartFile.open(target, remote)) {
            requireSpace(target, remote.size() - part.bytesDone());
            Verifier verifier = new Verifier(part, remote);
            try {
                new Fetching(transport, settings, remote, part, listener).run();
                listener.moved("verifying", 0);
                if (verifier.await(bytes -> listener.moved("verifying", bytes))) {
                    listener.moved("verifying", remote.size());
                    part.complete();
                    return true;
                }
            } finally {
                verifier.stop();
            }
            boolean resumed = part.isResumed();
            part.discard();
            if (resumed) {
                return false;
            }
            throw new TransferException(
                    Cause.DISHONEST,
                    "the file that " + remote.url().getHost()
                            + " sent is not the one it promised (its SHA-256 differs)");
        }
    }

    private static void requireSpace(Path target, long bytes) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        long free = Files.getFileStore(folder == null ? target : folder).getUsableSpace();
        if (free < bytes) {
            throw new TransferException(
                    Cause.DISK,
                    String.format(
                            Locale.ROOT,
                            "the disk of %s has %,d MB free and %,d MB are needed",
                            folder,
                            free / 1_000_000,
                            (bytes + 999_999) / 1_000_000));
        }
    }

    private static String reason(IOException e) {
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return e instanceof java.nio.file.AccessDeniedException ? "access denied" : String.valueOf(e.getMessage());
    }
}
