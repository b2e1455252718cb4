package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
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

    private @Nullable ServeProcess server;

    @AfterEach
    void kill() {
        if (server != null) {
            server.close();
        }
    }

    private ServeProcess serve(String... options) throws IOException {
        ServeProcess started = ServeProcess.start(home, 0, Map.of(), options);
        server = started;
        return started;
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
        ServeProcess process = serve();
        String url = process.url();
        Assumptions.assumeTrue(process.canBeTold(), "processes can only be killed here, not told to end");

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
            process.tellToEnd();
            String reply = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(reply).contains("\"done\":true");
        }
        assertThat(process.exitCode()).isEqualTo(128 + 15);
    }

    @Test
    void saysWhereItListensInJson() throws Exception {
        ServeProcess process = serve("--output", "json");
        assertThat(process.line()).matches("\\{\"url\":\"http://127\\.0\\.0\\.1:\\d+\"}");
        process.tellToEnd();
        assertThat(process.exitCode()).isNotZero();
    }

    @Test
    void refusesToServeOtherMachinesWithoutAKey() throws Exception {
        ServeProcess process = serve("--host", "0.0.0.0");

        assertThat(process.line()).isNull();
        assertThat(process.exitCode()).isEqualTo(1);
        assertThat(home.resolve("stderr")).content().contains("so it needs an API key");
    }
}
