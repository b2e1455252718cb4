package org.llmspell.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What the processor can do, as far as the speed of models goes; Linux says so in {@code /proc/cpuinfo}. */
final class Processor {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    /** Names of Linux (arch/x86/include/asm/cpufeatures.h, arch/arm64/kernel/cpuinfo.c), widest last. */
    private static final List<String> TELLING = List.of(
            "avx",
            "avx2",
            "fma",
            "f16c",
            "avx_vnni",
            "avx512f",
            "avx512bw",
            "avx512_vnni",
            "avx512_bf16",
            "amx_int8",
            "amx_bf16",
            "asimd",
            "asimddp",
            "i8mm",
            "sve",
            "sve2");

    private Processor() {}

    /** Architecture, cores, and the telling features where the system names them. */
    static String describe() {
        int cores = Runtime.getRuntime().availableProcessors();
        String text = System.getProperty("os.arch") + ", " + cores + (cores == 1 ? " core" : " cores");
        Set<String> features = new LinkedHashSet<>();
        try {
            if (Files.isReadable(CPUINFO)) {
                features.addAll(features(Files.readString(CPUINFO, StandardCharsets.ISO_8859_1)));
            }
        } catch (IOException e) {
            return text;
        }
        return features.isEmpty() ? text : text + ": " + String.join(", ", features);
    }

    /** The telling features of the first processor in a {@code cpuinfo}. */
    static List<String> features(String cpuinfo) {
        List<String> named = cpuinfo.lines()
                .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                .findFirst()
                .map(line -> Arrays.asList(
                        line.substring(line.indexOf(':') + 1).strip().split("\\s+")))
                .orElse(List.of());
        return TELLING.stream().filter(named::contains).toList();
    }
}
