package org.llmspell.server.ollama;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.download.TransferException;
import org.llmspell.local.ollama.OllamaBackend;
import org.llmspell.local.store.ImportRequest;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Failures;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.ReplyStream;

/** How models come: {@code /api/pull}, {@code /api/create} from a file that was sent, {@code /api/copy}. */
final class OllamaTransfers {
    private static final Set<String> UNSUPPORTED = Set.of(
            "system", "template", "parameters", "messages", "adapters", "quantize", "license", "renderer", "parser");

    private static final String NO_SUCH_MODEL = "pull model manifest: file does not exist";

    private final Catalog catalog;
    private final OllamaBlobs blobs;

    OllamaTransfers(Catalog catalog, OllamaBlobs blobs) {
        this.catalog = catalog;
        this.blobs = blobs;
    }

    /** Lines of progress, or the last of them alone. */
    private static final class Lines {
        private final Exchange exchange;
        private final boolean stream;
        private @Nullable PullProgress last;

        Lines(Exchange exchange, Body body) {
            this.exchange = exchange;
            this.stream = body.flag("stream", true);
        }

        void say(String status) {
            if (stream) {
                exchange.stream(ReplyStream.LINES).line(Map.of("status", status));
            }
        }

        /** Progress of a transfer; at most a line for each hundredth, since a client may read slower than we load. */
        void progress(PullProgress progress) {
            if (!stream
                    || progress.status().equals("success")
                    || progress.status().equals("pulling manifest")) {
                return;
            }
            PullProgress before = last;
            if (before != null
                    && before.status().equals(progress.status())
                    && progress.bytesDownloaded() != progress.bytesTotal()
                    && Math.abs(progress.percentComplete() - before.percentComplete()) < 1) {
                return;
            }
            last = progress;
            Map<String, @Nullable Object> line = new LinkedHashMap<>();
            boolean loading = progress.status().equals("downloading");
            line.put("status", loading ? "pulling model" : progress.status());
            if (progress.bytesTotal() > 0) {
                line.put("total", progress.bytesTotal());
                if (progress.bytesDownloaded() > 0) {
                    line.put("completed", progress.bytesDownloaded());
                }
            }
            exchange.stream(ReplyStream.LINES).line(line);
        }

        void success() {
            if (stream) {
                say("success");
            } else {
                exchange.json(200, Map.of("status", "success"));
            }
        }
    }

    /** The model that a request names, in the field of today or of older clients. */
    static @Nullable String named(Body body) {
        String model = body.string("model");
        return model == null || model.isEmpty() ? body.string("name") : model;
    }

    void pull(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.forPull(named(body));
        Lines lines = new Lines(exchange, body);
        lines.say("pulling manifest");
        try {
            target.backend().pull(target.spec(), new PullOptions(false), lines::progress);
        } catch (LocalModelException e) {
            throw new HttpFailure(500, pullError(e), null, null, e);
        }
        catalog.changed();
        lines.success();
    }

    /** In Ollama's words, where they are its own or mean the same. */
    private static String pullError(LocalModelException e) {
        if (e.getCause() instanceof TransferException cause && cause.reason() == TransferException.Cause.NOT_FOUND) {
            return NO_SUCH_MODEL;
        }
        String text = Failures.of(e).text();
        return text.endsWith(NO_SUCH_MODEL) ? NO_SUCH_MODEL : text;
    }

    void create(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        ModelSpec to = destination(named(body));
        for (String field : UNSUPPORTED) {
            Object value = body.value(field);
            boolean empty = value == null || value.equals("") || value.equals(Map.of());
            if (!empty) {
                throw HttpFailure.wrong(field, "create: " + field + " is not supported; a model is its GGUF file here");
            }
        }
        Body files = body.object("files");
        String from = body.string("from", "");
        Lines lines = new Lines(exchange, body);
        if (files != null && !files.fields().isEmpty()) {
            if (files.fields().size() != 1) {
                throw HttpFailure.wrong("files", "create takes one GGUF file");
            }
            String hex = OllamaBlobs.hex(files.string(
                    String.valueOf(files.fields().keySet().iterator().next())));
            Path blob = blobs.find(hex)
                    .orElseThrow(() -> new HttpFailure(400, "blob sha256:" + hex + " has not been sent"));
            lines.say("parsing GGUF");
            place(blob, to, ImportRequest.Placement.HARD_LINK, lines);
        } else if (!from.isEmpty()) {
            copy(catalog.find(from), to, lines);
        } else {
            throw HttpFailure.wrong("files", "neither 'from' or 'files' was specified");
        }
        catalog.changed();
        lines.success();
    }

    void copy(Exchange exchange) throws IOException {
        Body body = Body.of(exchange.body());
        Catalog.Target source = catalog.find(body.string("source"));
        ModelSpec to = destination(body.string("destination"));
        copy(source, to, null);
        catalog.changed();
        exchange.empty(200);
    }

    private void copy(Catalog.Target source, ModelSpec to, @Nullable Lines lines) {
        switch (source.backend()) {
            case OllamaBackend ollama -> ollama.copy(source.spec(), to);
            case CandleBackend candle ->
                place(candle.locate(source.spec()), to, ImportRequest.Placement.HARD_LINK, lines);
            default -> throw new HttpFailure(400, source.backend().name() + " cannot copy models");
        }
    }

    private static ModelSpec destination(@Nullable String name) {
        return Catalog.parse(name);
    }

    private void place(Path file, ModelSpec to, ImportRequest.Placement placement, @Nullable Lines lines) {
        CandleBackend candle = catalog.candle()
                .orElseThrow(() -> new HttpFailure(400, "the embedded backend is disabled in the configuration"));
        String variant = to.variant() == null ? "latest" : to.variant();
        ImportRequest request = new ImportRequest(file, to.name(), variant, placement, true, progress -> {
            if (lines != null) {
                lines.progress(progress);
            }
        });
        try {
            candle.store().importFile(request);
        } catch (LocalModelException e) {
            if (e.kind() == LocalModelException.Kind.STORE && placement == ImportRequest.Placement.HARD_LINK) {
                // Another file system, or one without links.
                place(file, to, ImportRequest.Placement.COPY, lines);
                return;
            }
            if (e.kind() == LocalModelException.Kind.MODEL_UNUSABLE) {
                throw new HttpFailure(400, Failures.of(e).text().replace(file.toString(), "the file"));
            }
            throw e;
        }
    }
}
