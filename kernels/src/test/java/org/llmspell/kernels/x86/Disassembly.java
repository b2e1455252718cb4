package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** Machine code as objdump reads it. Where that is not installed, a test that asks is skipped, but fails in continuous integration. */
final class Disassembly {
    private static final Pattern LINE = Pattern.compile("\\s*[0-9a-f]+:\\s+((?:[0-9a-f]{2} )+)\\s*(.*)");

    private Disassembly() {}

    /**
     * An instruction.
     *
     * @param bytes in hexadecimal, with spaces between
     * @param text mnemonic and operands in Intel's order
     */
    record Line(String bytes, String text) {}

    /** The instructions of {@code code}, which is put into a file in {@code folder}. */
    static List<Line> of(byte[] code, Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("code");
        Files.write(file, code);
        Process process;
        try {
            process = new ProcessBuilder(
                            "objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "-w", file.toString())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            String reason = "objdump (binutils) is not installed";
            if (System.getenv("CI") != null) {
                throw new AssertionError(reason, e);
            }
            Assumptions.abort(reason);
            throw e;
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        List<Line> lines = new ArrayList<>();
        for (String line : output.lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                lines.add(new Line(matcher.group(1).strip(), matcher.group(2)));
            }
        }
        return lines;
    }
}
