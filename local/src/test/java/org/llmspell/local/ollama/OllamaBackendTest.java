package org.llmspell.local.ollama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.OutputFormat;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.config.OllamaConfig;
import org.llmspell.local.json.JsonText;
import org.llmspell.testing.FakeOllama;
import org.llmspell.testing.FakeOllama.Mood;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class OllamaBackendTest {
    private static final String LLAMA = "llama3.1:8b";

    private final FakeOllama server = new FakeOllama().with(LLAMA, 4_920_753_328L);
    private final OllamaBackend ollama = backend(server.url(), Duration.ofMinutes(1));

    @AfterEach
    void close() {
        ollama.close();
        server.close();
    }

    private static OllamaBackend backend(String url, Duration idle) {
        return new OllamaBackend(
                new OllamaConfig(true, URI.create(url), Duration.ofSeconds(20), idle, Duration.ofSeconds(10)));
    }

    private static ChatRequest request(SamplingOptions sampling, boolean raw) {
        return request(sampling, raw, null);
    }

    private static ChatRequest request(SamplingOptions sampling, boolean raw, OutputFormat format) {
        return new ChatRequest(
                ModelSpec.parse("local/llama3.1:8b@ollama"),
                List.of(ChatMessage.system("Be brief."), ChatMessage.user("Hallo 🦙")),
                sampling,
                raw,
                8192,
                Duration.ofMinutes(2),
                format);
    }

    private static ChatRequest request() {
        return request(SamplingOptions.DEFAULTS, false);
    }

    private static LocalModelException failure(ChatStream stream) {
        return catchThrowableOfType(LocalModelException.class, () -> drain(stream));
    }

    private static String drain(ChatStream stream) {
        StringBuilder text = new StringBuilder();
        for (ChatChunk chunk = stream.next(); chunk != null; chunk = stream.next()) {
            text.append(chunk.text());
        }
        return text.toString();
    }

    @Test
    void streamsAReplyAndReportsItsCost() {
        try (ChatStream stream = ollama.chat(request())) {
            List<String> pieces = new ArrayList<>();
            for (ChatChunk chunk = stream.next(); chunk != null; chunk = stream.next()) {
                pieces.add(chunk.text());
            }
            assertThat(pieces).containsExactly("You", " said: ", "Hallo 🦙", " 🦙");
            ChatResult result = stream.result();
            assertThat(result.text()).isEqualTo("You said: Hallo 🦙 🦙");
            assertThat(result.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(result.promptTokens()).isEqualTo(11);
            assertThat(result.generatedTokens()).isEqualTo(4);
            assertThat(result.loadTime()).isEqualTo(Duration.ofMillis(1));
        }
    }

    @Test
    void sendsEveryOptionUnderOllamasName() {
        SamplingOptions sampling = new SamplingOptions(
                0.25, 7, 0.5, 0.05, 0.9, 1.3, 32, 0.1, 0.2, OptionalLong.of(42), List.of("END"), 99, 2, Map.of());
        try (ChatStream stream = ollama.chat(request(sampling, false))) {
            drain(stream);
        }
        JsonNode body = server.bodies("/api/chat").getFirst();
        assertThat(body.path("model").asString()).isEqualTo(LLAMA);
        assertThat(body.path("keep_alive").asInt()).isEqualTo(120);
        assertThat(body.path("logprobs").asBoolean()).isTrue();
        assertThat(body.path("top_logprobs").asInt()).isEqualTo(2);
        assertThat(body.path("messages").get(0).path("role").asString()).isEqualTo("system");
        assertThat(body.path("options").toString())
                .isEqualTo("{\"temperature\":0.25,\"top_k\":7,\"top_p\":0.5,\"min_p\":0.05,\"typical_p\":0.9,"
                        + "\"repeat_penalty\":1.3,\"repeat_last_n\":32,\"presence_penalty\":0.1,\"frequency_penalty\":0.2,"
                        + "\"num_predict\":99,\"seed\":42,\"stop\":[\"END\"],\"num_ctx\":8192}");
    }

    @Test
    void rawTextGoesToGenerateWithoutATemplate() {
        try (ChatStream stream = ollama.chat(request(SamplingOptions.DEFAULTS, true))) {
            assertThat(drain(stream)).isEqualTo("You said: Be brief.\n\nHallo 🦙 🦙");
        }
        assertThat(server.bodies("/api/generate").getFirst().path("raw").asBoolean())
                .isTrue();
    }

    @Test
    void logprobsArriveWithTheirAlternatives() {
        SamplingOptions d = SamplingOptions.DEFAULTS;
        SamplingOptions sampling = new SamplingOptions(
                d.temperature(), d.topK(), d.topP(), 0, 1, 1, 0, 0, 0, d.seed(), List.of(), 9, 1, Map.of());
        try (ChatStream stream = ollama.chat(request(sampling, false))) {
            ChatChunk first = stream.next();
            assertThat(first.logprobs()).hasSize(1);
            assertThat(first.logprobs().getFirst().logprob()).isEqualTo(-0.5);
            assertThat(first.logprobs().getFirst().alternatives()).hasSize(1);
        }
    }

    @Test
    void aLogitBiasIsRefusedRatherThanDropped() {
        SamplingOptions d = SamplingOptions.DEFAULTS;
        SamplingOptions sampling =
                new SamplingOptions(1, 0, 1, 0, 1, 1, 0, 0, 0, d.seed(), List.of(), 9, -1, Map.of(5, 1.0));
        assertThatThrownBy(() -> ollama.chat(request(sampling, false)))
                .isInstanceOf(LocalModelException.class)
                .hasMessageContaining("logit_bias");
    }

    @Test
    void aFormatIsPassedOnAsItIs() {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", Map.of("n", Map.of("type", List.of("integer", "null"), "multipleOf", 2)));
        List<OutputFormat> formats = List.of(new OutputFormat.Json(), new OutputFormat.Schema(schema));
        for (OutputFormat format : formats) {
            try (ChatStream stream = ollama.chat(request(SamplingOptions.DEFAULTS, false, format))) {
                drain(stream);
            }
        }
        try (ChatStream stream = ollama.chat(request(SamplingOptions.DEFAULTS, true, new OutputFormat.Json()))) {
            drain(stream);
        }
        assertThat(server.bodies("/api/chat").get(0).path("format").asString()).isEqualTo("json");
        assertThat(server.bodies("/api/chat").get(1).path("format").toString())
                .isEqualTo("{\"type\":\"object\",\"properties\":" + JsonText.compact(schema.get("properties")) + "}");
        assertThat(server.bodies("/api/generate").get(0).path("format").asString())
                .isEqualTo("json");
    }

    @Test
    void aGrammarIsRefusedRatherThanDropped() {
        OutputFormat grammar = new OutputFormat.Gbnf("root ::= \"yes\" | \"no\"");
        assertThatThrownBy(() -> ollama.chat(request(SamplingOptions.DEFAULTS, false, grammar)))
                .isInstanceOf(LocalModelException.class)
                .hasMessage("Ollama has no option 'grammar'");
    }

    @Test
    void aSlowServerIsWaitedFor() {
        server.play(Mood.SLOW);
        try (ChatStream stream = ollama.chat(request())) {
            assertThat(drain(stream)).isEqualTo("You said: Hallo 🦙 🦙");
        }
    }

    @Test
    void aStalledReplyEndsAfterTheIdleTimeout() {
        server.play(Mood.STALLS);
        try (OllamaBackend impatient = backend(server.url(), Duration.ofMillis(300));
                ChatStream stream = impatient.chat(request())) {
            LocalModelException failure = failure(stream);
            assertThat(failure.getMessage()).contains("has sent nothing for");
            assertThat(failure.solutions()).anyMatch(solution -> solution.contains("idle_timeout"));
        }
    }

    @Test
    void aReplyThatBreaksOffIsAnErrorAndNotAShortReply() {
        server.play(Mood.BREAKS_OFF);
        try (ChatStream stream = ollama.chat(request())) {
            LocalModelException failure = failure(stream);
            assertThat(failure.kind()).isEqualTo(Kind.BACKEND_UNAVAILABLE);
            assertThat(failure.detail()).contains("before its answer was complete");
            assertThatThrownBy(stream::result).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void anErrorLineKeepsTheServersWords() {
        server.play(Mood.FAILS_MIDWAY);
        try (ChatStream stream = ollama.chat(request())) {
            assertThat(failure(stream).getMessage())
                    .isEqualTo("an error was encountered while running the model: CUDA error");
        }
    }

    @Test
    void aBusyServerSaysSo() {
        server.play(Mood.BUSY);
        try (ChatStream stream = ollama.chat(request())) {
            LocalModelException failure = failure(stream);
            assertThat(failure.getMessage())
                    .isEqualTo("server busy, please try again.  maximum pending requests exceeded");
            assertThat(failure.solutions()).isNotEmpty();
        }
    }

    @Test
    void malformedJsonIsNamed() {
        server.play(Mood.MALFORMED);
        try (ChatStream stream = ollama.chat(request())) {
            LocalModelException failure = failure(stream);
            assertThat(failure.getMessage()).isEqualTo("Unexpected answer from the Ollama server");
            assertThat(failure.detail()).contains("JSON is malformed");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Mood.class,
            names = {"HONEST", "OLD"})
    void anOldServersMissingFieldsAreAbsentNotGuessed(Mood mood) {
        server.play(mood);
        ModelInfo info = ollama.info(ModelSpec.parse("llama3.1:8b@ollama"));
        ModelEntry entry = ollama.list().getFirst();
        boolean old = mood == Mood.OLD;
        assertThat(info.id()).isEqualTo(LLAMA);
        assertThat(info.sizeBytes()).isEqualTo(4_920_753_328L);
        assertThat(info.format()).isEqualTo(old ? null : "GGUF");
        assertThat(info.architecture()).isEqualTo(old ? null : "llama");
        assertThat(info.parameterCount()).isEqualTo(old ? null : (Long) 8_030_261_248L);
        assertThat(info.contextLength()).isEqualTo(old ? null : (Integer) 131_072);
        assertThat(entry.quantization()).isEqualTo(old ? null : "Q4_K_M");
        assertThat(entry.modifiedAt().toString()).startsWith("2026-08-0");
        try (ChatStream stream = ollama.chat(request())) {
            assertThat(drain(stream)).isEqualTo("You said: Hallo 🦙 🦙");
            assertThat(stream.result().generatedTokens()).isEqualTo(old ? 0 : 4);
        }
    }

    @Test
    void anUnknownModelSaysHowToPullIt() {
        ChatRequest request = new ChatRequest(
                ModelSpec.parse("nope:1b@ollama"),
                List.of(ChatMessage.user("hi")),
                SamplingOptions.DEFAULTS,
                false,
                null,
                null,
                null);
        try (ChatStream stream = ollama.chat(request)) {
            LocalModelException failure = failure(stream);
            assertThat(failure.kind()).isEqualTo(Kind.MODEL_NOT_FOUND);
            assertThat(failure.getMessage()).isEqualTo("model 'nope:1b' not found");
            assertThat(failure.solutions()).anyMatch(s -> s.contains("llmspell model pull nope:1b@ollama"));
        }
        assertThatThrownBy(() -> ollama.info(ModelSpec.parse("nope:1b@ollama")))
                .hasMessage("model 'nope:1b' not found");
        assertThatThrownBy(() -> ollama.remove(ModelSpec.parse("nope:1b@ollama")))
                .hasMessage("model 'nope:1b' not found");
    }

    @Test
    @SuppressWarnings("try") // closing twice, once from outside the reader, is what is tested
    void closingAReplyFromAnotherThreadLeavesNothingRunningOnTheServer() throws Exception {
        server.play(Mood.ENDLESS);
        AtomicReference<LocalModelException> failure = new AtomicReference<>();
        try (ChatStream stream = ollama.chat(request())) {
            assertThat(stream.next()).isNotNull();
            assertThat(server.running()).isEqualTo(1);
            Thread reader = Thread.ofPlatform().start(() -> failure.set(failure(stream)));
            Thread.sleep(100);
            stream.close();
            reader.join(10_000);
            assertThat(reader.isAlive()).isFalse();
        }
        assertThat(server.becomesIdle()).isTrue();
        assertThat(failure.get().kind()).isEqualTo(Kind.CANCELLED);
    }

    @Test
    void interruptingTheReaderDropsTheConnection() throws Exception {
        server.play(Mood.ENDLESS);
        ChatStream stream = ollama.chat(request());
        AtomicReference<LocalModelException> failure = new AtomicReference<>();
        Thread reader = Thread.ofPlatform().start(() -> failure.set(failure(stream)));
        Thread.sleep(200);
        reader.interrupt();
        reader.join(10_000);
        assertThat(server.becomesIdle()).isTrue();
        assertThat(failure.get().kind()).isEqualTo(Kind.CANCELLED);
    }

    @Test
    void pullAddsUpItsLayers() {
        List<PullProgress> seen = new ArrayList<>();
        PullResult result = ollama.pull(ModelSpec.parse("mistral:7b@ollama"), new PullOptions(false), seen::add);
        assertThat(result).isEqualTo(new PullResult("mistral:7b", "success", 1024));
        assertThat(seen).extracting(PullProgress::status).startsWith("pulling manifest", "downloading");
        assertThat(seen.getLast()).isEqualTo(new PullProgress("success", 100, 1024, 1024));
        assertThat(seen).allMatch(p -> p.percentComplete() >= 0 && p.percentComplete() <= 100);
        assertThat(ollama.list()).extracting(ModelEntry::id).contains("mistral:7b");
    }

    @Test
    void aFailedPullKeepsTheServersWordsUnderTheKnownHeading() {
        LocalModelException failure = catchThrowableOfType(
                LocalModelException.class,
                () -> ollama.pull(ModelSpec.parse("no-such:1b@ollama"), new PullOptions(false), p -> {}));
        assertThat(failure.getMessage()).isEqualTo("Failed to download model");
        assertThat(failure.detail()).contains("pull model manifest: file does not exist");
        assertThat(failure.solutions()).anyMatch(s -> s.contains("ollama pull no-such:1b"));
    }

    @Test
    void aPullThatBreaksOffHasFailed() {
        server.play(Mood.BREAKS_OFF);
        assertThatThrownBy(() -> ollama.pull(ModelSpec.parse("mistral:7b@ollama"), new PullOptions(false), p -> {}))
                .isInstanceOf(LocalModelException.class);
    }

    @Test
    void removeDeletesOnTheServer() {
        ollama.remove(ModelSpec.parse("llama3.1:8b@ollama"));
        assertThat(server.models()).isEmpty();
    }

    @Test
    void embedsInOrder() {
        assertThat(ollama.embed(ModelSpec.parse("llama3.1:8b@ollama"), List.of("a", "b")))
                .containsExactly(new float[] {0.6f, 0.8f}, new float[] {0.6f, 0.8f});
    }

    @Test
    void statusCountsModelsAndNamesTheVersion() {
        assertThat(ollama.status().available()).isTrue();
        assertThat(ollama.status().models()).isEqualTo(1);
        assertThat(ollama.status().version()).isEqualTo("0.33.0");
    }

    @Test
    void nobodyThereIsTheGuidesErrorAndAStatusNotAnException() throws Exception {
        int port;
        try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = unused.getLocalPort();
        }
        try (OllamaBackend nobody = backend("http://127.0.0.1:" + port, Duration.ofSeconds(5))) {
            LocalModelException failure = catchThrowableOfType(LocalModelException.class, nobody::list);
            assertThat(failure.render())
                    .startsWith("Failed to connect to Ollama server\nhttp://127.0.0.1:" + port)
                    .contains("1. Ensure Ollama is running: `ollama serve`")
                    .contains("3. Verify Ollama installed: `ollama --version`");
            assertThat(nobody.status().available()).isFalse();
            assertThat(nobody.status().error()).startsWith("Failed to connect to Ollama server");
            assertThat(nobody.isReachable()).isFalse();
            try (ChatStream stream = nobody.chat(request())) {
                assertThat(failure(stream).getMessage()).isEqualTo("Failed to connect to Ollama server");
            }
        }
    }

    @Test
    void aServerThatNeverAnswersDoesNotHoldUpTheProbe() throws Exception {
        try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                OllamaBackend waiting = new OllamaBackend(new OllamaConfig(
                        true,
                        URI.create("http://127.0.0.1:" + mute.getLocalPort()),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(30),
                        Duration.ofMillis(200)))) {
            assertThat(waiting.isReachable()).isFalse();
        }
    }

    @Test
    void anotherProgramOnThePortIsNotTakenForOllama() {
        server.play(Mood.IMPOSTOR);
        assertThatThrownBy(ollama::list).hasMessage("Unexpected answer from the Ollama server");
        assertThat(ollama.status().available()).isFalse();
        assertThat(ollama.isReachable()).isFalse();
    }

    @Test
    void theProbeTellsWhetherTheModelIsThere() {
        assertThat(ollama.has(ModelSpec.parse("llama3.1:8b"))).isTrue();
        assertThat(ollama.has(ModelSpec.parse("tinyllama:Q4_K_M"))).isFalse();
    }
}
