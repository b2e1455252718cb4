package org.llmspell.local.store;

import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Another process for tests of locking: says whether a file's lock is {@code free} or {@code busy}, and may hold it. */
final class LockProcess {
    private LockProcess() {}

    public static void main(String[] args) throws Exception {
        try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
            FileLock lock = channel.tryLock();
            System.out.println(lock == null ? "busy" : "free");
            if (args[1].equals("hold")) {
                Thread.sleep(60_000); // until killed
            }
        }
    }
}
