package org.llmspell.local.ollama;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.json.JsonFields;

/** A pull that an Ollama server does: adds up its layers into one progress. */
final class OllamaPull {
    private record Layer(long total, long completed) {}

    private final URI address;
    private final String model;
    private final Map<String, Layer> layers = new LinkedHashMap<>();

    private OllamaPull(URI address, String model) {
        this.address = address;
        this.model = model;
    }

    /** Blocks until the server has it; an interrupt of the calling thread drops the connection, which ends the pull. */
    static PullResult run(OllamaClient client, String model, Consumer<PullProgress> progress) {
        OllamaPull pull = new OllamaPull(client.address(), model);
        // Servers of 2023 read `name`, today's read `model`.
        Map<String, Object> body = Map.of("model", model, "name", model, "stream", true);
        try (OllamaObjects lines = client.stream("/api/pull", body, model)) {
            return pull.follow(lines, progress);
        } catch (LocalModelException e) {
            if (e.kind() == Kind.CANCELLED) {
                throw pull.cancelled(e);
            }
            throw e.getMessage() != null && e.getMessage().startsWith("Failed to connect") ? e : pull.failed(e);
        }
    }

    private PullResult follow(OllamaObjects lines, Consumer<PullProgress> progress) {
        boolean success = false;
        Map<String, @Nullable Object> line = lines.next();
        while (line != null) {
            String status = JsonFields.string(line, "status");
            String digest = JsonFields.string(line, "digest");
            if (digest != null) {
                // `completed` is left out while it is 0, and goes back when a part is fetched again.
                layers.put(
                        digest,
                        new Layer(
                                Math.max(0, JsonFields.integer(line, "total", 0)),
                                Math.max(0, JsonFields.integer(line, "completed", 0))));
            }
            success = "success".equals(status);
            progress.accept(report(status == null ? "" : phase(status, digest), success));
            line = lines.next();
        }
        if (!success) {
            throw lines.brokenOff();
        }
        return new PullResult(model, "success", total());
    }

    /** {@code pulling 8eeb52dfb3bb} is for machines; a person reads one phase for all layers. */
    private static String phase(String status, @Nullable String digest) {
        return digest != null && status.startsWith("pulling") ? "downloading" : status;
    }

    private PullProgress report(String status, boolean success) {
        long total = total();
        long done = layers.values().stream().mapToLong(Layer::completed).sum();
        double percent = success ? 100 : total == 0 ? 0 : Math.min(100, 100.0 * done / total);
        return new PullProgress(status, percent, done, total);
    }

    private long total() {
        return layers.values().stream().mapToLong(Layer::total).sum();
    }

    /** The server keeps what it has fetched. */
    private LocalModelException cancelled(LocalModelException cause) {
        return new LocalModelException(
                Kind.CANCELLED,
                "The download of " + model + " was cancelled",
                null,
                List.of("Go on where it stopped: `llmspell model pull " + model + "@ollama`"),
                cause);
    }

    private LocalModelException failed(LocalModelException cause) {
        return new LocalModelException(
                Kind.TRANSFER_FAILED,
                "Failed to download model",
                model + " on Ollama at " + address + ": " + cause.getMessage(),
                List.of(
                        "Check internet connection",
                        "Verify model name correct: https://ollama.com/library",
                        "Try pulling via backend CLI directly: `ollama pull " + model + "`"),
                cause);
    }
}
