package org.llmspell.testing;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An Ollama server in this process, written from the description of its interface: it lists, shows, pulls, deletes, embeds and
 * replies, and misbehaves on request. A reply names what was asked, so that a test sees its own words come back. Thread-safe.
 */
public final class FakeOllama extends FakeService {
    /** How the next streamed answers go wrong. */
    public enum Mood {
        HONEST,
        /** Every line late. */
        SLOW,
        /** Silent for ever after the second line. */
        STALLS,
        /** The connection ends after the second line. */
        BREAKS_OFF,
        /** An error line under status 200, after the second line. */
        FAILS_MIDWAY,
        /** 503, as when its queue is full. */
        BUSY,
        /** The second line is no JSON. */
        MALFORMED,
        /** A server of 2023, which leaves out all that came later. */
        OLD,
        /** Not Ollama at all: an HTML page under status 200. */
        IMPOSTOR,
        /** Goes on replying until the client goes away. */
        ENDLESS
    }

    /** What a client asked. */
    public record Request(String method, String path, JsonNode body) {}

    private final Map<String, Long> models = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile Mood mood = Mood.HONEST;

    public FakeOllama() {
        this(0);
    }

    /** Listens on that port of loopback; 0 for any. */
    public FakeOllama(int port) {
        super(port);
        start();
    }

    /** Installs a model of that size. */
    public FakeOllama with(String model, long bytes) {
        models.put(model, bytes);
        return this;
    }

    public void play(Mood next) {
        mood = next;
    }

    public String url() {
        return root();
    }

    public List<String> models() {
        return List.copyOf(models.keySet());
    }

    /** All that was asked, oldest first. */
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    /** The bodies of what was asked of {@code path}. */
    public List<JsonNode> bodies(String path) {
        return requests.stream()
                .filter(r -> r.path().equals(path))
                .map(Request::body)
                .toList();
    }

    @Override
    void answer(HttpExchange exchange, String path, JsonNode body) throws IOException, InterruptedException {
        requests.add(new Request(exchange.getRequestMethod(), path, body));
        if (mood == Mood.IMPOSTOR) {
            reply(exchange, 200, "text/html", "<html><body>It works!</body></html>");
            return;
        }
        switch (exchange.getRequestMethod() + " " + path) {
            case "GET /" -> reply(exchange, 200, "text/plain", "Ollama is running");
            case "GET /api/version" ->
                json(exchange, 200, JSON.createObjectNode().put("version", "0.33.0"));
            case "GET /api/tags" -> json(exchange, 200, tags());
            case "GET /api/ps" -> {
                if (mood == Mood.OLD) {
                    reply(exchange, 404, "text/plain", "404 page not found");
                } else {
                    json(exchange, 200, JSON.createObjectNode().set("models", JSON.createArrayNode()));
                }
            }
            case "POST /api/show" -> show(exchange, name(body));
            case "DELETE /api/delete" -> delete(exchange, name(body));
            case "POST /api/pull" -> pull(exchange, name(body));
            case "POST /api/chat", "POST /api/generate" -> chat(exchange, body, path.endsWith("generate"));
            case "POST /api/embed" -> embed(exchange, body);
            default -> reply(exchange, 404, "text/plain", "404 page not found");
        }
    }

    private static String name(JsonNode body) {
        return body.path("model").asString(body.path("name").asString(""));
    }

    private ObjectNode tags() {
        ArrayNode list = JSON.createArrayNode();
        models.forEach((name, size) -> {
            ObjectNode model = list.addObject();
            model.put("name", name);
            model.put("modified_at", "2026-08-0" + (1 + name.length() % 9) + "T10:00:00.123456789+02:00");
            model.put("size", size);
            model.put("digest", "0".repeat(64));
            if (mood != Mood.OLD) {
                model.put("model", name);
                model.putObject("details")
                        .put("format", "gguf")
                        .put("family", "llama")
                        .put("parameter_size", "8.0B")
                        .put("quantization_level", "Q4_K_M");
            }
        });
        ObjectNode reply = JSON.createObjectNode();
        reply.set("models", list);
        return reply;
    }

