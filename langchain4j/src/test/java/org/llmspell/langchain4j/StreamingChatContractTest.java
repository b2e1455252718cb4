package org.llmspell.langchain4j;

import static org.mockito.ArgumentMatchers.argThat;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.common.StreamingMode;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.LocalModels;
import org.mockito.InOrder;

/**
 * LangChain4j's own tests of streaming chat models, with a handler and with a publisher. What is not supported, and why, is in
 * {@code docs/java.md}.
 */
class StreamingChatContractTest extends AbstractStreamingChatModelIT {
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
    protected List<StreamingMode> streamingModes() {
        return List.of(StreamingMode.HANDLER, StreamingMode.PUBLISHER);
    }

    @Override
    protected List<StreamingChatModel> baseModels() {
        return List.of(LlmSpellStreamingChatModel.builder()
                .models(models)
                .modelName(TinyModels.NAME)
                .build());
    }

    @Override
    protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
        return LlmSpellStreamingChatModel.builder()
                .models(models)
                .modelName(parameters.modelName() == null ? TinyModels.NAME : null)
                .defaultRequestParameters(parameters)
                .build();
    }

    @Override
    public StreamingChatModel createModelWith(ChatModelListener listener) {
        return LlmSpellStreamingChatModel.builder()
                .models(models)
                .modelName(TinyModels.NAME)
                .listeners(listener)
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

    /** Waits half a minute for what must not come, so it runs on demand; {@code StreamingTest} cancels in every run. */
    @Override
    protected boolean supportsStreamingCancellation() {
        return Boolean.getBoolean("llmspell.patient");
    }

    @Override
    protected boolean supportsPartialToolStreaming(StreamingChatModel model) {
        return false; // a call is told when it is whole
    }

    @Override
    protected void verifyToolCallbacks(
            StreamingChatResponseHandler handler, InOrder order, ExpectedToolCall... expected) {
        for (ExpectedToolCall call : expected) {
            order.verify(handler)
                    .onCompleteToolCall(argThat(told -> told.index() == call.index()
                            && told.toolExecutionRequest().id().equals(call.id())
                            && told.toolExecutionRequest().name().equals(call.name())
                            && told.toolExecutionRequest()
                                    .arguments()
                                    .replace(" ", "")
                                    .equals(call.arguments())));
        }
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
