package org.llmspell.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Other programs that tests run. A test is skipped where one is not there; in continuous integration that is a failure. */
final class Programs {
    private Programs() {}

    /**
     * Runs a program to its end.
     *
     * @return what it said
     * @throws IOException if it is not there, fails, or takes longer than three minutes
     */
    static String run(Path folder, String... command) throws IOException, InterruptedException {
        Path log = Files.createTempFile(folder, "run", ".log");
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.redirectErrorStream(true).redirectOutput(log.toFile());
        Process process = builder.start();
        boolean ended = process.waitFor(180, TimeUnit.SECONDS);
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        String text = Files.readString(log, StandardCharsets.UTF_8);
        Files.delete(log);
        if (!ended || process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + ": " + text);
        }
        return text;
    }

    static void need(String program) throws InterruptedException {
        try {
            run(Path.of(System.getProperty("java.io.tmpdir")), program, "--version");
        } catch (IOException e) {
            missing(program + " is not installed", e);
        }
    }

    /** Installs packages of npm in {@code folder}, which is made. */
    static Path install(Path folder, String... packages) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        List<String> command = new ArrayList<>(
                List.of("npm", "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", "--prefix", "."));
        command.addAll(List.of(packages));
        try {
            run(folder, command.toArray(String[]::new));
        } catch (IOException e) {
            missing("the packages cannot be installed", e);
        }
        return folder;
    }

    private static void missing(String reason, IOException cause) {
        if (System.getenv("CI") != null) {
            throw new AssertionError(reason, cause);
        }
        Assumptions.abort(reason + ": " + cause.getMessage());
    }
}
