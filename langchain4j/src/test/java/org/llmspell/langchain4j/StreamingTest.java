package org.llmspell.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.langchain4j.model.output.FinishReason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.LocalModels;

/** Replies piece by piece: how they are told, cancelled, timed and held back. */
class StreamingTest {
    @TempDir
    static Path temporary;

    private static LlmSpellStreamingChatModel.Builder over(LocalModels models) {
        return LlmSpellStreamingChatModel.builder().models(models).modelName(TinyModels.NAME);
    }

    /** Remembers what it is told. */
    private static final class Recorder implements StreamingChatResponseHandler {
        final List<Object> told = new CopyOnWriteArrayList<>();
        final CompletableFuture<ChatResponse> response = new CompletableFuture<>();
        /** What else to do at every piece of text. */
        Consumer<StreamingHandle> acting = handle -> {};

        @Override
        public void onPartialThinking(PartialThinking thinking) {
            told.add(thinking);
        }

        @Override
        public void onPartialResponse(PartialResponse text, PartialResponseContext context) {
            told.add(text);
            acting.accept(context.streamingHandle());
        }

        @Override
        public void onCompleteToolCall(CompleteToolCall call) {
            told.add(call);
        }

        @Override
        public void onCompleteResponse(ChatResponse complete) {
            response.complete(complete);
        }

        @Override
        public void onError(Throwable error) {
            response.completeExceptionally(error);
        }

        Throwable failure() throws InterruptedException, java.util.concurrent.TimeoutException {
            try {
                throw new AssertionError("there was a reply: " + response.get(30, TimeUnit.SECONDS));
            } catch (ExecutionException e) {
                return e.getCause();
            }
        }
    }

    private static final class Subscriber implements Flow.Subscriber<ChatModelStreamingEvent> {
        final List<ChatModelStreamingEvent> events = new CopyOnWriteArrayList<>();
        final CompletableFuture<Void> end = new CompletableFuture<>();
        final AtomicReference<Flow.Subscription> subscription = new AtomicReference<>();

        @Override
        public void onSubscribe(Flow.Subscription made) {
            subscription.set(made);
        }

        @Override
        public void onNext(ChatModelStreamingEvent event) {
            events.add(event);
        }

        @Override
        public void onError(Throwable error) {
            end.completeExceptionally(error);
        }

        @Override
        public void onComplete() {
            end.complete(null);
        }
    }

    private static Subscriber subscribe(LlmSpellStreamingChatModel model) {
        Subscriber subscriber = new Subscriber();
        model.chat(ChatRequest.builder().messages(UserMessage.from("Hi")).build())
                .subscribe(subscriber);
        return subscriber;
    }

    @Test
    void thinkingTextAndCallsAreToldApartAndInOrder() throws Exception {
        ToolCall first = new ToolCall("c1", "weather", Map.of("city", "Oslo"));
        ToolCall second = new ToolCall("c2", "time", Map.of());
        ScriptedModels models = ScriptedModels.giving(
                new ChatChunk("", "Hm", List.of(), List.of()),
                new ChatChunk("Let me", " so", List.of(), List.of()),
                new ChatChunk("", "", List.of(first, second), List.of()));
        Recorder recorder = new Recorder();

        over(models).build().chat("Hi", recorder);
        ChatResponse response = recorder.response.get(30, TimeUnit.SECONDS);

        assertThat(recorder.told)
                .containsExactly(
                        new PartialThinking("Hm"),
                        new PartialThinking(" so"),
                        new PartialResponse("Let me"),
                        new CompleteToolCall(0, Replies.call(first)),
                        new CompleteToolCall(1, Replies.call(second)));
        assertThat(response.aiMessage().thinking()).isEqualTo("Hm so");
        assertThat(response.aiMessage().text()).isEqualTo("Let me");
        assertThat(response.aiMessage().toolExecutionRequests())
                .extracting("id", "name", "arguments")
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("c1", "weather", "{\"city\":\"Oslo\"}"),
                        org.assertj.core.groups.Tuple.tuple("c2", "time", "{}"));
        assertThat(response.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
        assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(7);
    }

    /** What LangChain4j's own test of it asserts, without its half minute of waiting for more. */
    @Test
    void aCancelledReplyOfTheEngineIsToldNoMoreAndFreesItsPages() throws Exception {
        try (LocalModels models = TinyModels.open(temporary)) {
            AtomicReference<StreamingHandle> last = new AtomicReference<>();
            Recorder recorder = new Recorder();
            recorder.acting = handle -> {
                last.set(handle);
                if (recorder.told.size() == 5) {
                    assertThat(handle.isCancelled()).isFalse();
                    handle.cancel();
                }
            };

            over(models)
                    .maxTokens(-1)
                    .defaultRequestParameters(LlmSpellChatRequestParameters.builder()
                            .grammar("root ::= [a-z]{3000}")
                            .build())
                    .build()
                    .chat("Tell me a long story", recorder);

            assertThat(TinyModels.becomes(() -> last.get() != null && last.get().isCancelled()))
                    .isTrue();
            assertThat(TinyModels.becomes(() -> TinyModels.pagesInUse(models) == 0))
                    .isTrue();
            last.get().cancel();
            assertThat(last.get().isCancelled()).isTrue();
            assertThat(recorder.told).hasSize(5);
            assertThat(recorder.response).isNotDone();
        }
    }

