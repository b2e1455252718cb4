package org.llmspell.engine;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * How much memory this process could still allocate without pushing others out: what Linux calls available, within the
 * limit of the control group (a container's), elsewhere what the operating system calls free. The Java heap's limit plays
 * no part, since caches and activations are native memory.
 */
final class AvailableMemory implements LongSupplier {
    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Path GROUP = Path.of("/sys/fs/cgroup");

    @Override
    public long getAsLong() {
        OptionalLong machine = field(MEMINFO, "MemAvailable:", 1024);
        long available = machine.isPresent() ? machine.getAsLong() : free();
        OptionalLong limit = number(GROUP.resolve("memory.max"));
        OptionalLong used = number(GROUP.resolve("memory.current"));
        if (limit.isPresent() && used.isPresent()) {
            // Pages of files, such as mapped models, are counted as used and given up when needed.
            long files = field(GROUP.resolve("memory.stat"), "inactive_file", 1).orElse(0)
                    + field(GROUP.resolve("memory.stat"), "active_file", 1).orElse(0);
            available = Math.min(available, limit.getAsLong() - used.getAsLong() + files);
        }
        return Math.max(0, available);
    }

    private static long free() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getFreeMemorySize()
                : Long.MAX_VALUE;
    }

    private static OptionalLong field(Path file, String name, long unit) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name + " "))
                    .mapToLong(
                            line -> Long.parseLong(line.substring(name.length()).replaceAll("\\D", "")) * unit)
                    .findFirst();
        } catch (IOException | RuntimeException e) {
            return OptionalLong.empty(); // not this system
        }
    }

    private static OptionalLong number(Path file) {
        try {
            return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // not this system, or "max"
        }
    }
}
