package org.llmspell.local.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.Thinking;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.OutputFormat;
import org.llmspell.local.PullOptions;
import org.llmspell.local.config.OpenAiConfig;
import org.llmspell.testing.FakeOpenAi;
import org.llmspell.testing.FakeOpenAi.Mood;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class OpenAiBackendTest {
    private static final String QWEN = "Qwen/Qwen3-8B";
    private static final String CHAT = "/v1/chat/completions";
    private static final SamplingOptions SAMPLING = new SamplingOptions(
            0.5, 30, 0.8, 0.1, 0.9, 1.2, 32, 0.25, -0.25, OptionalLong.of(7), List.of("END"), 99, 2, Map.of(5, -1.5));

    private final FakeOpenAi one = new FakeOpenAi("one", QWEN);
    private final FakeOpenAi two = new FakeOpenAi("two", QWEN);
    private final List<OpenAiBackend> backends = new ArrayList<>();

    @AfterEach
    void close() {
        backends.forEach(OpenAiBackend::close);
        one.close();
        two.close();
    }

    private OpenAiBackend backend(
            List<String> urls, @Nullable String key, Duration idle, boolean extensions, Map<String, String> models) {
        OpenAiBackend backend = new OpenAiBackend(new OpenAiConfig(
                "cluster",
                true,
                urls.stream().map(URI::create).toList(),
                key,
                Duration.ofSeconds(20),
                idle,
                Duration.ofSeconds(10),
                Duration.ofMillis(20),
                extensions,
                models));
        backends.add(backend);
        return backend;
    }

    private OpenAiBackend backend(String... urls) {
        return backend(List.of(urls), null, Duration.ofMinutes(1), true, Map.of());
    }

    private static ChatRequest request(String model, SamplingOptions sampling, boolean raw, OutputFormat format) {
        return new ChatRequest(
                ModelSpec.parse(model),
                List.of(ChatMessage.system("Be brief."), ChatMessage.user("Hallo 🦙")),
                sampling,
                raw,
                null,
                null,
                format);
    }

    private static ChatRequest request() {
        return request(QWEN + "@cluster", SamplingOptions.DEFAULTS, false, null);
    }

    private static String read(ChatStream stream) {
        StringBuilder text = new StringBuilder();
        for (ChatChunk chunk = stream.next(); chunk != null; chunk = stream.next()) {
            text.append(chunk.text());
        }
        assertThat(stream.result().text()).isEqualTo(text.toString());
        return text.toString();
    }

    private static String chat(OpenAiBackend backend) {
        try (ChatStream stream = backend.chat(request())) {
            return read(stream);
        }
    }

    private static LocalModelException failed(OpenAiBackend backend) {
        return catchThrowableOfType(LocalModelException.class, () -> chat(backend));
    }

    @Test
    void streamsAReplyWithWhatItCost() {
        try (ChatStream stream = backend(one.url()).chat(request())) {
            assertThat(stream.next()).isEqualTo(new ChatChunk("one", List.of()));
            assertThat(stream.generatedTokens()).isEqualTo(1);
            assertThat(read(stream, "one")).isEqualTo("one heard: Hallo 🦙 🦙");
            ChatResult result = stream.result();
            assertThat(result.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(result.promptTokens()).isEqualTo(11);
            assertThat(result.cachedTokens()).isEqualTo(3);
            assertThat(result.generatedTokens()).isEqualTo(4);
            assertThat(result.timeToFirstToken()).isPositive().isLessThanOrEqualTo(result.totalTime());
        }
    }

    private static String read(ChatStream stream, String before) {
        StringBuilder text = new StringBuilder(before);
        for (ChatChunk chunk = stream.next(); chunk != null; chunk = stream.next()) {
            text.append(chunk.text());
        }
        return text.toString();
    }

    @Test
    void sendsEveryOptionUnderItsName() {
        try (ChatStream stream =
                backend(one.url()).chat(request(QWEN + "@cluster", SAMPLING, false, new OutputFormat.Json()))) {
            read(stream);
        }
        JsonNode body = one.requests(CHAT).getFirst().body();
        assertThat(body.propertyNames())
                .containsExactlyInAnyOrder(
                        "model",
                        "messages",
                        "temperature",
                        "top_p",
                        "presence_penalty",
                        "frequency_penalty",
                        "max_tokens",
                        "seed",
                        "stop",
                        "logit_bias",
                        "logprobs",
                        "top_logprobs",
                        "top_k",
                        "min_p",
                        "typical_p",
                        "repetition_penalty",
                        "repeat_penalty",
                        "repeat_last_n",
                        "response_format",
                        "stream",
                        "stream_options");
        assertThat(body.get("model").asString()).isEqualTo(QWEN);
        assertThat(body.get("messages").toString())
                .isEqualTo(
                        "[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Hallo 🦙\"}]");
        assertThat(body.get("temperature").asDouble()).isEqualTo(0.5);
        assertThat(body.get("top_p").asDouble()).isEqualTo(0.8);
        assertThat(body.get("top_k").asInt()).isEqualTo(30);
        assertThat(body.get("min_p").asDouble()).isEqualTo(0.1);
        assertThat(body.get("typical_p").asDouble()).isEqualTo(0.9);
        assertThat(body.get("repetition_penalty").asDouble()).isEqualTo(1.2);
        assertThat(body.get("presence_penalty").asDouble()).isEqualTo(0.25);
        assertThat(body.get("frequency_penalty").asDouble()).isEqualTo(-0.25);
        assertThat(body.get("seed").asLong()).isEqualTo(7);
        assertThat(body.get("max_tokens").asInt()).isEqualTo(99);
        assertThat(body.at("/stop/0").asString()).isEqualTo("END");
        assertThat(body.at("/logit_bias/5").asDouble()).isEqualTo(-1.5);
        assertThat(body.get("logprobs").asBoolean()).isTrue();
        assertThat(body.get("top_logprobs").asInt()).isEqualTo(2);
        assertThat(body.at("/response_format/type").asString()).isEqualTo("json_object");
        assertThat(body.at("/stream_options/include_usage").asBoolean()).isTrue();
    }

    @Test
    void sendsAStrictServerNothingThatOpenAiDoesNotHave() {
        OpenAiBackend strict = backend(List.of(one.url()), null, Duration.ofMinutes(1), false, Map.of());
        try (ChatStream stream = strict.chat(request(QWEN, SAMPLING, false, null))) {
            read(stream);
        }
        assertThat(one.requests(CHAT).getFirst().body().propertyNames())
                .contains("temperature", "max_completion_tokens")
                .doesNotContain(
                        "max_tokens",
                        "top_k",
                        "min_p",
                        "typical_p",
                        "repetition_penalty",
                        "repeat_penalty",
                        "repeat_last_n",
                        "chat_template_kwargs");
    }

    @Test
    void sendsASchemaAndRefusesAGrammar() {
        OpenAiBackend backend = backend(one.url());
        Map<String, @Nullable Object> schema = Map.of("type", "object");
        try (ChatStream stream =
                backend.chat(request(QWEN, SamplingOptions.DEFAULTS, false, new OutputFormat.Schema(schema)))) {
            read(stream);
        }
        JsonNode format = one.requests(CHAT).getFirst().body().get("response_format");
        assertThat(format.get("type").asString()).isEqualTo("json_schema");
        assertThat(format.at("/json_schema/schema/type").asString()).isEqualTo("object");
        assertThatThrownBy(() -> backend.chat(
                        request(QWEN, SamplingOptions.DEFAULTS, false, new OutputFormat.Gbnf("root ::= \"x\""))))
                .isInstanceOfSatisfying(
                        LocalModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNSUPPORTED));
    }

    @Test
    void givesRawTextToTheModelAsItIs() {
        try (ChatStream stream = backend(one.url()).chat(request(QWEN, SAMPLING, true, null))) {
            List<ChatChunk> chunks = new ArrayList<>();
            for (ChatChunk chunk = stream.next(); chunk != null; chunk = stream.next()) {
                chunks.add(chunk);
            }
            assertThat(stream.result().text()).isEqualTo("one heard: Be brief.\n\nHallo 🦙 🦙");
            assertThat(chunks.getFirst().logprobs())
                    .containsExactly(new ChatChunk.TokenLogprob(
                            "one", -1, -0.5, List.of(new ChatChunk.TokenLogprob("one", -1, -0.5, List.of()))));
        }
        JsonNode body = one.requests("/v1/completions").getFirst().body();
        assertThat(body.get("prompt").asString()).isEqualTo("Be brief.\n\nHallo 🦙");
        assertThat(body.get("logprobs").asInt()).isEqualTo(2);
    }

    @Test
    void readsLogprobsOfAChat() {
        try (ChatStream stream = backend(one.url()).chat(request(QWEN, SAMPLING, false, null))) {
            ChatChunk first = stream.next();
            assertThat(first).isNotNull();
            assertThat(first.logprobs())
                    .containsExactly(new ChatChunk.TokenLogprob(
                            "one", -1, -0.5, List.of(new ChatChunk.TokenLogprob("one", -1, -0.5, List.of()))));
        }
    }

    @Test
    void callsComeInPiecesAndAreGivenWhole() {
        ToolDefinition weather = new ToolDefinition("weather", "Tells it", ToolDefinition.NO_PARAMETERS);
        OpenAiBackend backend = backend(one.url());
        List<ToolCall> calls;
        try (ChatStream stream = backend.chat(withTools(List.of(ChatMessage.user("Paris?")), weather))) {
            ChatChunk chunk = stream.next();
            assertThat(chunk).isNotNull();
            calls = chunk.toolCalls();
            assertThat(stream.next()).isNull();
            assertThat(stream.result().toolCalls()).isEqualTo(calls);
        }
        assertThat(calls)
                .containsExactly(
                        new ToolCall("call_1", "weather", Map.of("city", "Paris")),
                        new ToolCall("call_2", "weather", Map.of()));

        List<ChatMessage> messages = List.of(
                ChatMessage.user("Paris?"),
                ChatMessage.assistant("", "", calls),
                ChatMessage.toolResult(calls.getFirst(), "sunny"));
        try (ChatStream stream = backend.chat(withTools(messages, weather))) {
            assertThat(read(stream)).isEqualTo("one heard: sunny 🦙");
        }
        JsonNode sent = one.requests(CHAT).getLast().body().get("messages");
        assertThat(sent.at("/1/tool_calls/0/function/arguments").asString()).isEqualTo("{\"city\":\"Paris\"}");
        assertThat(sent.at("/2/tool_call_id").asString()).isEqualTo("call_1");
        assertThat(one.requests(CHAT)
                        .getLast()
                        .body()
                        .at("/tools/0/function/name")
                        .asString())
                .isEqualTo("weather");
    }

    private static ChatRequest withTools(List<ChatMessage> messages, ToolDefinition tool) {
        return new ChatRequest(
                ModelSpec.parse(QWEN),
                messages,
                List.of(tool),
                Thinking.DEFAULT,
                SamplingOptions.DEFAULTS,
                false,
                null,
                null,
                null);
    }

    @Test
    void thinkingIsAskedForAndKeptApart() {
        ChatRequest request = new ChatRequest(
                ModelSpec.parse(QWEN),
                List.of(ChatMessage.user("Hm?")),
                List.of(),
                Thinking.HIGH,
                SamplingOptions.DEFAULTS,
                false,
                null,
                null,
                null);
        try (ChatStream stream = backend(one.url()).chat(request)) {
            ChatChunk thought = stream.next();
            assertThat(thought).isNotNull();
            assertThat(thought.thinking()).isEqualTo("Let me think.");
            assertThat(read(stream)).doesNotContain("think");
            assertThat(stream.result().thinking()).isEqualTo("Let me think.");
        }
        JsonNode body = one.requests(CHAT).getFirst().body();
        assertThat(body.get("reasoning_effort").asString()).isEqualTo("high");
        assertThat(body.at("/chat_template_kwargs/enable_thinking").asBoolean()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "Qwen/Qwen3-8B, Qwen/Qwen3-8B",
        "qwen/qwen3-8b, Qwen/Qwen3-8B",
        "qwen3-8b, Qwen/Qwen3-8B",
        "hf.co/Qwen/Qwen3-8B, Qwen/Qwen3-8B",
        "llama3.1:8b, Qwen/Qwen3-8B",
        "other, other"
    })
    void aSpecificationFindsTheServersModel(String named, String asked) {
        OpenAiBackend backend =
                backend(List.of(one.url()), null, Duration.ofMinutes(1), true, Map.of("llama3.1:8b", QWEN));
        ModelSpec spec = ModelSpec.parse("local/" + named + "@cluster");
        boolean offered = asked.equals(QWEN);
        assertThat(backend.has(spec)).isEqualTo(offered);
        ChatRequest request = request(named, SamplingOptions.DEFAULTS, false, null);
        if (offered) {
            try (ChatStream stream = backend.chat(request)) {
                read(stream);
            }
        } else {
            assertThatThrownBy(() -> read(backend.chat(request)))
                    .isInstanceOfSatisfying(LocalModelException.class, e -> {
                        assertThat(e.kind()).isEqualTo(Kind.MODEL_NOT_FOUND);
                        assertThat(e).hasMessage("The model `other` does not exist.");
                    });
        }
        assertThat(one.requests(CHAT).getFirst().body().get("model").asString()).isEqualTo(asked);
    }

    @Test
    void listsAndDescribesTheModelsOfAllServers() {
        try (FakeOpenAi third = new FakeOpenAi("three", "org/other")) {
            OpenAiBackend backend = backend(one.url(), two.url(), third.url());
            assertThat(backend.list()).extracting(ModelEntry::id).containsExactly(QWEN, "org/other");
            assertThat(backend.info(ModelSpec.parse(QWEN)).contextLength()).isEqualTo(8192);
            BackendStatus status = backend.status();
            assertThat(status.available()).isTrue();
            assertThat(status.models()).isEqualTo(2);
            assertThat(status.details())
                    .containsExactly(
                            Map.entry("server_1", one.url() + " answers"),
                            Map.entry("server_2", two.url() + " answers"),
                            Map.entry("server_3", third.url() + " answers"));
        }
    }

    @Test
    void sendsItsKeyAndNamesItWhereItIsWrong() {
        OpenAiBackend backend = backend(List.of(one.url()), "sk-123", Duration.ofMinutes(1), true, Map.of());
        chat(backend);
        assertThat(one.requests(CHAT).getFirst().authorization()).isEqualTo("Bearer sk-123");
        one.play(Mood.LOCKED);
        LocalModelException failure = failed(backend);
        assertThat(failure).hasMessage("Incorrect API key provided");
        assertThat(failure.solutions().getFirst()).contains("api_key").contains("[providers.cluster.options]");
    }

    @Test
    void embedsInTheOrderAsked() {
        OpenAiBackend backend = backend(one.url());
        Embeddings embeddings = backend.embed(ModelSpec.parse(QWEN), List.of("a", "b", "c"), EmbeddingOptions.DEFAULTS);
        assertThat(embeddings.vectors()).hasSize(3);
        assertThat(embeddings.vectors().get(2)).containsExactly(1f, 1f);
        assertThat(embeddings.promptTokens()).isEqualTo(7);
        one.play(Mood.DEAD);
        assertThat(backend(one.url(), two.url())
                        .embed(ModelSpec.parse(QWEN), List.of("a"), EmbeddingOptions.DEFAULTS)
                        .vectors())
                .hasSize(1);
    }

    @Test
    void pullAndRemoveSayWhoseTheModelsAre() {
        OpenAiBackend backend = backend(one.url());
        assertThatThrownBy(() -> backend.pull(ModelSpec.parse(QWEN), new PullOptions(false), progress -> {}))
                .hasMessage("The servers of cluster offer the models that they were started with");
        assertThatThrownBy(() -> backend.remove(ModelSpec.parse(QWEN))).hasMessageContaining("not removed from here");
    }

    // Several servers.

    @Test
    void requestsAreSharedOut() {
        OpenAiBackend backend = backend(one.url(), two.url());
        try (ChatStream first = backend.chat(request());
                ChatStream second = backend.chat(request());
                ChatStream third = backend.chat(request())) {
            assertThat(read(first)).startsWith("one");
            assertThat(read(second)).startsWith("two");
            assertThat(read(third)).startsWith("one");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BUSY", "DEAD", "IMPOSTOR"})
    void anotherServerRepliesWhereOneFailsBeforeItHasSaidAnything(Mood mood) {
        one.play(mood);
        OpenAiBackend backend = backend(one.url(), two.url());
        assertThat(chat(backend)).startsWith("two");
    }

    @Test
    void aServerThatIsNotThereIsPassedOverAndComesBack() throws Exception {
        FakeOpenAi gone = new FakeOpenAi("gone", QWEN);
        int port = gone.port();
        gone.close();
        OpenAiBackend backend = backend(gone.url(), two.url());
        assertThat(chat(backend)).startsWith("two");
        assertThat(backend.status().available()).isTrue();
        assertThat(backend.status().details()).containsEntry("server_1", gone.url() + " does not answer");
        two.play(Mood.DEAD);
        assertThat(backend.status().details())
                .containsEntry("server_2", two.url() + " fails: EngineCore encountered an issue");
        two.play(Mood.HONEST);

        int before = two.requests(CHAT).size();
        assertThat(chat(backend)).startsWith("two");
        assertThat(two.requests(CHAT)).hasSize(before + 1);

        try (FakeOpenAi back = new FakeOpenAi("back", port, QWEN)) {
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (!chat(backend).startsWith("back")) {
                assertThat(System.nanoTime()).as("the server is asked again").isLessThan(deadline);
                Thread.sleep(10);
            }
            assertThat(back.requests("/v1/models")).isNotEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"BUSY, the queue is full", "LOCKED, Incorrect API key provided"})
    void aServerThatRefusesWorksAndIsAskedFirstAgain(Mood mood, String said) {
        OpenAiBackend backend = backend(one.url(), two.url());
        one.play(mood);
        assertThat(chat(backend)).startsWith("two");
        assertThat(backend.embed(ModelSpec.parse(QWEN), List.of("a"), EmbeddingOptions.DEFAULTS)
                        .vectors())
                .hasSize(1);
        assertThat(backend.status().details())
                .containsEntry("server_1", one.url() + " refuses: " + said)
                .containsEntry("server_2", two.url() + " answers");
        assertThat(chat(backend)).startsWith("two");
        assertThat(one.requests(CHAT)).as("asked each time").hasSize(2);
        one.play(Mood.HONEST);
        assertThat(chat(backend)).startsWith("one");
    }

    @Test
    void aServerThatFailedIsAskedLastUntilItAnswers() {
        OpenAiBackend backend = backend(one.url(), two.url());
        one.play(Mood.DEAD);
        assertThat(chat(backend)).startsWith("two");
        int asked = one.requests(CHAT).size();
        assertThat(chat(backend)).startsWith("two");
        assertThat(one.requests(CHAT)).hasSize(asked);
    }

    @Test
    void aModelThatOneServerHasAloneIsFoundThere() {
        try (FakeOpenAi third = new FakeOpenAi("three", "org/other")) {
            OpenAiBackend backend = backend(one.url(), third.url());
            try (ChatStream stream = backend.chat(request("org/other", SamplingOptions.DEFAULTS, false, null))) {
                assertThat(read(stream)).startsWith("three");
            }
            assertThat(backend.embed(ModelSpec.parse("org/other"), List.of("a"), EmbeddingOptions.DEFAULTS)
                            .vectors())
                    .hasSize(1);
            assertThat(chat(backend)).as("no server failed").startsWith("one");
        }
    }

    @Test
    void withoutAnyServerTheStatusSaysWhy() {
        one.play(Mood.LOCKED);
        BackendStatus status = backend(one.url()).status();
        assertThat(status.available()).isFalse();
        assertThat(status.models()).isZero();
        assertThat(status.error()).startsWith("Incorrect API key provided (Said by cluster at ");
        assertThat(status.details()).containsEntry("server", one.url() + " refuses: Incorrect API key provided");
    }

    @Test
    void aServerThatStallsBeforeItsFirstPieceIsReplaced() {
        one.play(Mood.MUTE);
        OpenAiBackend backend = backend(List.of(one.url(), two.url()), null, Duration.ofMillis(300), true, Map.of());
        assertThat(chat(backend)).startsWith("two");
    }

    @Test
    void whenAllFailTheLastFailureIsSaid() {
        one.play(Mood.DEAD);
        two.play(Mood.BUSY);
        LocalModelException failure = failed(backend(one.url(), two.url()));
        assertThat(failure.kind()).isEqualTo(Kind.BACKEND_UNAVAILABLE);
        assertThat(failure).hasMessage("the queue is full");
        assertThat(failure.detail()).contains(two.url());
    }

    @Test
    void whatOneServerHasBegunNoOtherGoesOnWith() {
        one.play(Mood.BREAKS_OFF);
        LocalModelException failure = failed(backend(one.url(), two.url()));
        assertThat(failure.detail()).contains("closed the connection before its answer was complete");
        assertThat(two.requests(CHAT)).isEmpty();
    }

    @Test
    void aRefusedRequestIsNotTriedElsewhere() {
        one.play(Mood.TOO_LONG);
        LocalModelException failure = failed(backend(one.url(), two.url()));
        assertThat(failure.kind()).isEqualTo(Kind.CONTEXT_EXCEEDED);
        assertThat(two.requests(CHAT)).isEmpty();
    }

    // What goes wrong in the middle.

    @ParameterizedTest
    @CsvSource({
        "FAILS_MIDWAY, CUDA error: out of memory",
        "MALFORMED, Unexpected answer from a server of cluster",
        "IMPOSTOR, Unexpected answer from a server of cluster",
        "STALLS, A server of cluster has sent nothing for 1 seconds"
    })
    void aServerThatGoesWrongIsNamed(Mood mood, String message) {
        one.play(mood);
        LocalModelException failure = failed(backend(List.of(one.url()), null, Duration.ofSeconds(1), true, Map.of()));
        assertThat(failure.kind()).isEqualTo(Kind.BACKEND_UNAVAILABLE);
        assertThat(failure).hasMessage(message);
        assertThat(failure.solutions()).isNotEmpty();
    }

    @Test
    void closingDropsTheConnection() throws Exception {
        one.play(Mood.ENDLESS);
        OpenAiBackend backend = backend(one.url());
        ChatStream stream = backend.chat(request());
        assertThat(stream.next()).isNotNull();
        stream.close();
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (one.running() > 0) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
        assertThatThrownBy(stream::next)
                .isInstanceOfSatisfying(
                        LocalModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED));
    }

    @Test
    void interruptingTheReaderCancels() throws Exception {
        one.play(Mood.MUTE);
        OpenAiBackend backend = backend(one.url(), two.url());
        List<LocalModelException> thrown = new ArrayList<>();
        Thread reader = Thread.ofVirtual().start(() -> thrown.add(failed(backend)));
        while (one.running() == 0) {
            Thread.sleep(5);
        }
        reader.interrupt();
        reader.join();
        assertThat(thrown.getFirst().kind()).isEqualTo(Kind.CANCELLED);
        assertThat(two.requests(CHAT)).isEmpty();
    }
}
