package org.llmspell.bench.kernels;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.SplittableRandom;
import org.llmspell.fixtures.RandomWeights;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.WeightMatrix;

/**
 * As many random matrices of one shape as it takes to be read from memory each time, and not from the processor's caches: each
 * use takes the next one. Used by one thread.
 */
final class RandomMatrices {
    private static final int ALIGNMENT = 64;

    private final WeightMatrix[] matrices;
    private int next;

    /** @param bytes of all matrices together at least, in native memory that the garbage collector frees */
    RandomMatrices(BlockFormat format, int rows, int columns, long bytes) {
        long size = Math.multiplyExact(format.bytes(columns), rows);
        matrices = new WeightMatrix[Math.toIntExact(Math.max(1, Math.ceilDiv(bytes, size)))];
        MemorySegment first = blocks(format, (long) rows * columns);
        for (int i = 0; i < matrices.length; i++) {
            MemorySegment data = Arena.ofAuto().allocate(size, ALIGNMENT).copyFrom(first);
            matrices[i] = new WeightMatrix(format, rows, columns, data);
        }
    }

    WeightMatrix next() {
        next = next + 1 == matrices.length ? 0 : next + 1;
        return matrices[next];
    }

    /** Random blocks with finite values, in native memory. */
    static MemorySegment blocks(BlockFormat format, long elements) {
        MemorySegment memory = Arena.ofAuto().allocate(format.bytes(elements), ALIGNMENT);
        try {
            new RandomWeights(format, elements, 0, 1, 1).writeTo(new MemoryChannel(memory));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return memory;
    }

    /** Normally distributed numbers in native memory. */
    static MemorySegment floats(long count) {
        MemorySegment memory = Arena.ofAuto().allocate(Float.BYTES * count, ALIGNMENT);
        SplittableRandom random = new SplittableRandom(2);
        for (long i = 0; i < count; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return memory;
    }

    private static final class MemoryChannel implements WritableByteChannel {
        private final MemorySegment memory;
        private long at;

        MemoryChannel(MemorySegment memory) {
            this.memory = memory;
        }

        @Override
        public int write(ByteBuffer source) {
            MemorySegment bytes = MemorySegment.ofBuffer(source);
            MemorySegment.copy(bytes, 0, memory, at, bytes.byteSize());
            at += bytes.byteSize();
            source.position(source.limit());
            return (int) bytes.byteSize();
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
