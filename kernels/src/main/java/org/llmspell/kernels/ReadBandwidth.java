package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.llmspell.kernels.x86.X86Kernels;
import org.llmspell.kernels.x86.X86Reader;

/**
 * How fast all threads together read memory: the ceiling of everything that is bound by it, such as making tokens. Where code can
 * be assembled that is with several streams, with and without prefetching, else a plain loop, which gets less.
 */
public final class ReadBandwidth {
    private static final int CHUNK = 1 << 20;

    private final List<Reader> readers = new ArrayList<>();
    private final AtomicLong sink = new AtomicLong();

    /** One way to read. */
    private interface Reader {
        void read(MemorySegment memory, long from, long bytes);
    }

    public ReadBandwidth() {
        try {
            for (int streams : new int[] {1, 2, 4}) {
                readers.add(X86Reader.assemble(streams, false)::read);
                readers.add(X86Reader.assemble(streams, true)::read);
            }
        } catch (X86Kernels.Unavailable e) {
            readers.clear();
            readers.add(this::sum);
        }
    }

    /**
     * Reads all of {@code memory} in each of the ways.
     *
     * @param memory off the heap, much more than the caches hold; less than a MiB at its end is left out
     * @return bytes per second of the fastest, or 0 for less than a MiB
     */
    public double measure(MemorySegment memory, WorkerPool workers) {
        int chunks = Math.toIntExact(memory.byteSize() / CHUNK);
        double best = 0;
        for (Reader reader : readers) {
            long start = System.nanoTime();
            workers.run(chunks, (chunk, worker) -> reader.read(memory, (long) chunk * CHUNK, CHUNK));
            best = Math.max(best, (double) chunks * CHUNK * 1e9 / (System.nanoTime() - start));
        }
        return best;
    }

    private void sum(MemorySegment memory, long from, long bytes) {
        long a = 0;
        long b = 0;
        for (long at = from; at < from + bytes; at += 2 * Long.BYTES) {
            a += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            b += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at + Long.BYTES);
        }
        sink.lazySet(a + b); // so that the loop is of use
    }
}
