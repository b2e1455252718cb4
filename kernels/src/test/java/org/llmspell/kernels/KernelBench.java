package org.llmspell.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.llmspell.gguf.BlockFormat;

/**
 * How fast the kernels are on this machine: decode in GB of weights per second beside a plain read of the same memory, batched
 * products in GFLOP/s. Everything is measured in turns within one run and the best of some rounds counts, so that only the ratios
 * of one run mean something on a busy machine; {@code -Xbatch} makes the compiler finish before it is measured. Not a test; run it by
 * hand from the project's root:
 *
 * <pre>
 * mvn -q -Dquick -pl kernels -am test-compile
 * java -Xbatch --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
 *     -cp kernels/target/test-classes:kernels/target/classes:gguf/target/classes \
 *     org.llmspell.kernels.KernelBench [threads [format …]]
 * </pre>
 */
final class KernelBench {
    private static final int COLUMNS = 4096;
    private static final long BYTES = 192L << 20;
    private static final int ROUNDS = 12;
    private static final int CHUNK = 256;
    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;

    private KernelBench() {}

    public static void main(String[] args) {
        int threads = args.length > 0 ? Integer.parseInt(args[0]) : 2;
        List<BlockFormat> formats = args.length > 1
                ? Arrays.stream(args).skip(1).map(BlockFormat::valueOf).toList()
                : List.of(
                        BlockFormat.Q4_K,
                        BlockFormat.Q5_K,
                        BlockFormat.Q6_K,
                        BlockFormat.Q8_0,
                        BlockFormat.Q4_0,
                        BlockFormat.F16,
                        BlockFormat.BF16,
                        BlockFormat.F32);
        Kernels kernels = KernelProvider.best();
        System.out.printf("%s, %d threads, %d columns%n", kernels.name(), threads, COLUMNS);
        System.out.println("decode: GB/s by wall clock (and by the CPU time of one thread), the same for a plain read");
        try (WorkerPool pool = new WorkerPool(threads)) {
            for (BlockFormat format : formats) {
                decode(kernels, pool, format);
            }
            System.out.println("batch: GFLOP/s per CPU second of one thread");
            for (BlockFormat format : formats) {
                batch(kernels, format);
            }
        }
        attention(kernels);
    }

    private static void decode(Kernels kernels, WorkerPool pool, BlockFormat format) {
        int rows = (int) (BYTES / format.bytes(COLUMNS)) / CHUNK * CHUNK;
        try (Arena arena = Arena.ofShared()) {
            WeightMatrix weights = weights(arena, format, rows);
            MemorySegment x = arena.allocate(4L * COLUMNS, 64);
            MemorySegment.copy(RandomWeights.gaussians(COLUMNS, new Random(1)), 0, x, Native.FLOAT, 0, COLUMNS);
            MemorySegment out = arena.allocate(4L * rows, 64);
            double bytes = weights.data().byteSize();
            double read = 0;
            double readCpu = 0;
            double product = 0;
            double productCpu = 0;
            for (int round = 0; round < ROUNDS; round++) {
                long wall = System.nanoTime();
                pool.run(rows / CHUNK, (chunk, worker) -> read(weights, chunk));
                read = Math.max(read, bytes / (System.nanoTime() - wall));
                wall = System.nanoTime();
                pool.run(
                        rows / CHUNK,
                        (chunk, worker) ->
                                kernels.multiply(weights, chunk * CHUNK, (chunk + 1) * CHUNK, x, 0, 0, 1, out, 0, 0));
                product = Math.max(product, bytes / (System.nanoTime() - wall));
                long cpu = CLOCK.getCurrentThreadCpuTime();
                for (int chunk = 0; chunk < rows / CHUNK / 4; chunk++) {
                    read(weights, chunk);
                }
                readCpu = Math.max(readCpu, bytes / 4 / (CLOCK.getCurrentThreadCpuTime() - cpu));
                cpu = CLOCK.getCurrentThreadCpuTime();
                kernels.multiply(weights, 0, rows / 4, x, 0, 0, 1, out, 0, 0);
                productCpu = Math.max(productCpu, bytes / 4 / (CLOCK.getCurrentThreadCpuTime() - cpu));
            }
            System.out.printf(
                    "  %-6s %5.1f (%5.1f)  read %5.1f (%5.1f)  ratio %.2f (%.2f)%n",
                    format, product, productCpu, read, readCpu, product / read, productCpu / readCpu);
        }
    }

