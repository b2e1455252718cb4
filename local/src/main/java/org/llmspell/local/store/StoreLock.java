package org.llmspell.local.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.llmspell.local.LocalModelException;

/**
 * The right of one thread of one process to change one model of a store. The operating system gives it back when the
 * process ends, however it ends; the empty lock file stays, since deleting it would let two processes lock two files of
 * the same name.
 */
final class StoreLock implements AutoCloseable {
    /**
     * The lock files that this process holds. POSIX gives locks to processes and drops all locks on a file when any of
     * the process's descriptors of it is closed, so that a second thread must be turned away before it opens the file:
     * this mirrors state that the operating system keeps per process as well.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private StoreLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock without waiting.
     *
     * @param file the lock file, in a folder that exists
     * @param model for the message
     * @throws LocalModelException of kind {@code STORE} if another thread or process has it
     * @throws IOException if the file cannot be opened or locked
     */
    static StoreLock take(Path file, String model) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Path real = (folder == null ? file : folder.toRealPath().resolve(file.getFileName()));
        if (!HELD.add(real)) {
            throw busy(model);
        }
        boolean taken = false;
        FileChannel channel = null;
        try {
            channel = FileChannel.open(real, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw busy(model);
            }
            taken = true;
            return new StoreLock(real, channel);
        } finally {
            if (!taken) {
                if (channel != null) {
                    channel.close();
                }
                HELD.remove(real);
            }
        }
    }

    private static LocalModelException busy(String model) {
        return new LocalModelException(
                LocalModelException.Kind.STORE,
                "The model " + model + " is being installed or removed by another process",
                "Wait until it is done, then try again");
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            HELD.remove(file);
        }
    }
}
