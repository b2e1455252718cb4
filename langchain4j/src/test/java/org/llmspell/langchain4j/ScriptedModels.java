package org.llmspell.langchain4j;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.config.Config;

/** Models whose replies a test writes, for timing, failures and kinds of pieces that no tiny model makes; keeps the requests. */
final class ScriptedModels extends OtherModels {
    final List<ChatRequest> requests = new CopyOnWriteArrayList<>();
    final CountDownLatch streamClosed = new CountDownLatch(1);
    final CountDownLatch opening = new CountDownLatch(1);
    private final List<ChatChunk> chunks;
    /** After the last word. */
    private Runnable ending = () -> {};

    private boolean endless;
    private boolean neverOpens;
    private boolean closed;
    private Duration pause = Duration.ZERO;

    private ScriptedModels(List<ChatChunk> chunks) {
        super(LocalModels.open(
                Config.load(null, java.util.Map.of(), java.util.Map.of(), java.nio.file.Path.of("target/no-home"))));
        this.chunks = chunks;
    }

    static ScriptedModels saying(String... words) {
        return new ScriptedModels(
                Arrays.stream(words).map(word -> new ChatChunk(word, List.of())).toList());
    }

    static ScriptedModels giving(ChatChunk... chunks) {
        return new ScriptedModels(List.of(chunks));
    }

    static ScriptedModels failing(LocalModelException failure) {
        ScriptedModels models = saying();
        models.ending = () -> {
            throw failure;
        };
        return models;
    }

    static ScriptedModels breaking(Error failure) {
        ScriptedModels models = saying();
        models.ending = () -> {
            throw failure;
        };
        return models;
    }

    /** Every piece after that time. */
    ScriptedModels every(Duration pause) {
        this.pause = pause;
        return this;
    }

    /** After the last word nothing comes any more, until the reply is closed. */
    ScriptedModels thenSilent() {
        endless = true;
        return this;
    }

    /** The model is loaded for ever, until the thread that waits is interrupted. */
    ScriptedModels thatNeverOpen() {
        neverOpens = true;
        return this;
    }

    boolean closed() {
        return closed;
    }

    @Override
    public ChatStream chat(ChatRequest request) {
        requests.add(request);
        opening.countDown();
        if (neverOpens) {
            waitFor(() -> {
                Thread.sleep(Duration.ofMinutes(5));
                return null;
            });
        }
        return new Script();
    }

    @Override
    public Embeddings embed(ModelSpec model, List<String> texts, org.llmspell.engine.EmbeddingOptions options) {
        opening.countDown();
        waitFor(() -> {
            Thread.sleep(Duration.ofMinutes(5));
            return null;
        });
        throw new IllegalStateException("nobody cancelled");
    }

    @Override
    public void close() {
        closed = true;
        super.close();
    }

    private interface Waiting<T> {
        T run() throws InterruptedException;
    }

    private <T> T waitFor(Waiting<T> waiting) {
        try {
            return waiting.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            streamClosed.countDown();
            throw new LocalModelException(LocalModelException.Kind.CANCELLED, "The request was cancelled");
        }
    }

    private final class Script implements ChatStream {
        private int at;

        @Override
        public @Nullable ChatChunk next() {
            if (at < chunks.size()) {
                waitFor((Waiting<@Nullable Object>) () -> {
                    Thread.sleep(pause);
                    return null;
                });
                return chunks.get(at++);
            }
            ending.run();
            if (endless) {
                waitFor((Waiting<@Nullable Object>) () -> {
                    streamClosed.await();
                    return null;
                });
                throw new LocalModelException(LocalModelException.Kind.CANCELLED, "The request was cancelled");
            }
            return null;
        }

        @Override
        public int generatedTokens() {
            return at;
        }

        @Override
        public ChatResult result() {
            List<ToolCall> calls = new ArrayList<>();
            chunks.forEach(chunk -> calls.addAll(chunk.toolCalls()));
            return new ChatResult(
                    joined(ChatChunk::text),
                    joined(ChatChunk::thinking),
                    calls,
                    FinishReason.STOP,
                    7,
                    0,
                    chunks.size(),
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ZERO);
        }

        private String joined(java.util.function.Function<ChatChunk, String> part) {
            StringBuilder all = new StringBuilder();
            chunks.forEach(chunk -> all.append(part.apply(chunk)));
            return all.toString();
        }

        @Override
        public void close() {
            streamClosed.countDown();
        }
    }
}
