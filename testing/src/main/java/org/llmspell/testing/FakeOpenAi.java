package org.llmspell.testing;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A server of the OpenAI interface in this process, as inference engines offer it: it lists models, replies and embeds, and
 * misbehaves on request. A reply names the server and what was asked. Thread-safe.
 */
public final class FakeOpenAi extends FakeService {
    /** How the next answers go wrong. */
    public enum Mood {
        HONEST,
        /** 503 before anything else, as when its queue is full or it starts. */
        BUSY,
        /** 500, as when its engine has died. */
        DEAD,
        /** 401 whatever the key. */
        LOCKED,
        /** 400, as for a prompt beyond the context. */
        TOO_LONG,
        /** A page of a proxy, with status 200. */
        IMPOSTOR,
        /** Silent for ever after the second piece. */
        STALLS,
        /** Silent for ever, from the start. */
        MUTE,
        /** The connection ends after the second piece. */
        BREAKS_OFF,
        /** An error in the stream, after the second piece. */
        FAILS_MIDWAY,
        /** The second piece is no JSON. */
        MALFORMED,
        /** Goes on replying until the client goes away. */
        ENDLESS
    }

    /** What a client asked. */
    public record Request(String path, @Nullable String authorization, JsonNode body) {}

    private final String name;
    private final List<String> models;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile Mood mood = Mood.HONEST;

    /**
     * @param name that its replies begin with
     * @param models ids that it lists
     */
    public FakeOpenAi(String name, String... models) {
        this(name, 0, models);
    }

    /** Listens on that port of loopback; 0 for any. */
    public FakeOpenAi(String name, int port, String... models) {
        super(port);
        this.name = name;
        this.models = List.of(models);
        start();
    }

    public void play(Mood next) {
        mood = next;
    }

    /** Up to {@code /v1}. */
    public String url() {
        return root() + "/v1";
    }

    /** All that was asked of {@code path}, such as {@code /v1/chat/completions}, oldest first. */
    public List<Request> requests(String path) {
        return requests.stream().filter(request -> request.path.equals(path)).toList();
    }

    @Override
    void answer(HttpExchange exchange, String path, JsonNode body) throws IOException, InterruptedException {
        requests.add(new Request(path, exchange.getRequestHeaders().getFirst("Authorization"), body));
        switch (mood) {
            case BUSY -> error(exchange, 503, "the queue is full");
            case DEAD -> error(exchange, 500, "EngineCore encountered an issue");
            case LOCKED -> error(exchange, 401, "Incorrect API key provided");
            case TOO_LONG ->
                error(exchange, 400, "This model's maximum context length is 2048 tokens, you asked for 9000");
            case IMPOSTOR -> reply(exchange, 200, "text/html", "<html>Welcome to nginx!</html>");
            default -> honest(exchange, path, body);
        }
    }

    private void honest(HttpExchange exchange, String path, JsonNode body) throws IOException, InterruptedException {
        String model = body.path("model").asString("");
        if (path.equals("/v1/models")) {
            ObjectNode listing = JSON.createObjectNode().put("object", "list");
            ArrayNode data = listing.putArray("data");
            models.forEach(id -> data.addObject()
                    .put("id", id)
                    .put("object", "model")
                    .put("created", 1_760_000_000L)
                    .put("owned_by", "vllm")
                    .put("max_model_len", 8192));
            json(exchange, 200, listing);
        } else if (!models.contains(model)) {
            error(exchange, 404, "The model `" + model + "` does not exist.");
        } else if (path.equals("/v1/embeddings")) {
            ObjectNode vectors = JSON.createObjectNode();
            ArrayNode data = vectors.putArray("data");
            for (int i = body.path("input").size() - 1; i >= 0; i--) { // in any order: the index counts
                data.addObject()
                        .put("index", i)
                        .putArray("embedding")
                        .add(0.5 * i)
                        .add(1);
            }
            vectors.putObject("usage").put("prompt_tokens", 7);
            json(exchange, 200, vectors);
        } else if (path.equals("/v1/chat/completions") || path.equals("/v1/completions")) {
            stream(() -> stream(exchange, body, path.equals("/v1/completions")));
        } else {
            error(exchange, 404, "Not Found");
        }
    }

    private void stream(HttpExchange exchange, JsonNode body, boolean raw) throws IOException, InterruptedException {
        if (mood == Mood.MUTE) {
            stall();
        }
        exchange.getResponseHeaders().add("Content-Type", "text/event-stream; charset=utf-8");
        exchange.sendResponseHeaders(200, 0);
        write(exchange.getResponseBody(), pieces(body, raw));
    }

