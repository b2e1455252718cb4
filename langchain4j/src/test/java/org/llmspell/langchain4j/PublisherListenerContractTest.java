package org.llmspell.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelPublisherListenerTest;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import java.time.Duration;
import java.util.Collections;
import org.llmspell.local.LocalModelException;

/** LangChain4j's own tests of what listeners are told of a reply that is subscribed to; its timing needs a scripted reply. */
class PublisherListenerContractTest extends AbstractStreamingChatModelPublisherListenerTest {
    @Override
    protected StreamingChatModel createModel(ChatModelListener listener, StreamScenario scenario) {
        ScriptedModels models = scenario.fail()
                ? ScriptedModels.failing(
                        new LocalModelException(LocalModelException.Kind.BACKEND_UNAVAILABLE, "the server is gone"))
                : ScriptedModels.saying(Collections.nCopies(scenario.contentChunks(), "word ")
                                .toArray(String[]::new))
                        .every(Duration.ofMillis(scenario.spreadOverMillis() / Math.max(1, scenario.contentChunks())));
        return LlmSpellStreamingChatModel.builder()
                .models(models)
                .modelName(TinyModels.NAME)
                .listeners(listener)
                .build();
    }
}