    private void show(HttpExchange exchange, String name) throws IOException {
        if (!models.containsKey(name)) {
            notFound(exchange, name);
            return;
        }
        ObjectNode reply = JSON.createObjectNode();
        reply.put("modelfile", "FROM " + name);
        if (mood != Mood.OLD) {
            reply.putObject("details")
                    .put("format", "gguf")
                    .put("family", "llama")
                    .put("quantization_level", "Q4_K_M");
            reply.putObject("model_info")
                    .put("general.architecture", "llama")
                    .put("general.parameter_count", 8_030_261_248L)
                    .put("llama.context_length", 131_072);
            reply.putArray("capabilities").add("completion").add("tools");
        }
        json(exchange, 200, reply);
    }

    private void delete(HttpExchange exchange, String name) throws IOException {
        if (models.remove(name) == null) {
            notFound(exchange, name);
        } else {
            exchange.sendResponseHeaders(200, -1);
        }
    }

    private void pull(HttpExchange exchange, String name) throws IOException, InterruptedException {
        stream(
                exchange,
                name.startsWith("no-such")
                        ? List.of(
                                JSON.createObjectNode().put("status", "pulling manifest"),
                                JSON.createObjectNode().put("error", "pull model manifest: file does not exist"))
                        : List.of(
                                JSON.createObjectNode().put("status", "pulling manifest"),
                                layer("sha256:aaaaaaaaaaaa", 1000, 0),
                                layer("sha256:aaaaaaaaaaaa", 1000, 600),
                                layer("sha256:aaaaaaaaaaaa", 1000, 400),
                                layer("sha256:bbbbbbbbbbbb", 24, 24),
                                layer("sha256:aaaaaaaaaaaa", 1000, 1000),
                                JSON.createObjectNode().put("status", "verifying sha256 digest"),
                                JSON.createObjectNode().put("status", "writing manifest"),
                                JSON.createObjectNode().put("status", "success")));
        if (!name.startsWith("no-such") && mood == Mood.HONEST) {
            models.put(name, 1024L);
        }
    }

    private static ObjectNode layer(String digest, long total, long completed) {
        ObjectNode line = JSON.createObjectNode()
                .put("status", "pulling " + digest.substring(7))
                .put("digest", digest)
                .put("total", total);
        return completed == 0 ? line : line.put("completed", completed);
    }

    /** A line whose message holds something other than text. */
    private ObjectNode message(String name, JsonNode body, Consumer<ObjectNode> fill) {
        ObjectNode line = line(name, false, "", false, body);
        fill.accept((ObjectNode) line.path("message"));
        return line;
    }

    /** Calls the first tool with the text {@code Paris} for each argument that it needs. */
    private static void call(ObjectNode message, JsonNode tools) {
        JsonNode tool = tools.get(0).path("function");
        ObjectNode call = message.putArray("tool_calls").addObject();
        call.put("id", "call_abc12345");
        ObjectNode function = call.putObject("function");
        function.put("index", 0).put("name", tool.path("name").asString());
        ObjectNode arguments = function.putObject("arguments");
        tool.path("parameters").path("required").forEach(key -> arguments.put(key.asString(), "Paris"));
    }

