package org.llmspell.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.llmspell.kernels.ReadBandwidth;
import org.llmspell.kernels.WorkerPool;

/** The model's file as memory to be read: mapped, in the page cache, under the conditions that the engines have. */
final class FileReading implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment file;
    private final WorkerPool workers;
    private final ReadBandwidth bandwidth = new ReadBandwidth();

    FileReading(Path path, int threads) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
        workers = new WorkerPool(threads);
        bandwidth.measure(file, workers); // maps its pages
    }

    /** What all threads together read. */
    double bytesPerSecond() {
        return bandwidth.measure(file, workers);
    }

    @Override
    public void close() {
        workers.close();
        arena.close();
    }
}
