package org.llmspell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.testing.FakeOllama;
import tools.jackson.databind.JsonNode;

/** Many clients at once, some of which go away, read slowly or come when the server ends. */
class UnderLoadTest {
    @TempDir
    Path temporary;

    private static String endless(String model, String stream) {
        return "{\"model\":\"" + model + "\",\"prompt\":\"Hello\",\"stream\":" + stream
                + ",\"options\":{\"temperature\":0,\"num_ctx\":12000}}";
    }

    private static String longPrompt(String model) {
        return "{\"model\":\"" + model + "\",\"prompt\":\"" + "a b c d ".repeat(3500)
                + "\",\"options\":{\"temperature\":0,\"num_ctx\":32768}}";
    }

    private static double metric(TestServer server, String name) throws Exception {
        return server.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aClientThatGoesAwayDuringItsPromptFreesItsSequence() throws Exception {
        try (TestServer server = TestServer.in(temporary)
                .model("slow", "Q8_0", TestServer.slow())
                .start()) {
            try (Socket socket = server.connect()) {
                TestServer.post(socket, "/api/generate", longPrompt("slow"));
                assertThat(TestServer.becomes(() -> server.pagesInUse() > 0)).isTrue();
                assertThat(socket.getInputStream().available())
                        .as("the prompt is still being read")
                        .isZero();
            }
            assertThat(TestServer.becomes(() -> server.server.open() == 0 && server.users() == 0))
                    .isTrue();
            assertThat(server.pagesInUse()).isZero();
            assertThat(metric(server, "llmspell_cancelled_total")).isEqualTo(1);
        }
    }

    @Test
    @SuppressWarnings("try") // closed early on purpose
    void aClientThatGoesAwayInMidReplyOrInTheQueueFreesItsPlace() throws Exception {
        try (TestServer server = TestServer.in(temporary)
                .model("tiny", "Q8_0", TestServer.tiny(32768))
                .with(ConfigKey.SERVER_PARALLEL, "1")
                .start()) {
            try (Socket running = server.connect();
                    Socket waiting = server.connect()) {
                TestServer.post(running, "/api/generate", endless("tiny", "true"));
                assertThat(running.getInputStream().read()).isPositive();
                TestServer.post(waiting, "/api/generate", endless("tiny", "true"));
                assertThat(TestServer.becomes(() -> server.server.open() == 2)).isTrue();
                waiting.close();
                assertThat(TestServer.becomes(() -> server.server.open() == 1)).isTrue();
            }
            assertThat(TestServer.becomes(() -> server.server.open() == 0 && server.users() == 0))
                    .isTrue();
            assertThat(server.pagesInUse()).isZero();
        }
    }

    @Test
    void aClientThatGoesAwayEndsItsReplyOnOllamaToo() throws Exception {
        try (FakeOllama ollama = new FakeOllama().with("llama3:8b", 1);
                TestServer server =
                        TestServer.in(temporary).ollama(ollama.url()).start()) {
            ollama.play(FakeOllama.Mood.ENDLESS);
            try (Socket socket = server.connect()) {
                TestServer.post(socket, "/api/generate", endless("llama3:8b", "true"));
                assertThat(socket.getInputStream().read()).isPositive();
                assertThat(ollama.running()).isEqualTo(1);
            }
            assertThat(ollama.becomesIdle()).isTrue();
            assertThat(TestServer.becomes(() -> server.server.open() == 0)).isTrue();
        }
    }

    @Test
    void chatsOfOneModelShareItAndEachReplyIsWhatItIsAlone() throws Exception {
        try (TestServer server = TestServer.in(temporary)
                        .model("tiny", "Q8_0", TestServer.tiny(2048))
                        .start();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<String> alone = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                alone.add(reply(server, i));
            }
            List<Future<String>> together = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int client = i;
                together.add(clients.submit(() -> reply(server, client)));
            }
            for (int i = 0; i < 8; i++) {
                assertThat(together.get(i).get()).isEqualTo(alone.get(i));
            }
            assertThat(server.candle().residentModels()).hasSize(1);
        }
    }

    private static String reply(TestServer server, int client) throws Exception {
        return reply(server, client, 200);
    }

    private static String reply(TestServer server, int client, int tokens) throws Exception {
        return server.ask(
                        "/api/generate",
                        "{\"model\":\"tiny\",\"prompt\":\"Client " + client
                                + "\",\"stream\":false,\"options\":{\"temperature\":0,\"num_predict\":" + tokens + "}}")
                .get("response")
                .asString();
    }

    /** Two replies are in the batch at once: the engine holds two generations of one model. */
    @Test
    void repliesOfOneModelAreMadeAtTheSameTime() throws Exception {
        try (TestServer server = TestServer.in(temporary)
                        .model("tiny", "Q8_0", TestServer.tiny(32768))
                        .start();
                Socket first = server.connect();
                Socket second = server.connect()) {
            TestServer.post(first, "/api/generate", endless("tiny", "true"));
            assertThat(first.getInputStream().read()).isPositive();
            TestServer.post(second, "/api/generate", endless("tiny", "true"));
            assertThat(second.getInputStream().read()).isPositive();

            // Both have begun and neither has ended; a lease and a generation each.
            assertThat(server.users()).isEqualTo(4);
            assertThat(metric(server, "llmspell_replies_running")).isEqualTo(2);
        }
    }

    @Test
    void whenTheQueueIsFullItSaysSo() throws Exception {
        try (TestServer server = TestServer.in(temporary)
                        .model("tiny", "Q8_0", TestServer.tiny(32768))
                        .with(ConfigKey.SERVER_PARALLEL, "1")
                        .with(ConfigKey.SERVER_QUEUE, "1")
                        .start();
                Socket running = server.connect();
                Socket waiting = server.connect()) {
            TestServer.post(running, "/api/generate", endless("tiny", "true"));
            assertThat(running.getInputStream().read()).isPositive();
            TestServer.post(waiting, "/api/generate", endless("tiny", "true"));
            assertThat(TestServer.becomes(() -> server.server.open() == 2)).isTrue();
            assertThat(metric(server, "llmspell_requests_queued")).isEqualTo(1);

            HttpResponse<String> ollama = server.post("/api/generate", endless("tiny", "false"));
            assertThat(ollama.statusCode()).isEqualTo(503);
            assertThat(ollama.body())
                    .isEqualTo("{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}");
            for (String path : List.of("/v1/chat/completions", "/v1/messages")) {
                HttpResponse<String> response = server.post(
                        path,
                        "{\"model\":\"tiny\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
                assertThat(response.statusCode()).isEqualTo(503);
                assertThat(response.headers().firstValue("Retry-After")).isPresent();
                assertThat(TestServer.JSON
                                .readTree(response.body())
                                .get("error")
                                .isObject())
                        .isTrue();
            }
            // What needs no place is answered all the same.
            assertThat(server.get("/api/tags").statusCode()).isEqualTo(200);
        }
    }

    /** A connection that takes little before somebody reads from it. */
    private static Socket unread(TestServer server) throws IOException {
        Socket socket = new Socket();
        // Less than a reply, and more than a few of the loopback's segments, lest each waits for a timer.
        socket.setReceiveBufferSize(128 << 10);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.server.port()));
        return socket;
    }

    /** Reads lines of JSON to the last; gives the text of all together. */
    private static String readToTheEnd(Socket socket) throws IOException {
        StringBuilder text = new StringBuilder();
        BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.startsWith("{")) {
                JsonNode piece = TestServer.JSON.readTree(line);
                text.append(piece.get("response").asString());
                if (piece.get("done").asBoolean()) {
                    return text.toString();
                }
            }
        }
        throw new AssertionError("the reply broke off after " + text.length() + " characters");
    }

    /** A reply as long as {@code context}, larger than what a connection holds unread. */
    private static String longReply(int client, int context, String more) {
        return "{\"model\":\"tiny\",\"prompt\":\"Client " + client + "\"" + more
                + ",\"options\":{\"temperature\":0,\"num_ctx\":" + context + "}}";
    }

    @Test
    void readersWhoReadNothingKeepNoPlacesFromOthersAndGetAllOfTheirRepliesLater() throws Exception {
        int context = 8000;
        try (TestServer server = TestServer.in(temporary)
                        .model("tiny", "Q8_0", TestServer.tiny(32768))
                        .with(ConfigKey.SERVER_PARALLEL, "2")
                        .with(ConfigKey.SERVER_STALL, "600")
                        .start();
                Socket first = unread(server);
                Socket second = unread(server)) {
            TestServer.post(first, "/api/generate", longReply(1, context, ""));
            TestServer.post(second, "/api/generate", longReply(2, context, ""));
            assertThat(TestServer.becomes(() -> server.server.open() == 2)).isTrue();

            for (int i = 0; i < 3; i++) {
                assertThat(reply(server, i)).isNotEmpty();
            }
            // Their replies are whole: nothing computes for them or is kept for them but their text.
            assertThat(TestServer.becomes(() -> server.users() == 0)).isTrue();
            assertThat(server.pagesInUse()).isZero();
            assertThat(metric(server, "llmspell_replies_running")).isZero();
            assertThat(server.get("/api/running").body()).contains("\"requests\":[]");
            assertThat(TestServer.becomes(() -> server.server.open() == 2)).isTrue();

            Socket[] sockets = {first, second};
            for (int i = sockets.length; i > 0; i--) {
                String whole = server.ask("/api/generate", longReply(i, context, ",\"stream\":false"))
                        .get("response")
                        .asString();
                assertThat(readToTheEnd(sockets[i - 1])).isEqualTo(whole);
            }
            assertThat(metric(server, "llmspell_cancelled_total")).isZero();
            assertThat(TestServer.becomes(() -> server.server.open() == 0)).isTrue();
        }
    }

    /** Log-probabilities are too large to keep those of a whole reply: then it is not made to its end. */
    @Test
    void aReplyThatIsTooLargeToKeepGivesItsPlaceToOthersAndGoesOnWhenItIsRead() throws Exception {
        int context = 8000;
        try (TestServer server = TestServer.in(temporary)
                        .model("tiny", "Q8_0", TestServer.tiny(32768))
                        .with(ConfigKey.SERVER_PARALLEL, "1")
                        .with(ConfigKey.SERVER_STALL, "600")
                        .start();
                Socket slow = unread(server)) {
            TestServer.post(slow, "/api/generate", longReply(1, context, ",\"logprobs\":true,\"top_logprobs\":20"));
            assertThat(TestServer.becomes(() -> server.server.open() == 1)).isTrue();

            for (int i = 0; i < 3; i++) {
                assertThat(reply(server, i)).isNotEmpty();
            }
            assertThat(TestServer.becomes(() -> server.users() == 2))
                    .as("it has not ended, and the others have")
                    .isTrue();
            assertThat(metric(server, "llmspell_replies_running")).isZero();

            String whole = server.ask("/api/generate", longReply(1, context, ",\"stream\":false"))
                    .get("response")
                    .asString();
            assertThat(readToTheEnd(slow)).isEqualTo(whole);
            assertThat(TestServer.becomes(() -> server.server.open() == 0 && server.users() == 0))
                    .isTrue();
            assertThat(server.pagesInUse()).isZero();
            assertThat(metric(server, "llmspell_cancelled_total")).isZero();
        }
    }

    @Test
    void aReplyThatIsTooLargeToKeepEndsWhenItsReaderGoes() throws Exception {
        try (TestServer server = TestServer.in(temporary)
                .model("tiny", "Q8_0", TestServer.tiny(32768))
                .with(ConfigKey.SERVER_PARALLEL, "1")
                .with(ConfigKey.SERVER_STALL, "600")
                .start()) {
            try (Socket slow = unread(server)) {
                TestServer.post(slow, "/api/generate", longReply(1, 8000, ",\"logprobs\":true,\"top_logprobs\":20"));
                assertThat(TestServer.becomes(() -> server.server.open() == 1)).isTrue();
                assertThat(reply(server, 1)).isNotEmpty();
                assertThat(TestServer.becomes(() -> server.users() == 2)).isTrue();
            }
            assertThat(TestServer.becomes(() -> server.server.open() == 0 && server.users() == 0))
                    .isTrue();
            assertThat(server.pagesInUse()).isZero();
            assertThat(metric(server, "llmspell_cancelled_total")).isEqualTo(1);
            assertThat(reply(server, 2)).isNotEmpty();
        }
    }

    @Test
    void aReaderWhoStopsIsCutOff() throws Exception {
        try (TestServer server = TestServer.in(temporary)
                        .model("tiny", "Q8_0", TestServer.tiny(32768))
                        .with(ConfigKey.SERVER_STALL, "0.5")
                        .start();
                Socket stopped = new Socket()) {
            stopped.setReceiveBufferSize(4096);
            stopped.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.server.port()));
            TestServer.post(stopped, "/api/generate", endless("tiny", "true"));

            assertThat(TestServer.becomes(() -> server.server.open() == 1)).isTrue();
            assertThat(TestServer.becomes(() -> server.server.open() == 0 && server.users() == 0))
                    .isTrue();
            assertThat(server.pagesInUse()).isZero();
        }
    }

    @Test
    void whenToldToEndItLetsRepliesFinishThenCancelsThem() throws Exception {
        TestServer server = TestServer.in(temporary)
                .model("tiny", "Q8_0", TestServer.tiny(32768))
                .model("slow", "Q8_0", TestServer.slow())
                .start();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
                Socket endless = server.connect();
                Socket prefill = server.connect()) {
            Future<String> shortReply = clients.submit(() -> reply(server, 1, 5));
            TestServer.post(endless, "/api/generate", endless("tiny", "true"));
            assertThat(endless.getInputStream().read()).isPositive();
            TestServer.post(prefill, "/api/generate", longPrompt("slow"));
            assertThat(TestServer.becomes(() -> server.server.open() >= (shortReply.isDone() ? 2 : 3)))
                    .isTrue();

            Thread closing = Thread.ofVirtual().start(() -> server.server.close(Duration.ofSeconds(2)));
            assertThat(closing.join(Duration.ofSeconds(30))).isTrue();

            assertThat(shortReply.get(10, TimeUnit.SECONDS)).isNotEmpty();
            assertThat(server.server.open()).isZero();
            String rest = new String(endless.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(rest).contains("{\"error\":\"the server is shutting down\"}");
            String refused = new String(prefill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(refused).startsWith("HTTP/1.1 503").contains("shutting down");
            assertThat(TestServer.becomes(() -> server.users() == 0)).isTrue();
            assertThat(server.pagesInUse()).isZero();
        } finally {
            server.close();
        }
    }

    /** {@code -Dllmspell.stress=10000} for the long version. */
    @Test
    void nothingLeaksUnderRandomRequestsAndDisconnects() throws Exception {
        int requests = Integer.getInteger("llmspell.stress", 400);
        try (TestServer server = TestServer.in(temporary)
                .model("tiny", "Q8_0", TestServer.tiny(2048))
                .with(ConfigKey.SERVER_PARALLEL, "8")
                .with(ConfigKey.SERVER_QUEUE, "8")
                .start()) {
            storm(server, 100); // what is made once is made now
            assertThat(TestServer.becomes(() -> server.server.open() == 0 && server.users() == 0))
                    .isTrue();
            System.gc();
            int threads = ManagementFactory.getThreadMXBean().getThreadCount();
            long handles = handles();

            int refused = storm(server, requests);

            assertThat(TestServer.becomes(() -> server.server.open() == 0 && server.users() == 0))
                    .isTrue();
            assertThat(server.pagesInUse()).isZero();
            assertThat(metric(server, "llmspell_replies_running")).isZero();
            assertThat(metric(server, "llmspell_requests_queued")).isZero();
            System.gc();
            // The pool that carries virtual threads may still grow by a few; a leak would be hundreds.
            assertThat(ManagementFactory.getThreadMXBean().getThreadCount()).isLessThan(threads + 20);
            assertThat(TestServer.becomes(() -> handles() < handles + 20)).isTrue();
            assertThat(refused).isLessThan(requests);
        }
    }

    private static long handles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.UnixOperatingSystemMXBean unix
                ? unix.getOpenFileDescriptorCount()
                : 0;
    }

    /** Sends requests from 24 clients at once; how many were refused. Fails if one has another end than the right ones. */
    private static int storm(TestServer server, int requests) throws Exception {
        AtomicInteger refused = new AtomicInteger();
        try (ExecutorService clients =
                Executors.newFixedThreadPool(24, Thread.ofVirtual().factory())) {
            List<Future<Void>> all = new ArrayList<>();
            for (int i = 0; i < requests; i++) {
                int seed = i;
                Callable<Void> one = () -> {
                    if (oneRequest(server, new Random(seed)) == 503) {
                        refused.incrementAndGet();
                    }
                    return null;
                };
                all.add(clients.submit(one));
            }
            for (Future<Void> each : all) {
                each.get();
            }
        }
        return refused.get();
    }

    /** A request that may break off; its status, or 0. */
    private static int oneRequest(TestServer server, Random random) throws IOException {
        String prompt = "word ".repeat(random.nextInt(60));
        int tokens = 1 + random.nextInt(40);
        boolean stream = random.nextBoolean();
        String[] paths = {"/api/generate", "/v1/chat/completions", "/v1/messages"};
        String path = paths[random.nextInt(paths.length)];
        String body = path.equals("/api/generate")
                ? "{\"model\":\"tiny\",\"prompt\":\"x " + prompt + "\",\"stream\":" + stream
                        + ",\"options\":{\"num_predict\":" + tokens + "}}"
                : "{\"model\":\"tiny\",\"max_tokens\":" + tokens + ",\"stream\":" + stream
                        + ",\"messages\":[{\"role\":\"user\",\"content\":\"x " + prompt + "\"}]}";
        try (Socket socket = server.connect()) {
            socket.setSoTimeout(60_000);
            TestServer.post(socket, path, body);
            if (random.nextInt(3) == 0) {
                int read = random.nextInt(400);
                for (int i = 0; i < read && socket.getInputStream().available() > 0; i++) {
                    assertThat(socket.getInputStream().read()).isNotNegative();
                }
                return 0;
            }
            String status = line(socket);
            assertThat(status).matches("HTTP/1.1 (200 OK|503 Service Unavailable)");
            return Integer.parseInt(status.substring(9, 12));
        }
    }

    private static String line(Socket socket) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = socket.getInputStream().read();
                b >= 0 && b != '\r';
                b = socket.getInputStream().read()) {
            line.append((char) b);
        }
        return line.toString();
    }
}
