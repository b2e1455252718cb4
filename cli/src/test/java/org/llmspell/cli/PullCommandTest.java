package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.local.json.JsonText;
import org.llmspell.testing.FakeFiles;
import org.llmspell.testing.FakeFiles.Fault;
import org.llmspell.testing.FakeOllama;

/** {@code model pull} over the network, from servers in this process. */
@Timeout(120)
class PullCommandTest {
    private static final String FILE = "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf";
    private static final String BYTES = FakeHub.path(FakeHub.TINYLLAMA, FILE);

    private final FakeHub hub = new FakeHub();
    private final FakeOllama ollama = new FakeOllama();

    @TempDir
    Path home;

    private byte[] model = {};

    @BeforeEach
    void serve() throws IOException {
        model = FakeHub.model(home, 8);
        hub.with(FakeHub.TINYLLAMA, "main", FILE, model).with(FakeHub.TINYLLAMA, "v1.0", FILE, model);
    }

    @AfterEach
    void close() {
        hub.close();
        ollama.close();
    }

    private Shell shell() {
        return new Shell(home)
                .with("HF_ENDPOINT", hub.url())
                .with("LLMSPELL_OLLAMA_REGISTRY", hub.files.url("/registry").toString())
                .with("OLLAMA_HOST", ollama.url());
    }

    private Shell.Outcome pull(String... more) {
        String[] args = new String[2 + more.length];
        args[0] = "model";
        args[1] = "pull";
        System.arraycopy(more, 0, args, 2, more.length);
        return shell().run(args);
    }

    private Path file() {
        return home.resolve(".llmspell/models/candle/tinyllama/Q4_K_M").resolve(FILE);
    }

    private long fetches() {
        return hub.files.requests().stream()
                .filter(request -> request.path().equals(BYTES))
                .count();
    }

    @Test
    void aModelArrivesWhole() throws IOException {
        Shell.Outcome outcome = pull("tinyllama:Q4_K_M@candle");

        assertThat(outcome.err().lines())
                .startsWith("pulling manifest")
                .anyMatch(line -> line.startsWith("downloading 100%, 8.0 MB of 8.0 MB"))
                .anyMatch(line -> line.startsWith("verifying"));
        assertThat(outcome.out()).isEqualTo("tinyllama:Q4_K_M is installed (8.0 MB)\n");
        assertThat(Files.readAllBytes(file())).isEqualTo(model);
    }

    @Test
    void whatIsThereIsFetchedAgainOnlyByForce() {
        pull("tinyllama:Q4_K_M@candle");
        long once = fetches();

        assertThat(pull("tinyllama:Q4_K_M@candle").out()).isEqualTo("tinyllama:Q4_K_M is there already\n");
        assertThat(fetches()).isEqualTo(once);

        assertThat(pull("tinyllama:Q4_K_M@candle", "--force").code()).isZero();
        assertThat(fetches()).isGreaterThan(once);
    }

    @Test
    void aRevisionIsAskedForByItsName() {
        assertThat(pull("tinyllama:Q4_K_M@candle", "--revision", "v1.0").code()).isZero();

        assertThat(hub.files.requests())
                .extracting(FakeFiles.Request::path)
                .anyMatch(path -> path.endsWith("/revision/v1.0"))
                .noneMatch(path -> path.endsWith("/revision/main"));
        assertThat(pull("tinyllama:Q8_0@candle", "--revision", "nope").err().lines())
                .contains("Error: Failed to download model");
    }

    @Test
    void jsonIsAnObjectALineWithTheResultLast() {
        List<Map<String, ?>> lines = pull("tinyllama:Q4_K_M@candle", "--output", "json")
                .out()
                .lines()
                .<Map<String, ?>>map(JsonText::parseObject)
                .toList();

        assertThat(lines).hasSizeGreaterThan(3);
        assertThat(lines.subList(0, lines.size() - 1))
                .allSatisfy(line -> assertThat(List.<Object>copyOf(line.keySet()))
                        .containsExactly("status", "percent_complete", "bytes_downloaded", "bytes_total"));
        assertThat(lines.getLast())
                .isEqualTo(JsonText.parseObject("{\"model_id\":\"tinyllama:Q4_K_M\",\"status\":\"success\","
                        + "\"percent_complete\":100.0,\"bytes_downloaded\":" + model.length + ",\"bytes_total\":"
                        + model.length + ",\"error\":null}"));
    }

