package org.llmspell.local.candle;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.config.DownloadConfig;
import org.llmspell.local.download.DownloadSettings;
import org.llmspell.local.download.Downloader;
import org.llmspell.local.download.HuggingFace;
import org.llmspell.local.download.OllamaRegistry;
import org.llmspell.local.download.RemoteModel;
import org.llmspell.local.download.TransferException;
import org.llmspell.local.download.Transport;
import org.llmspell.local.store.GgufFacts;
import org.llmspell.local.store.Installation;
import org.llmspell.local.store.KnownModel;
import org.llmspell.local.store.Manifest;
import org.llmspell.local.store.ModelStore;
import org.llmspell.local.store.Sha256;
import org.llmspell.local.store.StoredModel;

/**
 * Downloads a model into the store: a known short name and {@code hf.co/USER/REPO} from Hugging Face, any other name from an
 * Ollama registry. The model appears when all its files are whole, or not at all; what was fetched when it fails stays
 * in the store's staging folder, where the next pull goes on.
 */
final class CandlePull {
    private final ModelStore store;
    private final DownloadConfig config;
    private final DownloadSettings settings;

    CandlePull(ModelStore store, DownloadConfig config) {
        this(store, config, DownloadSettings.DEFAULTS);
    }

    CandlePull(ModelStore store, DownloadConfig config, DownloadSettings settings) {
        this.store = store;
        this.config = config;
        this.settings = settings;
    }

    PullResult pull(ModelSpec asked, PullOptions options, Consumer<PullProgress> progress) {
        if (asked.isPath()) {
            throw new LocalModelException(
                    Kind.INVALID_REQUEST,
                    "The file " + asked.name() + " is on this machine: there is nothing to pull",
                    "Bring it into the model directory: `llmspell model import " + asked.name() + "`");
        }
        // Without a variant the source decides which one is meant, but for short names, whose default is ours.
        ModelSpec model =
                asked.variant() == null && KnownModel.named(asked.name()).isPresent()
                        ? new ModelSpec(asked.name(), KnownModel.DEFAULT_VARIANT, asked.backend(), false)
                        : asked;
        if (!options.force() && model.variant() != null && store.has(model)) {
            return exists(store.find(model), progress);
        }
        if (config.offline()) {
            throw failed(
                    model, "downloads are switched off (offline = true, LLMSPELL_OFFLINE or HF_HUB_OFFLINE)", null);
        }
        try (Transport transport = new Transport(settings.connectTimeout(), config.environment())) {
            progress.accept(new PullProgress("pulling manifest", 0, 0, 0));
            RemoteModel remote = find(transport, model, options);
            String variant =
                    model.variant() == null || ModelSpec.isFile(model.variant()) ? remote.variant() : model.variant();
            ModelSpec target = new ModelSpec(model.name(), variant, null, false);
            if (!options.force() && store.has(target)) {
                return exists(store.find(target), progress);
            }
            return install(transport, target, remote, options, progress);
        } catch (InterruptedException | ClosedByInterruptException e) {
            Thread.currentThread().interrupt();
            throw new LocalModelException(
                    Kind.CANCELLED,
                    "The download of " + model.id() + " was cancelled",
                    null,
                    List.of("Go on where it stopped: `llmspell model pull " + model.id() + "@candle`"),
                    e);
        } catch (IOException e) {
            throw failed(model, String.valueOf(e.getMessage()), e);
        }
    }

    private static PullResult exists(StoredModel there, Consumer<PullProgress> progress) {
        progress.accept(new PullProgress("success", 100, there.sizeBytes(), there.sizeBytes()));
        return new PullResult(there.id(), "exists", there.sizeBytes());
    }

    private RemoteModel find(Transport transport, ModelSpec model, PullOptions options)
            throws IOException, InterruptedException {
        String repository = model.isHuggingFace()
                ? model.name().substring("hf.co/".length())
                : KnownModel.named(model.name()).map(KnownModel::repository).orElse(null);
        if (repository != null) {
            return new HuggingFace(transport, config.hub(), config.hfApiKey())
                    .find(repository, model.variant(), options.revision());
        }
        if (options.revision() != null) {
            throw new LocalModelException(
                    Kind.INVALID_REQUEST,
                    "A revision pins models of Hugging Face only, and " + model.id()
                            + " is pulled from an Ollama registry",
                    "Leave it out; name a tag after the colon instead");
        }
        return new OllamaRegistry(transport, config.registry()).find(model.name(), model.variant());
    }