    private List<String> pieces(JsonNode body, boolean raw) {
        List<String> pieces = new ArrayList<>();
        if (!raw) {
            pieces.add(choice(
                    choice -> choice.putObject("delta").put("role", "assistant").put("content", "")));
        }
        JsonNode messages = body.path("messages");
        if (body.path("tools").size() > 0
                && !"tool"
                        .equals(messages.path(messages.size() - 1).path("role").asString(""))) {
            String tool = body.at("/tools/0/function/name").asString();
            pieces.add(choice(choice -> call(choice, 0, "call_1", tool, "")));
            pieces.add(choice(choice -> call(choice, 0, null, null, "{\"city\": \"Par")));
            pieces.add(choice(choice -> call(choice, 0, null, null, "is\"}")));
            pieces.add(choice(choice -> call(choice, 1, "call_2", tool, "{}")));
            pieces.add(choice(choice -> finish(choice, "tool_calls")));
        } else {
            if (body.path("reasoning_effort").isString()) {
                pieces.add(choice(choice -> choice.putObject("delta").put("reasoning_content", "Let me think.")));
            }
            String asked = raw
                    ? body.path("prompt").asString()
                    : messages.path(messages.size() - 1).path("content").asString("");
            boolean logprobs = !body.path("logprobs").isMissingNode();
            for (String piece : List.of(name, " heard: ", asked, " 🦙")) {
                pieces.add(choice(choice -> {
                    if (raw) {
                        choice.put("text", piece);
                    } else {
                        choice.putObject("delta").put("content", piece);
                    }
                    if (logprobs) {
                        logprobs(choice, piece, raw);
                    }
                }));
            }
            String reason = body.path("max_tokens").asInt(-1) == 1 ? "length" : "stop";
            pieces.add(choice(choice -> finish(choice, reason)));
        }
        ObjectNode usage = JSON.createObjectNode();
        usage.putArray("choices");
        usage.putObject("usage")
                .put("prompt_tokens", 11)
                .put("completion_tokens", 4)
                .putObject("prompt_tokens_details")
                .put("cached_tokens", 3);
        pieces.add(usage.toString());
        pieces.add("[DONE]");
        return pieces;
    }

    private static String choice(java.util.function.Consumer<ObjectNode> fill) {
        ObjectNode event = JSON.createObjectNode().put("id", "chatcmpl-1").put("object", "chat.completion.chunk");
        ObjectNode choice = event.putArray("choices").addObject().put("index", 0);
        fill.accept(choice);
        return event.toString();
    }

    private static void finish(ObjectNode choice, String reason) {
        choice.putObject("delta");
        choice.put("finish_reason", reason);
    }

    private static void call(
            ObjectNode choice, int index, @Nullable String id, @Nullable String tool, String arguments) {
        ObjectNode call =
                choice.putObject("delta").putArray("tool_calls").addObject().put("index", index);
        if (id != null) {
            call.put("id", id).put("type", "function");
        }
        ObjectNode function = call.putObject("function").put("arguments", arguments);
        if (tool != null) {
            function.put("name", tool);
        }
    }

    private static void logprobs(ObjectNode choice, String piece, boolean raw) {
        ObjectNode logprobs = choice.putObject("logprobs");
        if (raw) {
            logprobs.putArray("tokens").add(piece);
            logprobs.putArray("token_logprobs").add(-0.5);
            logprobs.putArray("top_logprobs").addObject().put(piece, -0.5);
        } else {
            ObjectNode token =
                    logprobs.putArray("content").addObject().put("token", piece).put("logprob", -0.5);
            token.putArray("top_logprobs").addObject().put("token", piece).put("logprob", -0.5);
        }
    }

    private void write(OutputStream out, List<String> pieces) throws IOException, InterruptedException {
        for (int i = 0; i < pieces.size(); i++) {
            if (mood == Mood.ENDLESS) {
                Thread.sleep(20);
            }
            if (i == 2 && mood == Mood.STALLS) {
                stall();
            }
            if (i == 2 && mood == Mood.BREAKS_OFF) {
                return;
            }
            if (i == 2 && mood == Mood.FAILS_MIDWAY) {
                send(out, "{\"error\": {\"message\": \"CUDA error: out of memory\", \"type\": \"server_error\"}}");
                return;
            }
            send(out, i == 1 && mood == Mood.MALFORMED ? "{\"choices\": [{" : pieces.get(i));
            if (i == 2 && mood == Mood.ENDLESS) {
                i = 1;
            }
        }
    }

    private static void send(OutputStream out, String data) throws IOException {
        out.write((": a comment\n\ndata: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static void error(HttpExchange exchange, int status, String message) throws IOException {
        ObjectNode body = JSON.createObjectNode();
        body.putObject("error").put("message", message).put("type", "error").put("code", status);
        json(exchange, status, body);
    }
}
