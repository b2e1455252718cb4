package org.llmspell.local.download;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.store.Sha256;

/** Hashes a file behind its download, so that little is left to hash when the last byte arrives. */
final class Verifier {
    private final PartFile part;
    private final RemoteFile remote;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile long hashed;
    private volatile @Nullable String hash;
    private volatile @Nullable IOException failure;

    Verifier(PartFile part, RemoteFile remote) {
        this.part = part;
        this.remote = remote;
        this.thread = Thread.ofPlatform().daemon().name("download-verifier").unstarted(this::run);
        if (remote.sha256() != null) {
            thread.start();
        }
    }

    /**
     * Waits for the end of a complete file.
     *
     * @return whether it is the promised one; true where no hash was promised
     */
    boolean await(LongConsumer progress) throws IOException, InterruptedException {
        if (remote.sha256() == null) {
            return true;
        }
        while (!thread.join(java.time.Duration.ofMillis(100))) {
            progress.accept(hashed);
        }
        IOException broken = failure;
        if (broken != null) {
            throw broken;
        }
        return remote.sha256().equals(hash);
    }

    /** Ends the hashing, before the file is closed under it. */
    void stop() throws InterruptedException {
        if (thread.isAlive()) {
            stopped = true;
            thread.join();
        }
    }

    private void run() {
        try {
            MessageDigest digest = Sha256.digest();
            ByteBuffer buffer = ByteBuffer.allocate(1 << 18);
            long at = 0;
            while (at < remote.size() && !stopped) {
                part.awaitPrefix(at, 200);
                long end = part.prefix();
                while (at < end && !stopped) {
                    buffer.clear().limit((int) Math.min(buffer.capacity(), end - at));
                    int n = part.read(buffer, at);
                    if (n < 0) {
                        throw new IOException("the partial file became shorter while it was read");
                    }
                    digest.update(buffer.array(), 0, n);
                    at += n;
                    hashed = at;
                }
            }
            hash = HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
