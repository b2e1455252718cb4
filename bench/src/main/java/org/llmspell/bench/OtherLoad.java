package org.llmspell.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** How much of the processors others use while something is measured, which is then worth nothing. */
final class OtherLoad {
    private static final Path STAT = Path.of("/proc/stat");
    /** Linux counts in hundredths of a second. */
    private static final long TICK_NANOS = 10_000_000;

    private final List<EngineProcess> measured;
    private final long start = System.nanoTime();
    private final long busyBefore = busy();
    private final long ownBefore;

    /** Begins to watch. */
    OtherLoad(EngineProcess... measured) {
        this.measured = Arrays.asList(measured);
        this.ownBefore = own();
    }

    /** The share of one processor that others took since then; 0 where the system does not say. */
    double share() {
        long others = busy() - busyBefore - (own() - ownBefore);
        return Math.max(0, (double) others / (System.nanoTime() - start));
    }

    private long own() {
        long nanos = ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .orElse(Duration.ZERO)
                .toNanos();
        for (EngineProcess process : measured) {
            nanos += process.processorTime().toNanos();
        }
        return nanos;
    }

    /** Of all processors since the system's start, with what the machine below took (steal). */
    private static long busy() {
        try {
            return Files.isReadable(STAT) ? busy(Files.readAllLines(STAT).getFirst()) * TICK_NANOS : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    /** Ticks of the first line of {@code /proc/stat} in which a processor was neither idle nor waiting for a disk. */
    static long busy(String line) {
        String[] fields = line.trim().split(" +");
        // cpu user nice system idle iowait irq softirq steal …
        long ticks = 0;
        for (int i = 1; i < Math.min(fields.length, 9); i++) {
            ticks += i == 4 || i == 5 ? 0 : Long.parseLong(fields[i]);
        }
        return ticks;
    }
}
