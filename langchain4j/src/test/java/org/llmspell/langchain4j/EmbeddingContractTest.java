package org.llmspell.langchain4j;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.common.AbstractEmbeddingModelIT;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.LocalModels;

/** LangChain4j's own tests of embedding models. */
class EmbeddingContractTest extends AbstractEmbeddingModelIT {
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

    private static LlmSpellEmbeddingModel.Builder builder() {
        return LlmSpellEmbeddingModel.builder().models(models).modelName(TinyModels.NAME);
    }

    @Override
    protected List<EmbeddingModel> models() {
        return List.of(builder()
                .queryPrefix("search_query: ")
                .documentPrefix("search_document: ")
                .build());
    }

    @Override
    protected EmbeddingModel modelWith(EmbeddingModelListener listener) {
        return builder().listeners(List.of(listener)).build();
    }

    @Override
    protected EmbeddingModel failingModelWith(EmbeddingModelListener listener) {
        return builder()
                .modelName("local/no-such-model:Q8_0@candle")
                .listeners(List.of(listener))
                .build();
    }

    @Override
    protected int dimensionsParameter() {
        return 8;
    }

    @Override
    protected boolean supportsImageInput() {
        return false; // the engine reads text only
    }
}
