package org.llmspell.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.llmspell.engine.speed.SpeedTest;

/** A process with a {@link TimedEngine}, kept alive between its turns. Not thread-safe. */
final class EngineProcess implements AutoCloseable {
    private static final int LAST_OF_LOG = 2000;

    private final String name;
    private final Process process;
    private final Path log;
    private final PrintStream questions;
    private final BufferedReader answers;
    private final String description;

    /**
     * Starts an engine and waits until its model is loaded.
     *
     * @param name for messages
     * @param flags of Java, beside those that every process of this project has
     * @param environment variables to set
     * @throws BenchException if it does not come up
     */
    EngineProcess(String name, Class<?> main, List<String> flags, Map<String, String> environment, String... arguments)
            throws IOException {
        this.name = name;
        log = Files.createTempFile("llmspell-bench-", ".log");
        ProcessBuilder builder = new ProcessBuilder(command(main, flags, arguments)).redirectError(log.toFile());
        builder.environment().putAll(environment);
        process = builder.start();
        questions = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        description = answer("told to start");
    }

    /** The command line of a process of this project. */
    static List<String> command(Class<?> main, List<String> flags, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    String describe() {
        return description;
    }

    /** Time of processors that it has used so far. */
    Duration processorTime() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    void warmUp(SpeedTest test) throws IOException {
        ask("warm " + test.name());
    }

    /** Tokens per second. */
    double measure(SpeedTest test) throws IOException {
        return ask("measure " + test.name());
    }

    /** Bytes of memory that the engine takes beside the model's file. */
    double memory() throws IOException {
        return ask("memory");
    }

    private double ask(String question) throws IOException {
        questions.println(question);
        return Double.parseDouble(answer("asked to " + question));
    }

    private String answer(String during) throws IOException {
        String line = answers.readLine();
        if (line == null) {
            String text = Files.readString(log, StandardCharsets.UTF_8);
            close();
            throw new BenchException(
                    name + " ended when " + during + ": " + text.substring(Math.max(0, text.length() - LAST_OF_LOG)));
        }
        return line;
    }

    @Override
    public void close() throws IOException {
        questions.close();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(log);
    }
}