    private void chat(HttpExchange exchange, JsonNode body, boolean generate) throws IOException, InterruptedException {
        String name = name(body);
        if (!models.containsKey(name)) {
            notFound(exchange, name);
            return;
        }
        JsonNode messages = body.path("messages");
        String asked = generate
                ? body.path("prompt").asString("")
                : messages.isEmpty()
                        ? ""
                        : messages.get(messages.size() - 1).path("content").asString("");
        List<ObjectNode> lines = new ArrayList<>();
        if (!generate && body.path("think").asBoolean(false)) {
            lines.add(message(name, body, message -> message.put("thinking", "Let me think.")));
        }
        boolean answered = messages.isArray()
                && !messages.isEmpty()
                && "tool".equals(messages.get(messages.size() - 1).path("role").asString(""));
        if (!generate && body.path("tools").isArray() && !answered) {
            lines.add(message(name, body, message -> call(message, body.path("tools"))));
            lines.add(line(name, false, "", true, body).put("done_reason", "stop"));
            stream(exchange, lines);
            return;
        }
        for (String piece : List.of("You", " said: ", asked, " 🦙")) {
            lines.add(line(name, generate, piece, false, body));
        }
        ObjectNode last = line(name, generate, "", true, body);
        last.put("done_reason", body.path("options").path("num_predict").asInt(-1) == 1 ? "length" : "stop");
        if (mood != Mood.OLD) {
            last.put("total_duration", 5_000_000L)
                    .put("load_duration", 1_000_000L)
                    .put("prompt_eval_count", 11)
                    .put("prompt_eval_duration", 1_000_000L)
                    .put("eval_count", 4)
                    .put("eval_duration", 3_000_000L);
        }
        lines.add(last);
        stream(exchange, lines);
    }

    private ObjectNode line(String name, boolean generate, String piece, boolean done, JsonNode asked) {
        ObjectNode line = JSON.createObjectNode().put("model", name).put("created_at", "2026-08-01T10:00:00.5Z");
        if (generate) {
            line.put("response", piece);
        } else {
            line.putObject("message").put("role", "assistant").put("content", piece);
        }
        if (asked.path("logprobs").asBoolean(false) && !done) {
            ObjectNode token =
                    line.putArray("logprobs").addObject().put("token", piece).put("logprob", -0.5);
            token.putArray("top_logprobs").addObject().put("token", piece).put("logprob", -0.5);
        }
        return line.put("done", done);
    }

    private void embed(HttpExchange exchange, JsonNode body) throws IOException {
        ArrayNode vectors = JSON.createArrayNode();
        body.path("input").forEach(text -> vectors.addArray().add(0.6).add(0.8));
        json(exchange, 200, JSON.createObjectNode().put("model", name(body)).set("embeddings", vectors));
    }

    private void stream(HttpExchange exchange, List<ObjectNode> lines) throws IOException, InterruptedException {
        if (mood == Mood.BUSY) {
            json(
                    exchange,
                    503,
                    JSON.createObjectNode()
                            .put("error", "server busy, please try again.  maximum pending requests exceeded"));
            return;
        }
        exchange.getResponseHeaders().add("Content-Type", "application/x-ndjson");
        exchange.sendResponseHeaders(200, 0);
        stream(() -> write(exchange.getResponseBody(), lines));
    }

    private void write(OutputStream out, List<ObjectNode> lines) throws IOException, InterruptedException {
        for (int i = 0; i < lines.size(); i++) {
            if (mood == Mood.SLOW || mood == Mood.ENDLESS) {
                Thread.sleep(20);
            }
            if (i == 2 && mood == Mood.STALLS) {
                stall();
            }
            if (i == 2 && mood == Mood.BREAKS_OFF) {
                return;
            }
            if (i == 2 && mood == Mood.FAILS_MIDWAY) {
                send(out, "{\"error\":\"an error was encountered while running the model: CUDA error\"}");
                return;
            }
            send(
                    out,
                    i == 1 && mood == Mood.MALFORMED
                            ? "{\"message\": {\"content\": \"hel"
                            : lines.get(i).toString());
            if (i == 1 && mood == Mood.ENDLESS) {
                i = 0;
            }
        }
    }

    private static void send(OutputStream out, String line) throws IOException {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static void notFound(HttpExchange exchange, String name) throws IOException {
        json(exchange, 404, JSON.createObjectNode().put("error", "model '" + name + "' not found"));
    }
}
