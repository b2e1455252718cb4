package org.llmspell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.testing.FakeOllama;
import tools.jackson.databind.JsonNode;

/** The page at the root: what the server gives, and what a browser makes of it. */
class WebPageTest {
    private static final String KEY = "correct-horse-battery";
    private static final String BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    @TempDir
    static Path temporary;

    private static FakeOllama ollama;
    private static TestServer server;
    private static TestServer locked;

    @BeforeAll
    static void start() {
        ollama = new FakeOllama().with("llama3:8b", 1234);
        server = TestServer.in(temporary.resolve("open"))
                .model("tiny", "Q8_0", TestServer.tiny(2048))
                .model("slow", "Q8_0", TestServer.slow())
                .ollama(ollama.url())
                .start();
        locked = TestServer.in(temporary.resolve("locked"))
                .model("tiny", "Q8_0", TestServer.tiny(2048))
                .with(ConfigKey.SERVER_API_KEY, KEY)
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
        locked.close();
        ollama.close();
    }

    private static HttpResponse<String> page(TestServer from) throws IOException, InterruptedException {
        return from.send(from.request("/").header("Accept", BROWSER));
    }

    @Test
    void aBrowserGetsThePageAndOtherClientsTheGreeting() throws Exception {
        HttpResponse<String> page = page(server);
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
        assertThat(page.headers().firstValue("Vary")).hasValue("Accept, Origin");
        assertThat(page.body()).startsWith("<!doctype html>");

        assertThat(server.get("/").body()).isEqualTo("Ollama is running");
        assertThat(server.send(server.request("/").header("Accept", "*/*")).body())
                .isEqualTo("Ollama is running");
        assertThat(server.send(server.request("/").header("Accept", "application/json"))
                        .body())
                .isEqualTo("Ollama is running");
    }

    @Test
    void everyFileThatThePageNamesIsThereAndNothingElseIs() throws Exception {
        Matcher named = Pattern.compile("(?:href|src)=\"([^\"]+)\"")
                .matcher(page(server).body());
        int files = 0;
        while (named.find()) {
            HttpResponse<String> file = server.get("/" + named.group(1));
            assertThat(file.statusCode()).as(named.group(1)).isEqualTo(200);
            assertThat(file.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            files++;
        }
        assertThat(files).isEqualTo(3);
        for (String other : List.of(
                "/page/none.js",
                "/page/",
                "/page/index.html",
                "/page/..%2fWebPage.class",
                "/page/package-info.class")) {
            assertThat(server.get(other).statusCode()).as(other).isEqualTo(404);
        }
    }

    @Test
    void nothingFromElsewhereMayRunInThePageOrShowIt() throws Exception {
        String policy =
                page(server).headers().firstValue("Content-Security-Policy").orElseThrow();
        assertThat(policy)
                .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(page(server).body()).doesNotContain("http://", "https://", "<script>", "style=\"");
    }

    @Test
    void withAKeyThePageComesWithoutItAndWhatItAsksForDoesNot() throws Exception {
        assertThat(page(locked).statusCode()).isEqualTo(200);
        assertThat(locked.get("/page/main.js").statusCode()).isEqualTo(200);
        assertThat(locked.get("/api/running").statusCode()).isEqualTo(401);
        assertThat(locked.get("/page/../api/running").statusCode()).isNotEqualTo(200);
    }

    @Test
    void runningRepliesAreListedFromRequestToEnd() throws Exception {
        assertThat(server.ask("/api/running", "").get("requests")).isEmpty();
        try (Socket socket = server.connect()) {
            TestServer.post(
                    socket,
                    "/api/generate",
                    "{\"model\":\"slow\",\"raw\":true,\"prompt\":\"" + "word ".repeat(3000)
                            + "\",\"options\":{\"num_predict\":1}}");
            assertThat(TestServer.becomes(() -> state("reading"))).isTrue();
        }
        assertThat(TestServer.becomes(() -> requests().isEmpty())).isTrue();
        try (Socket socket = server.connect()) {
            TestServer.post(
                    socket,
                    "/api/chat",
                    "{\"model\":\"slow\",\"messages\":[{\"role\":\"user\",\"content\":\"Go on and on\"}],"
                            + "\"options\":{\"temperature\":0,\"num_predict\":5000}}");
            assertThat(TestServer.becomes(() -> state("writing"))).isTrue();
            assertThat(TestServer.becomes(() -> speed() > 0)).isTrue();
            JsonNode running = server.ask("/api/running", "");
            JsonNode request = running.at("/requests/0");
            assertThat(request.get("model").asString()).isEqualTo("slow");
            assertThat(request.get("backend").asString()).isEqualTo("candle");
            assertThat(request.get("tokens").asInt()).isPositive();
            assertThat(request.get("seconds").asDouble()).isPositive();
            assertThat(running.get("tokens_per_second").asDouble())
                    .isEqualTo(request.get("tokens_per_second").asDouble());
        }
        assertThat(TestServer.becomes(() -> requests().isEmpty())).isTrue();
    }

    private static JsonNode requests() {
        try {
            return server.ask("/api/running", "").get("requests");
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static boolean state(String wanted) {
        return requests().path(0).path("state").asString("").equals(wanted);
    }

    private static double speed() {
        return requests().path(0).path("tokens_per_second").asDouble(0);
    }

    @Test
    void peopleCanChatInABrowser() throws Exception {
        Programs.need("npm");
        Programs.need("node");
        Programs.need("chromium");
        Path folder = Programs.install(temporary.resolve("npm"), "playwright-core@1.64.1");
        Path script = folder.resolve("page.mjs");
        try (var in = WebPageTest.class.getResourceAsStream("clients/page.mjs")) {
            Files.writeString(
                    script,
                    new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .replace("@URL@", server.server.url())
                            .replace("@LOCKED@", locked.server.url())
                            .replace("@KEY@", KEY));
        }
        assertThat(Programs.run(folder, "node", "page.mjs")).contains("all well");
    }
}