    @Test
    void aReplyThatTakesTooLongIsATimeout() throws Exception {
        ScriptedModels models = ScriptedModels.saying("Hel", "lo").thenSilent();
        Recorder recorder = new Recorder();

        over(models).timeout(Duration.ofMillis(200)).build().chat("Hi", recorder);

        assertThat(recorder.failure())
                .isExactlyInstanceOf(TimeoutException.class)
                .hasMessage("The reply took longer than the timeout of PT0.2S");
        assertThat(recorder.told).hasSize(2);
        assertThat(models.streamClosed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aModelThatIsLoadedForTooLongIsATimeout() throws Exception {
        ScriptedModels models = ScriptedModels.saying().thatNeverOpen();
        Recorder recorder = new Recorder();

        over(models).timeout(Duration.ofMillis(100)).build().chat("Hi", recorder);

        assertThat(recorder.failure()).isExactlyInstanceOf(TimeoutException.class);
    }

    @Test
    void eventsComeOnlyAsTheyAreAskedFor() throws Exception {
        ScriptedModels models = ScriptedModels.saying("a", "b", "c");
        Subscriber subscriber = subscribe(over(models).build());

        assertThat(models.opening.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(subscriber.events).isEmpty();
        subscriber.subscription.get().request(1);
        assertThat(TinyModels.becomes(() -> subscriber.events.size() == 1)).isTrue();
        subscriber.subscription.get().request(1);
        assertThat(TinyModels.becomes(() -> subscriber.events.size() == 2)).isTrue();
        assertThat(subscriber.end).isNotDone();
        subscriber.subscription.get().request(Long.MAX_VALUE);
        subscriber.subscription.get().request(Long.MAX_VALUE);
        subscriber.end.get(10, TimeUnit.SECONDS);

        assertThat(new ArrayList<>(subscriber.events).subList(0, 3))
                .containsExactly(new PartialResponse("a"), new PartialResponse("b"), new PartialResponse("c"));
        assertThat(subscriber.events.get(3)).isInstanceOf(CompleteResponse.class);
        assertThat(subscriber.events).hasSize(4);
    }

    @Test
    void aSubscriptionCanBeCancelledWhileNothingIsAskedFor() throws Exception {
        ScriptedModels models = ScriptedModels.saying("a", "b");
        Subscriber subscriber = subscribe(over(models).build());
        assertThat(models.opening.await(10, TimeUnit.SECONDS)).isTrue();

        subscriber.subscription.get().cancel();

        assertThat(models.streamClosed.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(subscriber.events).isEmpty();
        assertThat(subscriber.end).isNotDone();
    }

    @Test
    void askingForNoEventsIsAnError() {
        Subscriber subscriber = subscribe(over(ScriptedModels.saying("a")).build());

        subscriber.subscription.get().request(0);

        assertThat(subscriber.end)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseExactlyInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTimeoutIsToldASubscriberThatAsksForNothing() {
        Subscriber subscriber = subscribe(
                over(ScriptedModels.saying("a")).timeout(Duration.ofMillis(100)).build());

        assertThat(subscriber.end)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseExactlyInstanceOf(TimeoutException.class);
    }

    @Test
    void whatBreaksTheProgramIsToldAsWell() throws Exception {
        Error failure = new OutOfMemoryError("Java heap space");
        LlmSpellStreamingChatModel model =
                over(ScriptedModels.breaking(failure)).build();
        Recorder recorder = new Recorder();

        model.chat("Hi", recorder);
        Subscriber subscriber = subscribe(model);

        assertThat(recorder.failure()).isSameAs(failure);
        assertThat(subscriber.end)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCause(failure);
    }

    @Test
    void aReplyWhoseBackendsAreClosedIsCutOffWithAnError() throws Exception {
        LocalModels models = TinyModels.open(temporary);
        CompletableFuture<Void> began = new CompletableFuture<>();
        Recorder recorder = new Recorder();
        recorder.acting = handle -> began.complete(null);
        LlmSpellStreamingChatModel model = over(models)
                .maxTokens(-1)
                .defaultRequestParameters(LlmSpellChatRequestParameters.builder()
                        .grammar("root ::= [a-z]{3000}")
                        .build())
                .build();

        model.chat("Hi", recorder);
        began.get(30, TimeUnit.SECONDS);
        models.close();

        assertThat(recorder.failure()).isInstanceOf(LangChain4jException.class);
    }
}
