package org.llmspell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;

/** What others have been attacked by: one test for each. */
class HardeningTest {
    private static final String KEY = "correct-horse-battery";

    @TempDir
    static Path temporary;

    private static TestServer server;
    private static TestServer locked;

    @BeforeAll
    static void start() {
        server = TestServer.in(temporary.resolve("open"))
                .model("tiny", "Q8_0", TestServer.tiny(512))
                .with(ConfigKey.SERVER_BODY, "1")
                .with(ConfigKey.SERVER_STALL, "0.3")
                .with(ConfigKey.SERVER_ORIGINS, "https://chat.example, https://other.example")
                .start();
        locked = TestServer.in(temporary.resolve("locked"))
                .with(ConfigKey.SERVER_API_KEY, KEY)
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
        locked.close();
    }

    /** What is answered to raw bytes, up to the end of the connection. */
    private static String raw(String request) throws IOException {
        try (Socket socket = server.connect()) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return head(socket.getInputStream());
        }
    }

    /** The head of an answer; empty where the connection was closed without one. */
    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        for (int b = in.read(); b >= 0; b = in.read()) {
            head.append((char) b);
            if (head.toString().endsWith("\r\n\r\n")) {
                break;
            }
        }
        return head.toString();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sha256:../../../../etc/passwd",
                "sha256:abc",
                "sha256-" + "g000000000000000000000000000000000000000000000000000000000000000",
                "md5:00000000000000000000000000000000",
                "..%2f..%2fetc%2fpasswd",
                "sha256:0000000000000000000000000000000000000000000000000000000000000000%2f..",
                "sha256:0000000000000000000000000000000000000000000000000000000000000000%00",
            })
    void aDigestIsADigestOrRefused(String digest) throws Exception {
        HttpRequest.Builder post =
                server.request("/api/blobs/" + digest).POST(HttpRequest.BodyPublishers.ofString("x"));
        HttpRequest.Builder head =
                server.request("/api/blobs/" + digest).method("HEAD", HttpRequest.BodyPublishers.noBody());

        assertThat(server.send(post).statusCode()).isEqualTo(400);
        assertThat(server.send(head).statusCode()).isEqualTo(400);
        HttpResponse<String> create = server.post(
                "/api/create",
                "{\"model\":\"x\",\"files\":{\"a\":\""
                        + digest.replace("%2f", "/").replace("%00", "") + "x\"}}");
        assertThat(create.statusCode()).isEqualTo(400);
        assertThat(create.body()).contains("invalid digest format");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../../../etc/passwd",
                "/etc/passwd",
                "~/x.gguf",
                "./x.gguf",
                "a/../../b",
                "..",
                "a\\\\..\\\\b",
                "C:\\\\x.gguf",
                "a b",
                "a\\u0000b",
                "hf.co/../x",
                "file:///etc/passwd",
            })
    void aNameIsNeverAPath(String name) throws Exception {
        for (String path :
                new String[] {"/api/show", "/api/chat", "/api/pull", "/v1/chat/completions", "/api/create"}) {
            HttpResponse<String> response = server.post(
                    path,
                    "{\"model\":\"" + name
                            + "\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
            assertThat(response.statusCode()).as(path).isEqualTo(400);
            assertThat(response.body()).contains("invalid model name");
        }
        assertThat(server.post("/api/copy", "{\"source\":\"tiny\",\"destination\":\"" + name + "\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.delete("/api/delete", "{\"model\":\"" + name + "\"}").statusCode())
                .isEqualTo(400);
    }

    @Test
    void noErrorTellsWhetherAFileExists() throws Exception {
        Path there = Files.writeString(temporary.resolve("there.gguf"), "x");
        String existing =
                server.post("/api/show", "{\"model\":\"" + there + "\"}").body();
        String missing = server.post("/api/show", "{\"model\":\"" + there.resolveSibling("gone.gguf") + "\"}")
                .body();

        assertThat(existing).isEqualTo(missing);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "attacker.example",
                "attacker.example:11435",
                "127.0.0.1.attacker.example",
                "10.0.0.1",
                "",
                "localhost.attacker.example"
            })
    void onLoopbackTheHostHeaderMustNameThisMachine(String host) throws Exception {
        assertThat(raw("GET /api/tags HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost:11435",
                "127.0.0.1:1",
                "127.8.9.10",
                "[::1]:80",
                "LOCALHOST.",
                "app.localhost"
            })
    void thisMachinesOwnNamesAreTaken(String host) throws Exception {
        assertThat(raw("GET /api/version HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    private static HttpResponse<String> from(String origin, String method) throws Exception {
        return server.send(server.request("/api/version")
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("Origin", origin)
                .header("Access-Control-Request-Headers", "content-type, x-stainless-os"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://attacker.example",
                "null",
                "http://127.0.0.1.attacker.example",
                "https://chat.example.attacker",
                "http://chat.example",
                "file://"
            })
    void aForeignWebPageIsRefused(String origin) throws Exception {
        for (String method : new String[] {"GET", "OPTIONS"}) {
            HttpResponse<String> response = from(origin, method);
            assertThat(response.statusCode()).isEqualTo(403);
            assertThat(response.headers().firstValue("Access-Control-Allow-Origin"))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://chat.example", "https://other.example", "http://localhost:3000", "http://127.0.0.1:8080"
            })
    void aWebPageOnTheListOrOfThisMachineIsAnswered(String origin) throws Exception {
        HttpResponse<String> preflight = from(origin, "OPTIONS");
        assertThat(preflight.statusCode()).isEqualTo(204);
        assertThat(preflight.headers().firstValue("Access-Control-Allow-Origin"))
                .contains(origin);
        assertThat(preflight.headers().firstValue("Access-Control-Allow-Headers"))
                .contains("content-type, x-stainless-os");

        HttpResponse<String> answer = from(origin, "GET");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Access-Control-Allow-Origin")).contains(origin);
        assertThat(answer.headers().firstValue("Vary")).contains("Origin");
    }

    @Test
    void anotherAddressThanLoopbackNeedsAKey() {
        Config config = Config.load(
                null,
                Map.of(ConfigKey.SERVER_HOST, "0.0.0.0", ConfigKey.SERVER_PORT, "0", ConfigKey.OLLAMA_ENABLED, "false"),
                Map.of(),
                temporary);
        try (LocalModels models = LocalModels.open(config)) {
            assertThatThrownBy(() -> Server.start(models, config.server()).close())
                    .isInstanceOf(LocalModelException.class)
                    .hasMessageContaining("needs an API key");
        }
    }

    @Test
    void withAKeyOnlyWhoHasItIsAnswered() throws Exception {
        assertThat(locked.get("/api/tags").statusCode()).isEqualTo(401);
        assertThat(locked.get("/metrics").statusCode()).isEqualTo(401);
        assertThat(locked.get("/health").statusCode()).isEqualTo(200);
        for (String[] header : new String[][] {
            {"Authorization", "Bearer wrong"},
            {"Authorization", KEY},
            {"Authorization", "Basic " + KEY},
            {"x-api-key", KEY + "x"},
            {"x-api-key", ""},
        }) {
            assertThat(locked.send(locked.request("/api/tags").header(header[0], header[1]))
                            .statusCode())
                    .as(header[0] + ": " + header[1])
                    .isEqualTo(401);
        }
        assertThat(locked.send(locked.request("/api/tags").header("Authorization", "Bearer " + KEY))
                        .statusCode())
                .isEqualTo(200);
        assertThat(locked.send(locked.request("/v1/models").header("x-api-key", KEY))
                        .statusCode())
                .isEqualTo(200);
        assertThat(locked.config.server().toString()).doesNotContain(KEY);
    }

    @Test
    void aBodyOverTheLimitIsRefusedByItsAnnouncement() throws Exception {
        assertThat(raw("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n"))
                .startsWith("HTTP/1.1 413");
    }

    @Test
    void aBodyOverTheLimitIsRefusedWithoutAnAnnouncement() throws Exception {
        try (Socket socket = server.connect()) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            byte[] chunk = ("10000\r\n" + " ".repeat(0x10000) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            try {
                for (int i = 0; i < 40; i++) {
                    socket.getOutputStream().write(chunk);
                }
            } catch (IOException e) {
                assertThat(e).hasMessageContainingAll("o"); // it may close before all is written
            }
            assertThat(head(socket.getInputStream())).startsWith("HTTP/1.1 413");
        } catch (java.net.SocketException e) {
            // Reset before the answer could be read: refused all the same.
            assertThat(server.get("/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aCompressedBodyIsNotTaken() throws Exception {
        assertThat(server.send(server.request("/api/chat")
                                .header("Content-Encoding", "gzip")
                                .POST(HttpRequest.BodyPublishers.ofString("x")))
                        .statusCode())
                .isEqualTo(415);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":"})
    void deepJsonIsRefused(String open) throws Exception {
        String deep = "{\"model\":\"tiny\",\"messages\":" + open.repeat(50_000);
        assertThat(server.post("/api/chat", deep).statusCode()).isEqualTo(400);
    }

    @Test
    void moreElementsThanSensibleAreRefused() throws Exception {
        String messages = "{\"role\":\"user\",\"content\":\"x\"},".repeat(10_001);
        assertThat(server.post(
                                "/api/chat",
                                "{\"model\":\"tiny\",\"messages\":[" + messages.substring(0, messages.length() - 1)
                                        + "]}")
                        .statusCode())
                .isEqualTo(400);
        String stops = "\"x\",".repeat(17);
        assertThat(server.post(
                                "/api/generate",
                                "{\"model\":\"tiny\",\"prompt\":\"x\",\"options\":{\"stop\":["
                                        + stops.substring(0, stops.length() - 1) + "]}}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.post("/api/embed", "{\"model\":\"tiny\",\"input\":[" + "\"x\",".repeat(2048) + "\"x\"]}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void negativeAndMonstrousNumbersAreRefused() throws Exception {
        for (String options : new String[] {
            "\"num_ctx\":-1",
            "\"num_ctx\":99999999999999999999",
            "\"num_predict\":-5",
            "\"top_k\":-1",
            "\"top_p\":-0.5",
            "\"repeat_last_n\":-2",
            "\"temperature\":-1",
            "\"temperature\":1e999",
            "\"repeat_penalty\":-1"
        }) {
            assertThat(server.post(
                                    "/api/generate",
                                    "{\"model\":\"tiny\",\"prompt\":\"x\",\"options\":{" + options + "}}")
                            .statusCode())
                    .as(options)
                    .isEqualTo(400);
        }
        assertThat(server.post(
                                "/v1/chat/completions",
                                "{\"model\":\"tiny\",\"max_tokens\":-1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void aLongUrlAndManyHeadersAreRefused() throws Exception {
        assertThat(raw("GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .matches("(?s)HTTP/1.. 414.*");
        assertThat(raw("GET / HTTP/1.1\r\nHost: localhost\r\n" + "X-A: bcdefgh\r\n".repeat(4000) + "\r\n"))
                .matches("(?s)HTTP/1.. 431.*");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
                "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1e3\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GARBAGE\r\n\r\n",
                "TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "CONNECT attacker.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            })
    void whatIsNoHonestRequestIsRefused(String request) throws Exception {
        assertThat(raw(request)).matches("(?s)HTTP/1\\.[01] 4\\d\\d.*|");
    }

    @Test
    void whoSendsNothingIsCutOff() throws Exception {
        for (String beginning : new String[] {
            "", "GET / HT", "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"
        }) {
            try (Socket socket = server.connect()) {
                socket.setSoTimeout(20_000);
                socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
                byte[] all = socket.getInputStream().readAllBytes();
                assertThat(new String(all, StandardCharsets.US_ASCII)).matches("(?s)|HTTP/1\\.1 408.*");
            }
        }
        assertThat(TestServer.becomes(() -> server.server.open() == 0)).isTrue();
    }

    @Test
    void aByteTokenInATextIsText() throws Exception {
        assertThat(server.ask(
                                "/api/tokenize",
                                "{\"model\":\"tiny\",\"content\":\"<0xZZ>\",\"parse_special\":true,\"add_special\":false}")
                        .get("tokens")
                        .size())
                .isGreaterThan(1);
    }

    /** Mutations of sound requests, and bytes at random: refused or answered, never a fault of the server. */
    @Test
    void malformedBodiesAreTheClientsFault() throws Exception {
        String[] paths = {
            "/api/generate",
            "/api/chat",
            "/api/embed",
            "/api/embeddings",
            "/api/show",
            "/api/copy",
            "/api/create",
            "/api/tokenize",
            "/api/detokenize",
            "/v1/chat/completions",
            "/v1/completions",
            "/v1/embeddings",
            "/v1/responses",
            "/v1/messages",
            "/v1/messages/count_tokens"
        };
        String[] values = {
            "null",
            "true",
            "-1",
            "0",
            "1e308",
            "\"\"",
            "\"x\"",
            "[]",
            "{}",
            "[null]",
            "[[]]",
            "[{}]",
            "{\"a\":1}",
            "\"\\ud800\"",
            "99999999999999999999",
            "[1,2]",
            "[\"a\",1]",
            "\"\\u0000\"",
            "[{\"role\":5}]",
            "[{\"role\":\"user\",\"content\":{}}]",
            "[{\"role\":\"assistant\"}]",
            "[{\"role\":\"tool\",\"content\":\"x\"}]"
        };
        String[] fields = {
            "prompt",
            "messages",
            "input",
            "options",
            "stream",
            "format",
            "keep_alive",
            "raw",
            "system",
            "stop",
            "n",
            "max_tokens",
            "temperature",
            "top_p",
            "seed",
            "logprobs",
            "top_logprobs",
            "stream_options",
            "content",
            "tokens",
            "source",
            "destination",
            "files",
            "from",
            "images",
            "context",
            "template",
            "suffix",
            "dimensions",
            "encoding_format",
            "logit_bias",
            "instructions",
            "stop_sequences",
            "tools",
            "think",
            "model"
        };
        Random random = new Random(7);
        for (int i = 0; i < 1500; i++) {
            String path = paths[random.nextInt(paths.length)];
            StringBuilder body =
                    new StringBuilder("{\"model\":\"tiny\",\"max_tokens\":2,\"options\":{\"num_predict\":2}");
            for (int f = random.nextInt(4); f >= 0; f--) {
                body.append(",\"")
                        .append(fields[random.nextInt(fields.length)])
                        .append("\":")
                        .append(values[random.nextInt(values.length)]);
            }
            byte[] bytes = body.append('}').toString().getBytes(StandardCharsets.UTF_8);
            if (random.nextInt(3) == 0) {
                for (int m = 1 + random.nextInt(4); m > 0; m--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
            }
            HttpResponse<String> response =
                    server.send(server.request(path).POST(HttpRequest.BodyPublishers.ofByteArray(bytes)));
            assertThat(response.statusCode())
                    .as(path + " " + new String(bytes, StandardCharsets.UTF_8) + " -> " + response.body())
                    .isBetween(200, 499);
        }
        assertThat(TestServer.becomes(() -> server.server.open() == 0 && server.users() == 0))
                .isTrue();
        assertThat(server.pagesInUse()).isZero();
    }
}
