package org.llmspell.lua;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.Pooling;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.Backend;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;

/**
 * Both backends, in memory. A reply is {@code NAME[messages] TEXT} word by word; the text {@code endless} is answered
 * without end, {@code stuck} never.
 */
final class FakeModels implements LocalModels {
    final List<ChatRequest> requests = new ArrayList<>();
    final List<String> removed = new ArrayList<>();
    final CountDownLatch generating = new CountDownLatch(3);
    volatile boolean streamClosed;
    volatile boolean pullInterrupted;
    boolean empty;
    /** Replies to give instead, in order, each in its pieces. */
    final Deque<List<ChatChunk>> scripted = new ArrayDeque<>();

    private final List<Backend> backends = List.of(new Fake("ollama"), new Fake("candle"));

    @Override
    public List<Backend> backends() {
        return backends;
    }

    @Override
    public Backend backend(String name) {
        return backends.stream()
                .filter(backend -> backend.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new LocalModelException(
                        LocalModelException.Kind.INVALID_REQUEST, "Unknown backend \"" + name + "\""));
    }

    @Override
    public Backend resolve(ModelSpec model) {
        return model.backend() == null ? backends.getFirst() : backend(model.backend());
    }

    @Override
    public List<ModelEntry> list(String backend) {
        List<ModelEntry> all = new ArrayList<>();
        (backend == null ? backends : List.of(backend(backend))).forEach(each -> all.addAll(each.list()));
        return all;
    }

    @Override
    public Map<String, BackendStatus> status(String backend) {
        Map<String, BackendStatus> all = new LinkedHashMap<>();
        (backend == null ? backends : List.of(backend(backend))).forEach(each -> all.put(each.name(), each.status()));
        return all;
    }

    @Override
    public void close() {}

    private final class Fake implements Backend {
        private final String name;

        Fake(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public BackendStatus status() {
            boolean up = name.equals("candle");
            return new BackendStatus(
                    name,
                    up,
                    up ? 1 : 0,
                    up ? "0.1" : null,
                    up ? null : "Failed to connect to Ollama server",
                    Map.of());
        }

        @Override
        public List<ModelEntry> list() {
            return empty
                    ? List.of()
                    : List.of(new ModelEntry(
                            "tiny-" + name + ":Q4_K_M", name, 3L << 20, "Q4_K_M", Instant.ofEpochSecond(1), false));
        }

        @Override
        public boolean has(ModelSpec model) {
            return true;
        }

        @Override
        public ModelInfo info(ModelSpec model) {
            if (model.name().equals("missing")) {
                throw new LocalModelException(
                        LocalModelException.Kind.MODEL_NOT_FOUND,
                        "Model missing not found",
                        "Pull it: llmspell model pull missing");
            }
            return new ModelInfo(
                    model.id(), name, 123456, "GGUF", "llama", "Q4_K_M", 1100L, 2048, false, null, Map.of());
        }

        @Override
        public PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress) {
            if (model.name().equals("stuck")) {
                progress.accept(new PullProgress("downloading", 1, 1, 100));
                try {
                    Thread.sleep(Duration.ofMinutes(5));
                } catch (InterruptedException e) {
                    pullInterrupted = true;
                    throw new LocalModelException(LocalModelException.Kind.CANCELLED, "cancelled");
                }
            }
            if (model.name().equals("missing")) {
                throw new LocalModelException(
                        LocalModelException.Kind.TRANSFER_FAILED,
                        "Failed to download model",
                        "Check internet connection");
            }
            progress.accept(new PullProgress("downloading", 50, 50, 100));
            return new PullResult(model.id(), "success", 100);
        }

        @Override
        public ChatStream chat(ChatRequest request) {
            requests.add(request);
            if (request.model().name().equals("missing")) {
                throw new LocalModelException(
                        LocalModelException.Kind.BACKEND_UNAVAILABLE,
                        "Failed to connect to Ollama server",
                        "nothing answers at http://localhost:11434",
                        List.of("Ensure Ollama is running: ollama serve"),
                        null);
            }
            List<ChatChunk> pieces = scripted.poll();
            if (pieces != null) {
                return new ScriptedStream(pieces);
            }
            ChatMessage last = request.messages().getLast();
            return new FakeStream(
                    last.content(),
                    name + "[" + request.messages().size() + "] " + last.content(),
                    request.sampling().logprobs() >= 0);
        }

        @Override
        public Embeddings embed(ModelSpec model, List<String> texts, EmbeddingOptions options) {
            float sign = options.normalized() ? 1 : -1;
            return new Embeddings(
                    texts.stream()
                            .map(text -> options.pooling() == Pooling.NONE
                                    ? new float[][] {{1, 2}, {3, 4}}
                                    : new float[][] {{sign * text.length(), options.truncated() ? 1 : 0.5f}})
                            .toList(),
                    texts.size());
        }

        @Override
        public void remove(ModelSpec model) {
            removed.add(model.id());
        }

        @Override
        public void close() {}
    }

    /** A reply in given pieces. */
    private static final class ScriptedStream implements ChatStream {
        private final List<ChatChunk> pieces;
        private int position;

        ScriptedStream(List<ChatChunk> pieces) {
            this.pieces = pieces;
        }

        @Override
        public ChatChunk next() {
            return position == pieces.size() ? null : pieces.get(position++);
        }

        @Override
        public int generatedTokens() {
            return 0;
        }

        @Override
        public ChatResult result() {
            StringBuilder text = new StringBuilder();
            StringBuilder thinking = new StringBuilder();
            List<ToolCall> calls = new ArrayList<>();
            for (ChatChunk piece : pieces) {
                text.append(piece.text());
                thinking.append(piece.thinking());
                calls.addAll(piece.toolCalls());
            }
            return new ChatResult(
                    text.toString(),
                    thinking.toString(),
                    calls,
                    FinishReason.STOP,
                    1,
                    0,
                    1,
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ofSeconds(1));
        }

        @Override
        public void close() {}
    }

    private final class FakeStream implements ChatStream {
        private final String mode;
        private final String text;
        private final boolean logprobs;
        private final CountDownLatch closed = new CountDownLatch(1);
        private int position;

        FakeStream(String mode, String text, boolean logprobs) {
            this.mode = mode;
            this.text = text;
            this.logprobs = logprobs;
        }

        @Override
        public ChatChunk next() {
            generating.countDown();
            if (mode.equals("stuck")) {
                try {
                    closed.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                throw new LocalModelException(LocalModelException.Kind.CANCELLED, "cancelled");
            }
            if (mode.equals("endless")) {
                return new ChatChunk("more ", List.of());
            }
            if (position == text.length()) {
                return null;
            }
            int space = text.indexOf(' ', position);
            int end = space < 0 ? text.length() : space + 1;
            String piece = text.substring(position, end);
            position = end;
            return new ChatChunk(
                    piece, logprobs ? List.of(new ChatChunk.TokenLogprob(piece, 7, -0.5, List.of())) : List.of());
        }

        @Override
        public int generatedTokens() {
            return 0;
        }

        @Override
        public ChatResult result() {
            return new ChatResult(
                    text, FinishReason.STOP, 11, 4, 5, Duration.ZERO, Duration.ofMillis(500), Duration.ofMillis(2500));
        }

        @Override
        public void close() {
            streamClosed = true;
            closed.countDown();
        }
    }
}
