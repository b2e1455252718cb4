package org.llmspell.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.testing.FakeOllama;

class EmbeddingModelTest {
    @TempDir
    static Path temporary;

    private static LocalModels models;

    @BeforeAll
    static void open() {
        models = TinyModels.open(temporary);
    }

    @AfterAll
    static void close() {
        models.close();
    }

    private static LlmSpellEmbeddingModel.Builder tiny() {
        return LlmSpellEmbeddingModel.builder().models(models).modelName(TinyModels.NAME);
    }

    private static float[] vector(LlmSpellEmbeddingModel model, String text) {
        return model.embed(text).content().vector();
    }

    @Test
    void vectorsAreThoseOfTheModelAtLengthOne() {
        float[] own = models.embed(ModelSpec.parse(TinyModels.NAME), List.of("hello"), EmbeddingOptions.DEFAULTS)
                .vectors()
                .getFirst();

        assertThat(vector(tiny().build(), "hello")).isEqualTo(own);
        assertThat(length(own)).isCloseTo(1, Offset.offset(1e-5));
    }

    @Test
    void aCutVectorIsTheBeginningOfTheWholeOneAtLengthOneAgain() {
        float[] whole = vector(tiny().build(), "hello");
        LlmSpellEmbeddingModel cutting = tiny().dimensions(4).build();
        float[] cut = vector(cutting, "hello");

        assertThat(cut).hasSize(4);
        assertThat(length(cut)).isCloseTo(1, Offset.offset(1e-5));
        assertThat(cut[1] / cut[0]).isCloseTo(whole[1] / whole[0], Offset.offset(1e-4f));
        assertThat(cutting.dimension()).isEqualTo(4);
    }

    private static double length(float[] vector) {
        double squares = 0;
        for (float value : vector) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares);
    }

    @Test
    void queriesAndDocumentsGetTheirPrefixes() {
        LlmSpellEmbeddingModel model =
                tiny().queryPrefix("query: ").documentPrefix("document: ").build();
        LlmSpellEmbeddingModel plain = tiny().build();

        assertThat(of(model, EmbeddingInputType.QUERY)).isEqualTo(vector(plain, "query: fox"));
        assertThat(of(model, EmbeddingInputType.DOCUMENT)).isEqualTo(vector(plain, "document: fox"));
        assertThat(vector(model, "fox")).isEqualTo(vector(plain, "fox"));
        assertThatThrownBy(() -> of(plain, EmbeddingInputType.QUERY))
                .isExactlyInstanceOf(UnsupportedFeatureException.class);
    }

    private static float[] of(LlmSpellEmbeddingModel model, EmbeddingInputType type) {
        return model.embed(
                        EmbeddingRequest.builder().input("fox").inputType(type).build())
                .embeddings()
                .getFirst()
                .vector();
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThatThrownBy(() -> LlmSpellEmbeddingModel.builder().models(models).build())
                .isExactlyInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> tiny().dimensions(0).build()).isExactlyInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> vector(tiny().dimensions(100_000).build(), "hello"))
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("the model's vectors have");
        assertThatThrownBy(() -> vector(tiny().modelName("local/none@candle").build(), "hello"))
                .isExactlyInstanceOf(ModelNotFoundException.class);
    }

    @Test
    void aTextBeyondTheContextIsRefusedUnlessItMayBeCut() {
        String text = "x".repeat(20_000);

        assertThatThrownBy(() -> vector(tiny().build(), text)).isExactlyInstanceOf(InvalidRequestException.class);
        assertThat(vector(tiny().truncate(true).build(), text)).isNotEmpty();
    }

    @Test
    void cancellingAFutureEndsItsWork() throws Exception {
        ScriptedModels busy = ScriptedModels.saying();
        CompletableFuture<EmbeddingResponse> future = LlmSpellEmbeddingModel.builder()
                .models(busy)
                .modelName(TinyModels.NAME)
                .build()
                .embedAsync(EmbeddingRequest.builder().input("hello").build());
        assertThat(busy.opening.await(10, TimeUnit.SECONDS)).isTrue();

        future.cancel(true);

        assertThat(busy.streamClosed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void anOllamaServerEmbedsAsWell() {
        try (FakeOllama ollama = new FakeOllama().with("llama3:8b", 1234);
                LlmSpellEmbeddingModel model = LlmSpellEmbeddingModel.builder()
                        .config(TinyModels.config(
                                temporary,
                                Map.of(ConfigKey.OLLAMA_ENABLED, "true", ConfigKey.OLLAMA_URL, ollama.url())))
                        .modelName("local/llama3:8b@ollama")
                        .build()) {
            assertThat(vector(model, "a")[0]).isCloseTo(0.6f, Offset.offset(1e-6f));
        }
    }
}
