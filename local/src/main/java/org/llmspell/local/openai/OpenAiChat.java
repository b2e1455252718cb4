package org.llmspell.local.openai;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.config.OpenAiConfig;
import org.llmspell.local.json.JsonFields;

/**
 * A reply streamed by one of a provider's servers. Until the first piece of it has come, a server that fails is replaced by the next;
 * after that its failure is the reply's, since another server would say something else.
 */
final class OpenAiChat implements ChatStream {
    private final OpenAiConfig config;
    private final OpenAiErrors errors;
    private final ChatRequest request;
    private final String model;
    private final Map<String, @Nullable Object> body;
    private final Iterator<Endpoints.Endpoint> servers;
    private final long startedAt = System.nanoTime();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thinking = new StringBuilder();
    private final CallFragments calls;
    private final Object lock = new Object();
    private Endpoints.@Nullable Endpoint server;
    private @Nullable OpenAiEvents events;
    private boolean closed;
    private boolean begun;
    private final AtomicInteger pieces = new AtomicInteger();
    private @Nullable Duration timeToFirstToken;
    private @Nullable String finish;
    private Map<?, ?> usage = Map.of();
    private @Nullable ChatResult result;

    private OpenAiChat(
            OpenAiConfig config, OpenAiErrors errors, ChatRequest request, String model, Endpoints endpoints) {
        this.config = config;
        this.errors = errors;
        this.request = request;
        this.model = model;
        this.body = OpenAiRequest.body(request, model, config.extensions());
        this.servers = endpoints.inOrder().iterator();
        this.calls = new CallFragments(request.messages().stream()
                .mapToInt(message -> message.toolCalls().size())
                .sum());
    }

    /** Asks the best server; does not wait for it. */
    static OpenAiChat start(
            OpenAiConfig config, OpenAiErrors errors, ChatRequest request, String model, Endpoints endpoints) {
        OpenAiChat chat = new OpenAiChat(config, errors, request, model, endpoints);
        chat.ask();
        return chat;
    }

    /** Asks the next server. */
    private void ask() {
        synchronized (lock) {
            release();
            if (closed) {
                throw errors.cancelled();
            }
            Endpoints.Endpoint next = servers.next();
            next.began();
            server = next;
            events = new OpenAiEvents(
                    next,
                    errors,
                    next.service().stream(OpenAiRequest.path(request), body, model, config.idleTimeout()));
        }
    }

    @Override
    public @Nullable ChatChunk next() {
        while (result == null) {
            Map<String, @Nullable Object> event = event();
            ChatChunk piece = event == null ? end() : piece(event);
            if (piece != null) {
                return piece;
            }
        }
        return null;
    }

    /** The next event of this server, or of another if this one has said nothing yet and fails. */
    private @Nullable Map<String, @Nullable Object> event() {
        while (true) {
            OpenAiEvents from = events;
            Endpoints.Endpoint asked = server;
            if (from == null || asked == null) {
                throw errors.cancelled();
            }
            try {
                Map<String, @Nullable Object> event = from.next();
                if (event == null && finish == null) {
                    throw from.brokenOff();
                }
                begun = true;
                return event;
            } catch (LocalModelException failure) {
                asked.failed(failure);
                if (begun || !OpenAiErrors.anotherMight(failure) || !servers.hasNext()) {
                    close();
                    throw failure;
                }
                ask();
            }
        }
    }

    private @Nullable ChatChunk piece(Map<String, @Nullable Object> event) {
        if (event.get("usage") instanceof Map<?, ?> counted) {
            usage = counted;
        }
        List<Map<?, ?>> choices = JsonFields.objects(event, "choices");
        if (choices.isEmpty()) {
            return null;
        }
        Map<?, ?> choice = choices.getFirst();
        String reason = JsonFields.string(choice, "finish_reason");
        finish = reason == null ? finish : reason;
        Map<?, ?> delta = request.raw() ? choice : JsonFields.object(choice, "delta");
        String words = JsonFields.string(delta, request.raw() ? "text" : "content");
        String thought = JsonFields.string(delta, "reasoning_content");
        thought = thought == null ? JsonFields.string(delta, "reasoning") : thought;
        calls.add(delta);
        List<ChatChunk.TokenLogprob> logprobs = OpenAiLogprobs.read(JsonFields.object(choice, "logprobs"));
        boolean something = words != null || thought != null || delta.get("tool_calls") != null;
        if (something) {
            pieces.incrementAndGet();
            timeToFirstToken = timeToFirstToken == null ? elapsed() : timeToFirstToken;
        }
        if (words == null && thought == null && logprobs.isEmpty()) {
            return null;
        }
        text.append(words == null ? "" : words);
        thinking.append(thought == null ? "" : thought);
        return new ChatChunk(words == null ? "" : words, thought == null ? "" : thought, List.of(), logprobs);
    }

    /** The reply is whole: its calls, if there are any, are its last piece. */
    private @Nullable ChatChunk end() {
        List<ToolCall> made = calls.whole();
        Duration first = timeToFirstToken;
        result = new ChatResult(
                text.toString(),
                thinking.toString(),
                made,
                "length".equals(finish) ? FinishReason.LENGTH : FinishReason.STOP,
                count(usage, "prompt_tokens", 0),
                count(JsonFields.object(usage, "prompt_tokens_details"), "cached_tokens", 0),
                count(usage, "completion_tokens", pieces.get()),
                Duration.ZERO,
                first == null ? elapsed() : first,
                elapsed());
        pieces.set(result.generatedTokens());
        close();
        return made.isEmpty() ? null : new ChatChunk("", "", made, List.of());
    }

    private static int count(Map<?, ?> counts, String key, int otherwise) {
        Integer count = JsonFields.count(counts, key);
        return count == null ? otherwise : count;
    }

    @Override
    public int generatedTokens() {
        return pieces.get();
    }

    @Override
    public ChatResult result() {
        if (result == null) {
            throw new IllegalStateException("the reply has not ended");
        }
        return result;
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            release();
        }
    }

    private void release() {
        Endpoints.Endpoint asked = server;
        OpenAiEvents open = events;
        server = null;
        if (asked != null && open != null) {
            open.close();
            asked.ended();
        }
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }
}
