package org.llmspell.local.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Reads a file once, in constant memory, to know its size and SHA-256 and, on the way, to copy it. */
final class HashedCopy {
    private static final int BUFFER = 1 << 20;

    private HashedCopy() {}

    /**
     * Reads {@code file} to its end. Interrupting the thread ends it with a {@link
     * java.nio.channels.ClosedByInterruptException}.
     *
     * @param to where to copy it, made new and flushed to the disk; null to only read
     * @param name for the entry
     * @param done told how many bytes of this file are read, each time
     */
    static Manifest.Entry run(Path file, @Nullable Path to, String name, LongConsumer done) throws IOException {
        MessageDigest digest = Sha256.digest();
        long size = 0;
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ);
                FileChannel out = to == null
                        ? null
                        : FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
            while (in.read(buffer) >= 0) {
                buffer.flip();
                size += buffer.remaining();
                digest.update(buffer.duplicate());
                while (out != null && buffer.hasRemaining()) {
                    out.write(buffer);
                }
                buffer.clear();
                done.accept(size);
            }
            if (out != null) {
                out.force(true);
            }
        }
        return new Manifest.Entry(name, size, HexFormat.of().formatHex(digest.digest()));
    }
}