    private static void read(WeightMatrix weights, int chunk) {
        long size = CHUNK * weights.rowBytes();
        MemorySegment part = weights.data();
        LongVector a = LongVector.zero(LONGS);
        LongVector b = a;
        int width = LONGS.vectorByteSize();
        for (long at = chunk * size; at + 2L * width <= (chunk + 1) * size; at += 2L * width) {
            a = a.add(LongVector.fromMemorySegment(LONGS, part, at, ByteOrder.nativeOrder()));
            b = b.add(LongVector.fromMemorySegment(LONGS, part, at + width, ByteOrder.nativeOrder()));
        }
        if (a.add(b).reduceLanes(VectorOperators.ADD) == 42) {
            System.out.println("an unlikely sum, which the compiler cannot leave out");
        }
    }

    private static void batch(Kernels kernels, BlockFormat format) {
        int rows = 256;
        try (Arena arena = Arena.ofShared()) {
            WeightMatrix weights = weights(arena, format, rows);
            StringBuilder line = new StringBuilder();
            for (int tokens : new int[] {2, 4, 8, 32, 128, 512}) {
                MemorySegment x = arena.allocate(4L * COLUMNS * tokens, 64);
                float[] values = RandomWeights.gaussians(COLUMNS * tokens, new Random(1));
                MemorySegment.copy(values, 0, x, Native.FLOAT, 0, values.length);
                MemorySegment out = arena.allocate(4L * rows * tokens, 64);
                double best = 0;
                for (int round = 0; round < 5 + 60 / tokens; round++) {
                    long cpu = CLOCK.getCurrentThreadCpuTime();
                    kernels.multiply(weights, 0, rows, x, 0, COLUMNS, tokens, out, 0, rows);
                    best = Math.max(best, 2.0 * rows * COLUMNS * tokens / (CLOCK.getCurrentThreadCpuTime() - cpu));
                }
                line.append("  %d tokens %5.1f".formatted(tokens, best));
            }
            System.out.printf("  %-6s%s%n", format, line);
        }
    }

    /** Random blocks, a few of them over and over: speed does not depend on the values, as long as they are ordinary. */
    private static WeightMatrix weights(Arena arena, BlockFormat format, int rows) {
        long size = format.bytes(COLUMNS) * rows;
        MemorySegment data = arena.allocate(size, 64);
        MemorySegment some =
                RandomWeights.matrix(format, 16, COLUMNS, new Random(1)).data();
        for (long at = 0; at < size; at += some.byteSize()) {
            long count = Math.min(some.byteSize(), size - at);
            MemorySegment.copy(some, 0, data, at, count);
        }
        return new WeightMatrix(format, rows, COLUMNS, data);
    }

    private static void attention(Kernels kernels) {
        int dimension = 128;
        int group = 4;
        System.out.println("attention, heads of 128 in groups of 4: ns of CPU per row, head and position");
        for (int rows : new int[] {1, 64}) {
            int positions = 2048;
            int pageTokens = 64;
            MemorySegment[] keys = new MemorySegment[positions / pageTokens];
            MemorySegment[] values = new MemorySegment[keys.length];
            Random random = new Random(1);
            for (int page = 0; page < keys.length; page++) {
                keys[page] = Native.halves(RandomWeights.gaussians(pageTokens * dimension, random));
                values[page] = Native.halves(RandomWeights.gaussians(pageTokens * dimension, random));
            }
            MemorySegment query = Native.floats(RandomWeights.gaussians(rows * group * dimension, random));
            MemorySegment out = Native.floats(new float[rows * group * dimension]);
            AttentionCall call = new AttentionCall(
                    group,
                    1,
                    dimension,
                    dimension,
                    pageTokens,
                    CacheFormat.HALF,
                    query,
                    0,
                    keys,
                    values,
                    out,
                    0,
                    rows,
                    positions - rows,
                    Integer.MAX_VALUE,
                    0.1f,
                    0,
                    null);
            long best = Long.MAX_VALUE;
            for (int round = 0; round < 600 / rows + 20; round++) {
                long cpu = CLOCK.getCurrentThreadCpuTime();
                kernels.attention(call, 0, 0, rows);
                best = Math.min(best, CLOCK.getCurrentThreadCpuTime() - cpu);
            }
            System.out.printf("  %d rows: %.2f%n", rows, (double) best / rows / group / positions);
        }
    }
}
