package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.local.store.ImportRequest;
import org.llmspell.local.store.ModelStore;

/** {@code llmspell serve} as a process of its own, which signals end. */
class ServeCommandTest {
    @TempDir
    Path home;

    private Process process;

    @AfterEach
    void kill() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    private BufferedReader serve(String... options) throws IOException {
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
                "0"));
        words.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().put("HOME", home.toString());
        builder.environment().put("OLLAMA_HOST", "127.0.0.1:1");
        builder.environment().remove("LLMSPELL_CONFIG");
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        process = builder.redirectError(home.resolve("stderr").toFile()).start();
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private static String url(BufferedReader out) throws IOException {
        String line = out.readLine();
        assertThat(line).startsWith("Listening on http://127.0.0.1:");
        return line.substring("Listening on ".length());
    }

    private static HttpResponse<String> get(String url) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void servesUntilItIsToldToEnd() throws Exception {
        Path file = home.resolve("tiny.gguf");
        SyntheticModel.tiny().write(file);
        new ModelStore(home.resolve(".llmspell/models/candle"))
                .importFile(
                        new ImportRequest(file, "tiny", "Q8_0", ImportRequest.Placement.COPY, false, progress -> {}));
        String url = url(serve());
        Assumptions.assumeTrue(
                process.supportsNormalTermination(), "processes can only be killed here, not told to end");

        assertThat(get(url + "/api/tags").body()).contains("\"tiny:Q8_0\"");
        // Told to end while a client waits for its body to be taken, and another for its reply.
        int port = URI.create(url).getPort();
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
            byte[] body = "{\"model\":\"tiny\",\"prompt\":\"x\",\"options\":{\"temperature\":0}}"
                    .getBytes(StandardCharsets.UTF_8);
            client.getOutputStream()
                    .write(("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length
                                    + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            client.getOutputStream().write(body);
            assertThat(client.getInputStream().read()).isEqualTo('H');
            process.destroy();
            String reply = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(reply).contains("\"done\":true");
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
    }

    @Test
    void saysWhereItListensInJson() throws Exception {
        assertThat(serve("--output", "json").readLine()).matches("\\{\"url\":\"http://127\\.0\\.0\\.1:\\d+\"}");
        process.destroy();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void refusesToServeOtherMachinesWithoutAKey() throws Exception {
        BufferedReader out = serve("--host", "0.0.0.0");

        assertThat(out.readLine()).isNull();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(home.resolve("stderr")).content().contains("so it needs an API key");
    }
}