    private PullResult install(
            Transport transport,
            ModelSpec target,
            RemoteModel remote,
            PullOptions options,
            Consumer<PullProgress> progress)
            throws IOException, InterruptedException {
        String variant = String.valueOf(target.variant());
        try (Installation installation = store.install(target.name(), variant, options.force())) {
            installation.keepForResuming();
            List<Manifest.Entry> entries = new ArrayList<>();
            long before = 0;
            for (RemoteModel.Part part : remote.files()) {
                Path file = installation.folder().resolve(fileName(target, part, remote));
                entries.add(fetch(transport, part, file, before, remote.size(), progress));
                before += part.remote().size();
            }
            GgufFacts facts = check(
                    installation,
                    installation.folder().resolve(entries.getFirst().name()));
            progress.accept(new PullProgress("writing manifest", 100, before, before));
            installation.commit(new Manifest(
                    target.name(),
                    variant,
                    remote.source(),
                    remote.revision(),
                    Manifest.Origin.DOWNLOADED,
                    facts.quantization(),
                    Instant.now().truncatedTo(ChronoUnit.SECONDS),
                    entries));
            progress.accept(new PullProgress("success", 100, before, before));
            return new PullResult(target.id(), "success", before);
        }
    }

    /** Registries know a file by its digest alone; elsewhere it keeps its name, which tells split parts apart. */
    private static String fileName(ModelSpec target, RemoteModel.Part part, RemoteModel remote) {
        return remote.files().size() == 1 && part.name().equals("model.gguf")
                ? target.name().replace("/", "--") + "-" + target.variant() + ".gguf"
                : part.name();
    }

    private Manifest.Entry fetch(
            Transport transport,
            RemoteModel.Part part,
            Path file,
            long before,
            long total,
            Consumer<PullProgress> progress)
            throws IOException, InterruptedException {
        String promised = part.remote().sha256();
        // A part that an earlier pull has finished.
        if (promised != null
                && Files.isRegularFile(file)
                && Files.size(file) == part.remote().size()
                && Sha256.of(file).equals(promised)) {
            return new Manifest.Entry(
                    String.valueOf(file.getFileName()), part.remote().size(), promised);
        }
        new Downloader(transport, settings).fetch(part.remote(), file, (phase, bytes) -> {
            long done = before + bytes;
            progress.accept(new PullProgress(phase, Math.min(100, 100.0 * done / total), done, total));
        });
        return new Manifest.Entry(
                String.valueOf(file.getFileName()),
                part.remote().size(),
                promised == null ? Sha256.of(file) : promised);
    }

    /** What arrived may be exactly what was promised and still be no model. */
    private static GgufFacts check(Installation installation, Path file) throws IOException {
        String reason;
        try {
            GgufFacts facts = GgufFacts.read(file);
            reason = facts.notLanguageModel() == null
                    ? null
                    : "it is no language model: the file " + facts.notLanguageModel();
            if (reason == null) {
                return facts;
            }
        } catch (LocalModelException e) {
            reason = String.valueOf(e.getMessage());
        }
        installation.discard();
        throw new TransferException(TransferException.Cause.DISHONEST, "what was downloaded cannot be used: " + reason);
    }

    private LocalModelException failed(ModelSpec model, String reason, @Nullable IOException cause) {
        TransferException.Cause why =
                cause instanceof TransferException known ? known.reason() : TransferException.Cause.TRANSIENT;
        List<String> solutions = new ArrayList<>();
        switch (why) {
            case UNAUTHORIZED -> {
                solutions.add("Accept the model's terms on its page, if it has such: https://huggingface.co/"
                        + model.name().replaceFirst("^hf\\.co/", ""));
                solutions.add("For Candle: Set `HFHUB_API_KEY` environment variable to a token that may read it");
                solutions.add("Verify model name correct");
            }
            case NOT_FOUND -> {
                solutions.add("Verify model name correct");
                solutions.add(
                        "Name any repository of Hugging Face: `llmspell model pull hf.co/USER/REPO:QUANT@candle`");
            }
            case DISK -> {
                solutions.add("Free some space, or remove a model: `llmspell model remove NAME:VARIANT@candle`");
                solutions.add("Go on where it stopped: `llmspell model pull " + model.id() + "@candle`");
            }
            default -> {
                solutions.add("Check internet connection");
                solutions.add("Verify model name correct");
                solutions.add("For Candle: Set `HFHUB_API_KEY` environment variable");
            }
        }
        solutions.add("Manual download from HuggingFace, then: `llmspell model import FILE.gguf "
                + (model.isHuggingFace() ? "NAME:VARIANT" : model.id()) + "`");
        return new LocalModelException(
                Kind.TRANSFER_FAILED, "Failed to download model", model.id() + ": " + reason, solutions, cause);
    }
}
