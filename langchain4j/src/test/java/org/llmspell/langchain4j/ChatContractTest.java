package org.llmspell.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.LocalModels;

/** LangChain4j's own tests of chat models. What is not supported, and why, is in {@code docs/java.md}. */
class ChatContractTest extends AbstractChatModelIT {
    @TempDir
    static Path temporary;

    private static LocalModels models;

    @BeforeAll
    static void open() {
        models = new KnowingModels(TinyModels.open(temporary));
    }

    @AfterAll
    static void close() {
        models.close();
    }

    @Override
    protected List<ChatModel> models() {
        return List.of(LlmSpellChatModel.builder()
                .models(models)
                .modelName(TinyModels.NAME)
                .build());
    }

    @Override
    protected ChatModel createModelWith(ChatRequestParameters parameters) {
        return LlmSpellChatModel.builder()
                .models(models)
                .modelName(parameters.modelName() == null ? TinyModels.NAME : null)
                .defaultRequestParameters(parameters)
                .build();
    }

    @Override
    protected String customModelName() {
        return TinyModels.OTHER;
    }

    @Override
    protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
        return LlmSpellChatRequestParameters.builder()
                .maxOutputTokens(maxOutputTokens)
                .build();
    }

    @Override
    protected boolean supportsChatAsync() {
        return true;
    }

    @Override
    protected boolean supportsToolChoiceRequired() {
        return false; // a call cannot be forced
    }

    @Override
    protected boolean supportsToolsAndJsonResponseFormatWithSchema() {
        return false; // a reply held to a schema from its first character cannot be a call
    }

    @Override
    protected boolean supportsSingleImageInputAsBase64EncodedString() {
        return false; // the engine reads text only
    }

    @Override
    protected boolean supportsSingleImageInputAsPublicURL() {
        return false; // the engine reads text only
    }
}
