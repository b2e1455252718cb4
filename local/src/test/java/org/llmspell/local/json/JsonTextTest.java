package org.llmspell.local.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.FinishReason;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatResult;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.PullResult;
import tools.jackson.databind.ObjectMapper;

class JsonTextTest {
    @Test
    void writesModelsWithTheGuidesNames() {
        assertThat(JsonText.compact(Fields.of(new ModelEntry(
                        "tinyllama:Q4_K_M",
                        "candle",
                        668788096L,
                        "Q4_K_M",
                        Instant.parse("2026-01-02T03:04:05Z"),
                        false))))
                .isEqualTo(
                        "{\"id\":\"tinyllama:Q4_K_M\",\"backend\":\"candle\",\"size_bytes\":668788096,"
                                + "\"quantization\":\"Q4_K_M\",\"modified_at\":\"2026-01-02T03:04:05Z\",\"shared\":false,\"built_in\":false}");
        assertThat(JsonText.compact(Fields.of(new ModelInfo(
                        "x", "candle", 1, "GGUF", "llama", null, 1100048384L, 2048, true, "/x", Map.of("a", "b")))))
                .isEqualTo("{\"id\":\"x\",\"backend\":\"candle\",\"size_bytes\":1,\"format\":\"GGUF\","
                        + "\"architecture\":\"llama\",\"quantization\":null,\"parameter_count\":1100048384,"
                        + "\"context_length\":2048,\"loaded\":true,\"path\":\"/x\",\"details\":{\"a\":\"b\"}}");
    }

    @Test
    void namesTheStateOfABackendAsTheGuideDoes() {
        BackendStatus ollama = new BackendStatus("ollama", false, 0, null, "down", Map.of());
        BackendStatus candle = new BackendStatus("candle", true, 2, "0.1", null, Map.of());

        assertThat(Fields.of(ollama))
                .containsEntry("running", false)
                .containsEntry("error", "down")
                .doesNotContainKey("ready");
        assertThat(Fields.of(candle))
                .containsEntry("ready", true)
                .containsEntry("models", 2)
                .doesNotContainKey("running");
    }

    @Test
    void writesResultsAndErrors() {
        ChatResult result = new ChatResult(
                "hi", FinishReason.STOP, 5, 3, 11, Duration.ZERO, Duration.ofMillis(500), Duration.ofMillis(1500));
        assertThat(Fields.of(result))
                .containsEntry("finish_reason", "stop")
                .containsEntry("tokens_per_second", 10.0)
                .containsEntry("total_seconds", 1.5);
        assertThat(Fields.of(new PullResult("x:y", "success", 7)))
                .containsEntry("model_id", "x:y")
                .containsEntry("bytes_downloaded", 7L)
                .containsEntry("error", null);
        assertThat(JsonText.compact(
                        Fields.of(new LocalModelException(LocalModelException.Kind.MODEL_NOT_FOUND, "no", "do"))))
                .isEqualTo("{\"error\":\"no\",\"kind\":\"model_not_found\",\"detail\":null,\"solutions\":[\"do\"]}");
    }

    @Test
    void writesWhatAnotherParserReads() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("text", "quote\" slash\\ line\n nul\u0000 emoji😀");
        value.put("list", Arrays.asList(1, 2L, 0.5, true, null));
        value.put("nothing", Map.of());
        value.put("odd", Double.NaN);

        for (String json : List.of(JsonText.compact(value), JsonText.pretty(value))) {
            var read = new ObjectMapper().readTree(json);
            assertThat(read.get("text").asString()).isEqualTo(value.get("text"));
            assertThat(read.get("list").toString()).isEqualTo("[1,2,0.5,true,null]");
            assertThat(read.get("odd").isNull()).isTrue();
        }
        assertThat(JsonText.compact(value)).doesNotContain("\n");
        assertThat(JsonText.pretty(value)).contains("\n");
    }

    @Test
    void readsJson() {
        assertThat(JsonText.parse(" {\"a\":[1,-2.5,\"x\",true,false,null,{}],\"b\":9007199254740993} "))
                .isEqualTo(
                        Map.of("a", Arrays.asList(1L, -2.5, "x", true, false, null, Map.of()), "b", 9007199254740993L));
        assertThat(JsonText.parse("18446744073709551616")).isEqualTo(0x1p64);
        assertThat(JsonText.parse("null")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "{", "[1,]", "{\"a\"}", "nul", "1 2", "{}x", "\"\\ud8", "'a'", "[1", "{\"a\":1"})
    void refusesWhatIsNotOneJsonValueInOneLine(String text) {
        assertThatThrownBy(() -> JsonText.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .isNotBlank()
                .doesNotContain("\n");
    }

    @Test
    void refusesNestingWithoutEnd() {
        assertThatThrownBy(() -> JsonText.parse("[".repeat(100_000))).isInstanceOf(IllegalArgumentException.class);
    }
}
