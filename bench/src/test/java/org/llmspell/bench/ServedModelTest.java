package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.json.JsonText;

/** The clients of a server, with one that counts words as tokens and says what its replies cost. */
class ServedModelTest {
    private static final String REPLY = " and so on";

    @TempDir
    Path folder;

    private HttpServer server;
    private final List<String> prompts = new CopyOnWriteArrayList<>();
    /** So many requests have to be there before any is answered. */
    private CyclicBarrier together = new CyclicBarrier(1);

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            try (exchange) {
                Map<String, @Nullable Object> asked = JsonText.parseObject(
                        new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                byte[] answer = (exchange.getRequestURI().getPath().equals("/api/tokenize")
                                ? tokens(asked)
                                : reply(asked))
                        .getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private static int words(@Nullable Object text) {
        return String.valueOf(text).strip().split(" +", -1).length;
    }

    private static String tokens(Map<String, @Nullable Object> asked) {
        return JsonText.compact(Map.of("tokens", Collections.nCopies(words(asked.get("content")), 1)));
    }

    private String reply(Map<String, @Nullable Object> asked) throws IOException {
        String prompt = String.valueOf(asked.get("prompt"));
        prompts.add(prompt);
        try {
            together.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IOException(e);
        }
        return "{\"response\":\"" + REPLY
                + "\",\"done\":false}\n{\"response\":\"\",\"done\":true,\"prompt_eval_count\":" + words(prompt)
                + ",\"eval_count\":100}\n";
    }

    /** Stands for the command: {@code serve} says where the server is, and is there until it is ended. */
    private Path launcher(String serve) throws IOException {
        Path script = Files.writeString(
                folder.resolve("llmspell"), "#!/bin/sh\n[ \"$1\" = serve ] || exit 0\n" + serve + "\n");
        return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    private ServedModel served() throws IOException, InterruptedException {
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        return ServedModel.start(
                launcher("echo '{\"url\":\"" + url + "\"}'; exec sleep 60"), folder.resolve("model.gguf"));
    }

    @Test
    void clientsAskAtTheSameTimeWithPromptsOfTheirOwnAndAllTheirTokensCount() throws Exception {
        together = new CyclicBarrier(4);
        try (ServedModel served = served()) {
            long start = System.nanoTime();

            double speed = served.generate(4, 20, 100);

            // 400 tokens in at most the time that has passed.
            assertThat(speed).isGreaterThan(400e9 / (System.nanoTime() - start));
        }
        assertThat(prompts).hasSize(4).doesNotHaveDuplicates();
        assertThat(prompts).allSatisfy(prompt -> assertThat(words(prompt)).isEqualTo(20));
    }

    @Test
    void theSecondTurnGoesOnFromTheFirstAndItsReply() throws Exception {
        try (ServedModel served = served()) {
            ServedModel.Turns turns = served.turns(50);

            assertThat(words(prompts.get(0))).isEqualTo(50);
            assertThat(prompts.get(1)).startsWith(prompts.get(0) + REPLY + " ");
            assertThat(turns.tokens()).isEqualTo(50 + 3 + 24);
            assertThat(turns.first()).isPositive();
            assertThat(turns.second()).isPositive();
        }
    }

    @Test
    void aServerThatDoesNotComeUpIsSaid() throws IOException {
        Path launcher = launcher("exit 1");

        assertThatThrownBy(() -> ServedModel.start(launcher, folder.resolve("model.gguf")))
                .isInstanceOf(BenchException.class)
                .hasMessage("the server did not start");
    }
}
