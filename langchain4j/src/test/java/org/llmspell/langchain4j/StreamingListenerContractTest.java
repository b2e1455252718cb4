package org.llmspell.langchain4j;

import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.LocalModels;

/** LangChain4j's own tests of what listeners of a chat model are told. */
class StreamingListenerContractTest extends AbstractStreamingChatModelListenerIT {
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

    @Override
    protected StreamingChatModel createModel(ChatModelListener listener) {
        return LlmSpellStreamingChatModel.builder()
                .models(models)
                .modelName(modelName())
                .temperature(temperature())
                .topP(topP())
                .maxTokens(maxTokens())
                .listeners(listener)
                .build();
    }

    @Override
    protected String modelName() {
        return TinyModels.NAME;
    }

    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
        return LlmSpellStreamingChatModel.builder()
                .models(models)
                .modelName("local/no-such-model:Q8_0@candle")
                .listeners(listener)
                .build();
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
        return ModelNotFoundException.class;
    }
}
