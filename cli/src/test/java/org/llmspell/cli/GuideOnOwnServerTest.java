package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.store.Sha256;
import org.llmspell.testing.FakeFiles;

/**
 * The guide's Ollama half on this project's own server: {@code llmspell serve} as a process of its own, with a home of its own, to
 * which the command talks over HTTP as it does to Ollama. The guide's {@code llama3.1:8b} is a copy of the built-in model, made
 * over HTTP too; {@code mistral:7b} it pulls from an Ollama registry in this process, where it finds the same file.
 */
@Timeout(300)
class GuideOnOwnServerTest extends GuideOnServer {
    private static final FakeFiles REGISTRY = new FakeFiles();

    @TempDir
    static Path serverHome;

    private static ServeProcess process;
    private static String url;
    private static long bytes;

    @BeforeAll
    static void serve() throws Exception {
        process = start(0);
        url = process.url();
        post("/api/copy", "{\"source\":\"apprentice\",\"destination\":\"llama3.1:8b\"}");
        Path model;
        try (Stream<Path> files = Files.walk(serverHome.resolve(".llmspell/models/candle/llama3.1"))) {
            model = files.filter(file -> file.toString().endsWith(".gguf"))
                    .findFirst()
                    .orElseThrow();
        }
        bytes = Files.size(model);
        String digest = "sha256:" + Sha256.of(model);
        REGISTRY.serve(
                "/v2/library/mistral/manifests/7b",
                ("{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"" + digest
                                + "\",\"size\":" + bytes + "}]}")
                        .getBytes(StandardCharsets.UTF_8));
        REGISTRY.serve("/v2/library/mistral/blobs/" + digest, Files.readAllBytes(model));
    }

    @AfterAll
    static void stop() {
        process.close();
        REGISTRY.close();
    }

    private static ServeProcess start(int port) throws IOException {
        String registry = REGISTRY.url("").toString();
        return ServeProcess.start(serverHome, port, Map.of("LLMSPELL_OLLAMA_REGISTRY", registry));
    }

    private static String post(String path, String body) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(URI.create(url + path))
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return response.body();
        }
    }

    @Override
    String server() {
        return url;
    }

    /** It is a language model, whose words are its own: there are some. */
    @Override
    String reply(String prompt) {
        return ".*\\S.*";
    }

    @Override
    long modelBytes() {
        return bytes;
    }

    @Override
    Runnable serveAt(int port) throws IOException {
        ServeProcess second = start(port);
        assertThat(second.url()).endsWith(":" + port);
        return second::close;
    }

    /** The same file, asked the same without chance, says the same on either backend. */
    @Test
    void theReplyIsTheOneThatTheModelGivesWithoutAServer() {
        String ask = "local agent = Agent.create({ model = ARGS[1], temperature = 0 })"
                + " print(agent:complete('What is LLMSpell?')) print(agent:complete('Who made it?'))";

        String there = shell().run("exec", ask, "local/llama3.1:8b@ollama").out();
        String here = shell().run("exec", ask, "local/apprentice@candle").out();

        assertThat(there.strip()).isNotEmpty().isEqualTo(here.strip());
    }

    @Test
    void aStreamedReplyComesInPieces() {
        String agent = "local agent = Agent.create({ model = 'local/llama3.1:8b@ollama', temperature = 0 })\n";

        String streamed = shell().run(
                        "exec",
                        agent + "local pieces = 0\n"
                                + "local text = agent:stream('What is LLMSpell?', function() pieces = pieces + 1 end)\n"
                                + "print(pieces > 3, text)")
                .out();
        String whole = shell().run("exec", agent + "print(true, agent:complete('What is LLMSpell?'))")
                .out();

        assertThat(streamed).isNotBlank().isEqualTo(whole);
    }
}
