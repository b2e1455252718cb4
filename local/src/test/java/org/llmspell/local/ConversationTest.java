package org.llmspell.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;

class ConversationTest {
    private final FakeBackend backend = new FakeBackend("candle");
    private final LocalModels models = new ConfiguredModels(List.of(backend));
    private final Conversation conversation =
            new Conversation(models, ModelSpec.parse("x@candle"), "Be brief.", ChatOptions.parse(Map.of("seed", 1)));

    private final Conversation tooled = new Conversation(
            models,
            ModelSpec.parse("x@candle"),
            "Be brief.",
            ChatOptions.DEFAULTS,
            List.of(new ToolDefinition("now", "The time", ToolDefinition.NO_PARAMETERS)));

    @Test
    void sendsTheWholeConversationWithEachTurn() {
        assertThat(conversation.complete("one").text()).isEqualTo("Hello there");
        backend.words = List.of("two!");
        conversation.complete("two");

        assertThat(backend.requests.get(1).messages())
                .containsExactly(
                        ChatMessage.system("Be brief."),
                        ChatMessage.user("one"),
                        ChatMessage.assistant("Hello there"),
                        ChatMessage.user("two"));
        assertThat(conversation.history()).hasSize(5).last().isEqualTo(ChatMessage.assistant("two!"));
        assertThat(backend.streamsClosed).isEqualTo(2);
    }

    @Test
    void usesCallOptionsForThatCallAlone() {
        conversation.complete("one", Map.of("temperature", 0));
        conversation.complete("two");

        assertThat(backend.requests.get(0).sampling().temperature()).isZero();
        assertThat(backend.requests.get(0).sampling().seed()).hasValue(1);
        assertThat(backend.requests.get(1).sampling().temperature()).isEqualTo(0.7);
    }

    @Test
    void refusesAWrongOptionBeforeTheTurnBegins() {
        assertThatThrownBy(() -> conversation.complete("one", Map.of("temperatur", 0)))
                .hasMessageContaining("did you mean \"temperature\"");

        assertThat(backend.requests).isEmpty();
        assertThat(conversation.complete("two").text()).isEqualTo("Hello there");
    }

    @Test
    void forgetsATurnThatCouldNotStart() {
        backend.failure = new LocalModelException(LocalModelException.Kind.MODEL_NOT_FOUND, "gone");
        backend.failAfter = -1;
        assertThatThrownBy(() -> conversation.complete("one")).hasMessage("gone");

        assertThat(conversation.history()).containsExactly(ChatMessage.system("Be brief."));
        backend.failure = null;
        conversation.complete("again");
        assertThat(conversation.history()).hasSize(3);
    }

    @Test
    void forgetsATurnThatFailedMidway() {
        backend.failure = new LocalModelException(LocalModelException.Kind.OUT_OF_MEMORY, "full");
        backend.failAfter = 1;
        assertThatThrownBy(() -> conversation.complete("one")).hasMessage("full");

        assertThat(conversation.history()).containsExactly(ChatMessage.system("Be brief."));
        assertThat(backend.streamsClosed).isEqualTo(1);
    }

    @Test
    void aReplyThatCallsToolsKeepsItsTurnOpenUntilOneThatCallsNone() {
        ToolCall call = new ToolCall("id1", "now", Map.of());
        backend.calls = List.of(call);
        assertThat(tooled.complete("Time?").toolCalls()).containsExactly(call);
        assertThat(tooled.history()).hasSize(1);

        backend.calls = List.of();
        ChatMessage result = ChatMessage.toolResult(call, "noon");
        try (ChatStream stream = tooled.resume(List.of(result), false)) {
            while (stream.next() != null) {}
        }
        assertThat(tooled.history())
                .containsExactly(
                        ChatMessage.system("Be brief."),
                        ChatMessage.user("Time?"),
                        ChatMessage.assistant("Hello there", "", List.of(call)),
                        result,
                        ChatMessage.assistant("Hello there"));
        assertThatThrownBy(() -> tooled.resume(List.of(), false)).hasMessageContaining("No reply waits");
    }

    @Test
    void aTurnThatWaitsForToolsIsGivenUpByTheNext() {
        backend.calls = List.of(new ToolCall("id1", "now", Map.of()));
        tooled.complete("Time?");
        backend.calls = List.of();
        tooled.complete("Never mind");
        assertThat(tooled.history()).hasSize(3);
        assertThat(tooled.history().get(1)).isEqualTo(ChatMessage.user("Never mind"));
    }

    @Test
    void forgetsATurnThatWasClosedEarly() {
        try (ChatStream stream = conversation.stream("one")) {
            assertThat(Objects.requireNonNull(stream.next()).text()).isEqualTo("Hello");
        }

        assertThat(conversation.history()).hasSize(1);
        assertThat(conversation.complete("two").text()).isEqualTo("Hello there");
    }

    @Test
    void forgetsATurnThatWasCancelled() {
        backend.finish = FinishReason.CANCELLED;
        conversation.complete("one");

        assertThat(conversation.history()).hasSize(1);
    }

    @Test
    void remembersATurnThatRanIntoItsLength() {
        backend.finish = FinishReason.LENGTH;
        conversation.complete("one");

        assertThat(conversation.history()).hasSize(3);
    }

    @Test
    void remembersAStreamedTurnOnceItsEndWasReadAndThenOnly() {
        try (ChatStream stream = conversation.stream("one")) {
            assertThat(stream.next()).isNotNull();
            assertThat(stream.next()).isNotNull();
            assertThat(conversation.history()).hasSize(1);
            assertThat(stream.next()).isNull();
            assertThat(conversation.history()).hasSize(3);
            assertThat(stream.next()).isNull();
        }

        assertThat(conversation.history()).hasSize(3);
    }

    @Test
    void refusesASecondTurnWhileOneIsBeingRead() {
        try (ChatStream stream = conversation.stream("one")) {
            assertThatThrownBy(() -> conversation.complete("two"))
                    .isInstanceOf(LocalModelException.class)
                    .hasMessageContaining("still being read");
            assertThat(stream.next()).isNotNull();
        }
    }

    @Test
    void resetForgetsAllButTheSystemPromptAndAReplyOnItsWay() {
        conversation.complete("one");
        try (ChatStream stream = conversation.stream("two")) {
            conversation.reset();
            assertThat(conversation.history()).containsExactly(ChatMessage.system("Be brief."));
            while (stream.next() != null) {
                assertThat(stream).isNotNull();
            }
        }

        assertThat(conversation.history()).containsExactly(ChatMessage.system("Be brief."));
    }

    @Test
    void handsOutCopiesOfTheHistory() {
        conversation.history().clear();

        assertThat(conversation.history()).hasSize(1);
    }
}