    @Test
    void ollamaPullsAndReportsTheSameFields() {
        List<Map<String, ?>> lines = pull("llama3.1:8b@ollama", "--output", "json")
                .out()
                .lines()
                .<Map<String, ?>>map(JsonText::parseObject)
                .toList();

        assertThat(ollama.models()).containsExactly("llama3.1:8b");
        assertThat(lines).anySatisfy(line -> {
            assertThat(line.get("status")).isEqualTo("downloading");
            assertThat(((Number) Objects.requireNonNull(line.get("bytes_total"))).longValue())
                    .isEqualTo(1000);
        });
        assertThat(lines.getLast().get("model_id")).isEqualTo("llama3.1:8b");
        assertThat(pull("llama3.1:8b@ollama").out()).isEqualTo("llama3.1:8b is installed (1.0 KB)\n");
    }

    /** Presses Ctrl-C as soon as {@code ready}. */
    private static Thread pressing(Cancellation keyboard, java.util.function.BooleanSupplier ready) {
        return Thread.ofVirtual().start(() -> {
            try {
                while (!ready.getAsBoolean()) {
                    Thread.sleep(5);
                }
                keyboard.cancel();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    @Test
    void ctrlCSaysThatTheNextPullGoesOnAndItDoes() throws IOException {
        // The second range is silent, so that the download cannot end by itself.
        hub.files.next(BYTES, new Fault.StallAfter(6 << 20));

        Shell.Outcome stopped = shell().watchedBy(keyboard -> pressing(keyboard, this::threeUnitsAreMarked))
                .run("model", "pull", "tinyllama:Q4_K_M@candle");

        assertThat(stopped.code()).isEqualTo(130);
        assertThat(stopped.err())
                .endsWith("The download of tinyllama:Q4_K_M was cancelled\n"
                        + "Go on where it stopped: `llmspell model pull tinyllama:Q4_K_M@candle`\n")
                .doesNotContain("Error");
        assertThat(stopped.out()).isEmpty();
        assertThat(file()).doesNotExist();

        long before = fetches();
        assertThat(pull("tinyllama:Q4_K_M@candle").code()).isZero();
        assertThat(Files.readAllBytes(file())).isEqualTo(model);
        assertThat(hub.files.requests().stream()
                        .filter(request -> request.path().equals(BYTES))
                        .skip(before)
                        .map(FakeFiles.Request::range))
                .isNotEmpty()
                .noneMatch(range -> range == null || range.startsWith("bytes=0-"));
    }

    /** Whether three mebibytes of the file have arrived for good: the state holds a bit for each, after 40 bytes. */
    private boolean threeUnitsAreMarked() {
        Path staging = home.resolve(".llmspell/models/candle/.staging");
        if (!Files.isDirectory(staging)) {
            return false;
        }
        try (var files = Files.walk(staging)) {
            Path state = files.filter(file -> file.toString().endsWith(".part.state"))
                    .findFirst()
                    .orElse(null);
            byte[] bytes = state == null ? new byte[0] : Files.readAllBytes(state);
            return bytes.length > 40 && (bytes[40] & 7) == 7;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void ctrlCDuringAnOllamaPullLeavesNoRequestOnTheServer() throws InterruptedException {
        ollama.play(FakeOllama.Mood.ENDLESS);

        Shell.Outcome stopped = shell().watchedBy(keyboard -> pressing(keyboard, () -> ollama.running() > 0))
                .run("model", "pull", "llama3.1:8b@ollama");

        assertThat(stopped.code()).isEqualTo(130);
        assertThat(stopped.err()).endsWith("Go on where it stopped: `llmspell model pull llama3.1:8b@ollama`\n");
        assertThat(ollama.becomesIdle()).isTrue();
    }

    @Test
    void aPullThatFailsSaysSoAsTheGuideDoes() {
        Shell.Outcome candle = pull("no-such-model:Q4_K_M@candle");
        assertThat(candle.err().lines()).contains("Error: Failed to download model");
        assertThat(candle.err()).contains("Verify model name correct", "llmspell model import FILE.gguf");
        assertThat(candle.code()).isEqualTo(1);

        Shell.Outcome server = pull("no-such-model:8b@ollama");
        assertThat(server.err().lines()).contains("Error: Failed to download model");
        assertThat(server.err()).contains("file does not exist", "`ollama pull no-such-model:8b`");
        assertThat(server.code()).isEqualTo(1);
    }
}
