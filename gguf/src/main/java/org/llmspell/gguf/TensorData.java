package org.llmspell.gguf;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Where a tensor's bytes come from when a file is written: produced in pieces, so that a tensor need not fit in memory. */
@FunctionalInterface
public interface TensorData {
    /** Writes all bytes of the tensor, in order; called once per file written. */
    void writeTo(WritableByteChannel out) throws IOException;

    /** The bytes of {@code segment}, which must stay as it is until written. */
    static TensorData of(MemorySegment segment) {
        return out -> {
            // A ByteBuffer addresses less than 2 GiB.
            long piece = 1 << 24;
            for (long at = 0; at < segment.byteSize(); at += piece) {
                ByteBuffer buffer = segment.asSlice(at, Math.min(piece, segment.byteSize() - at))
                        .asByteBuffer();
                while (buffer.hasRemaining()) {
                    out.write(buffer);
                }
            }
        };
    }

    /** The bytes of {@code bytes}, which must stay as they are until written. */
    static TensorData of(byte[] bytes) {
        return of(MemorySegment.ofArray(bytes));
    }
}
