package org.llmspell.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What of this process is in memory, as Linux counts it. */
final class ResidentMemory {
    private ResidentMemory() {}

    /** Bytes of all mappings that are resident, but for those of {@code file}; 0 where the system does not say. */
    static long beyond(Path file) throws IOException {
        Path maps = Path.of("/proc/self/smaps");
        return Files.isReadable(maps)
                ? beyond(Files.readAllLines(maps), file.toRealPath().toString())
                : 0;
    }

    /** The same of the lines of {@code smaps}. */
    static long beyond(List<String> lines, String file) {
        long kilobytes = 0;
        boolean counts = true;
        for (String line : lines) {
            if (line.startsWith("Rss:")) {
                kilobytes += counts ? Long.parseLong(line.replaceAll("[^0-9]", "")) : 0;
            } else if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                counts = !line.endsWith(" " + file);
            }
        }
        return kilobytes * 1024;
    }
}
