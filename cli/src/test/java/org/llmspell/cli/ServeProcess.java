package org.llmspell.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code llmspell serve} as a process of its own, which knows of no Ollama server but itself. What it says on standard error
 * goes to the file {@code stderr} in its home folder.
 */
final class ServeProcess implements AutoCloseable {
    private static final String LISTENING = "Listening on ";

    private final Process process;
    private final BufferedReader out;

    private ServeProcess(Process process) {
        this.process = process;
        this.out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /**
     * Starts it.
     *
     * @param home its home folder
     * @param port to listen on; 0 for any
     * @param environment variables beside those of this process
     */
    static ServeProcess start(Path home, int port, Map<String, String> environment, String... options)
            throws IOException {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--port",
                String.valueOf(port)));
        words.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().put("HOME", home.toString());
        builder.environment().put("OLLAMA_HOST", "127.0.0.1:1");
        builder.environment().remove("LLMSPELL_CONFIG");
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        builder.environment().putAll(environment);
        return new ServeProcess(
                builder.redirectError(home.resolve("stderr").toFile()).start());
    }

    /** Waits for the next line on standard output; null at its end. */
    @Nullable
    String line() throws IOException {
        return out.readLine();
    }

    /** Waits for its first line and reads from it where it listens. */
    String url() throws IOException {
        String line = line();
        if (line == null || !line.startsWith(LISTENING + "http://127.0.0.1:")) {
            throw new AssertionError("the server does not listen: " + line);
        }
        return line.substring(LISTENING.length());
    }

    /** Whether it can be told to end, and not only killed, on this system. */
    boolean canBeTold() {
        return process.supportsNormalTermination();
    }

    /** Tells it to end, as SIGTERM does. */
    void tellToEnd() {
        process.destroy();
    }

    /** Waits for its end, half a minute at most; its exit code. */
    int exitCode() throws InterruptedException {
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            throw new AssertionError("the server does not end");
        }
        return process.exitValue();
    }

    /** Kills it. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
