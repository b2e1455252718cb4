package org.llmspell.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ResidentModel;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.local.LocalModels;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.local.store.ImportRequest;
import org.llmspell.local.store.ModelStore;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A server over tiny models in a folder of its own, and the few words of HTTP that tests say to it. */
final class TestServer implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();

    /** Talks in turns; a system message is allowed. */
    private static final String TEMPLATE =
            "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

    final LocalModels models;
    final Server server;
    final Config config;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private TestServer(Config config) {
        this.config = config;
        this.models = LocalModels.open(config);
        this.server = Server.start(models, config.server());
    }

    /** Collects what a server is to be like. */
    static final class Builder {
        private final Path root;
        private final Map<String, String> flags = new HashMap<>();
        private @Nullable Path file;

        private Builder(Path root) {
            this.root = root;
            flags.put(ConfigKey.MODEL_DIRECTORY, root.resolve("models").toString());
            flags.put(ConfigKey.SERVER_PORT, "0");
            flags.put(ConfigKey.OLLAMA_ENABLED, "false");
            flags.put(ConfigKey.THREADS, "2");
            flags.put(ConfigKey.SERVER_GRACE, "0.5");
        }

        Builder with(String key, String value) {
            flags.put(key, value);
            return this;
        }

        Builder ollama(String url) {
            return with(ConfigKey.OLLAMA_ENABLED, "true").with(ConfigKey.OLLAMA_URL, url);
        }

        /** Installs a model. */
        Builder model(String name, String variant, SyntheticModel model) {
            try {
                Files.createDirectories(root);
                Path file = root.resolve(name + "-" + variant + ".gguf");
                model.write(file);
                new ModelStore(root.resolve("models"))
                        .importFile(new ImportRequest(
                                file, name, variant, ImportRequest.Placement.COPY, true, progress -> {}));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return this;
        }

        /** Reads that configuration file too. */
        Builder file(String toml) {
            try {
                Files.createDirectories(root);
                file = Files.writeString(root.resolve("config.toml"), toml);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return this;
        }

        TestServer start() {
            return new TestServer(Config.load(
                    file,
                    flags,
                    Map.of("OLLAMA_MODELS", root.resolve("no-ollama").toString()),
                    root));
        }
    }

    static Builder in(Path root) {
        return new Builder(root);
    }

    /** A model that replies at once, in turns, with a context of {@code context} tokens. */
    static SyntheticModel tiny(int context) {
        return SyntheticModel.llama(ModelShape.builder().context(context).build(), WeightMix.uniform(BlockFormat.Q8_0))
                .withVocabulary(SyntheticVocabulary.sentencePiece(384))
                .withChatTemplate(TEMPLATE);
    }

    /** A model that takes seconds for a prompt of ten thousand tokens. */
    static SyntheticModel slow() {
        return SyntheticModel.llama(
                        ModelShape.builder()
                                .layers(6)
                                .embedding(512)
                                .heads(8, 8, 64)
                                .feedForward(1536)
                                .context(32768)
                                .build(),
                        WeightMix.uniform(BlockFormat.Q8_0))
                .withVocabulary(SyntheticVocabulary.sentencePiece(384))
                .withChatTemplate(TEMPLATE);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(server.url() + path));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return send(request(path).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    HttpResponse<String> delete(String path, String body) throws IOException, InterruptedException {
        return send(request(path).method("DELETE", HttpRequest.BodyPublishers.ofString(body)));
    }

    /** The reply of a request that must succeed. */
    JsonNode ask(String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = body.isEmpty() ? get(path) : post(path, body);
        if (response.statusCode() != 200) {
            throw new AssertionError(path + ": " + response.statusCode() + " " + response.body());
        }
        return JSON.readTree(response.body());
    }

    /** The lines of a reply that must succeed. */
    List<JsonNode> lines(String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = post(path, body);
        if (response.statusCode() != 200) {
            throw new AssertionError(path + ": " + response.statusCode() + " " + response.body());
        }
        return response.body().lines().map(JSON::readTree).toList();
    }

    /** An event of a stream; the name is null where there is none. */
    record Event(@Nullable String name, String data) {
        JsonNode json() {
            return JSON.readTree(data);
        }
    }

    /** The server-sent events of a reply that must succeed. */
    List<Event> events(String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = post(path, body);
        if (response.statusCode() != 200) {
            throw new AssertionError(path + ": " + response.statusCode() + " " + response.body());
        }
        List<Event> events = new ArrayList<>();
        for (String block : response.body().strip().split("\n\n", -1)) {
            String name = null;
            StringBuilder data = new StringBuilder();
            for (String line : block.split("\n", -1)) {
                if (line.startsWith("event: ")) {
                    name = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data.append(line.substring(6));
                } else {
                    throw new AssertionError("no line of an event: " + line);
                }
            }
            events.add(new Event(name, data.toString()));
        }
        return events;
    }

    /** A connection of one's own, for what no client does. */
    Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), server.port());
    }

    /** Sends a POST on a connection and leaves the answer there. */
    static void post(Socket socket, String path, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        socket.getOutputStream()
                .write(("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + bytes.length + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    CandleBackend candle() {
        return (CandleBackend) models.backend("candle");
    }

    /** Cache pages that sequences hold or have been promised. */
    int pagesInUse() {
        return candle().residentModels().stream()
                .mapToInt(ResidentModel::pagesInUse)
                .sum();
    }

    /** Leases and generations that hold a model. */
    int users() {
        return candle().residentModels().stream().mapToInt(ResidentModel::users).sum();
    }

    /** Waits until something holds; false after half a minute. */
    static boolean becomes(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(5);
        }
        return true;
    }

    @Override
    public void close() {
        server.close();
        models.close();
        http.close();
    }
}
