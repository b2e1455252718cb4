package org.llmspell.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Readable;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.DownloadConfig;
import org.llmspell.local.download.HubCheck;
import org.llmspell.local.download.TransferException;
import org.llmspell.local.store.Listing;
import org.llmspell.local.store.ModelStore;
import org.llmspell.lua.LuaRuntime;
import org.llmspell.lua.vm.LuaUnavailableException;

/** Looks at everything that models need on this machine, one place after the other, and changes nothing. */
public final class Doctor {
    private static final String VECTOR = "jdk.incubator.vector";
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /** Less than the smallest models take. */
    private static final long LITTLE_SPACE = 1L << 30;

    private final Supplier<Config> config;
    private final Supplier<LocalModels> models;

    /** A doctor who reads the configuration and opens the backends when it comes to them. */
    public Doctor(Supplier<Config> config, Supplier<LocalModels> models) {
        this.config = config;
        this.models = models;
    }

    /** Checks all places. */
    public List<Check> run() throws InterruptedException {
        List<Check> checks = new ArrayList<>();
        checks.add(java(ModuleLayer.boot().findModule(VECTOR).isPresent(), KernelProvider.warning()));
        checks.add(Check.ok("cpu", Processor.describe()));
        Config loaded;
        try {
            loaded = config.get();
        } catch (LocalModelException e) {
            checks.add(new Check(
                    "config",
                    Check.Status.FAIL,
                    String.valueOf(e.getMessage()),
                    e.solutions().isEmpty()
                            ? List.of("Correct the file, then run this again: the rest depends on it")
                            : e.solutions()));
            return checks;
        }
        checks.add(Check.ok(
                "config",
                loaded.file() == null
                        ? "no file: defaults and environment"
                        : loaded.file().toString()));
        checks.add(candle(loaded));
        checks.add(modelDirectory(loaded));
        checks.add(ollama(loaded));
        checks.add(hub(loaded.download()));
        checks.add(lua(loaded));
        return checks;
    }

    /**
     * Java itself.
     *
     * @param vector whether it has the Vector API
     * @param slow why computing is slow, or null
     */
    static Check java(boolean vector, @Nullable String slow) {
        String version = System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")";
        if (vector) {
            return Check.ok("java", version + ", Vector API on");
        }
        return slow == null
                ? Check.ok("java", version + ", without the Vector API, which nothing needs here")
                : Check.warn(
                        "java",
                        version + ", without the Vector API: " + slow,
                        "Set " + KernelProvider.VARIABLE
                                + "=vector and start through the llmspell launcher, or give java --add-modules="
                                + VECTOR);
    }

    private Check candle(Config loaded) {
        if (!loaded.candle().enabled()) {
            return Check.ok("candle", "disabled in the configuration");
        }
        BackendStatus status =
                Objects.requireNonNull(models.get().status("candle").get("candle"));
        if (!status.available()) {
            return Check.fail(
                    "candle",
                    String.valueOf(status.error()),
                    "Check [providers.candle.options] in the configuration: `llmspell config` shows what is in force");
        }
        Map<String, String> details = status.details();
        String kernels = details.getOrDefault("kernels", "unknown");
        String finding = "kernels " + kernels + ", device " + details.getOrDefault("device", "cpu");
        return kernels.startsWith("scalar")
                ? Check.warn(
                        "candle",
                        finding + ": the slow ones",
                        "See the warning about kernels that `llmspell --trace warn model status` shows",
                        "Start through the llmspell launcher, and leave LLMSPELL_KERNELS unset")
                : Check.ok("candle", finding);
    }

    private static Check modelDirectory(Config loaded) {
        Path directory = loaded.candle().modelDirectory();
        String elsewhere = "Name another one: model_directory under [providers.candle.options], or LLMSPELL_MODEL_DIR";
        try {
            if (!Files.exists(directory)) {
                Path parent = existing(directory);
                return Files.isDirectory(parent) && Files.isWritable(parent)
                        ? Check.ok("models", directory + ", which is made when the first model comes; " + free(parent))
                        : Check.fail("models", directory + " cannot be made in " + parent, elsewhere);
            }
            Listing listing = new ModelStore(directory).list();
            String finding =
                    directory + ": " + Readable.counted(listing.models().size(), "model") + ", " + free(directory);
            if (!Files.isWritable(directory)) {
                return Check.warn(
                        "models",
                        finding + "; it cannot be written, so that no model can be pulled",
                        "Check the permissions of the directory",
                        elsewhere);
            }
            if (!listing.warnings().isEmpty()) {
                List<String> solutions = new ArrayList<>(listing.warnings());
                solutions.add("Fetch damaged models again: `llmspell model pull NAME:VARIANT@candle --force`");
                return new Check(
                        "models",
                        Check.Status.WARN,
                        finding + ", " + Readable.counted(listing.warnings().size(), "problem"),
                        solutions);
            }
            return usable(directory) < LITTLE_SPACE
                    ? Check.warn("models", finding + ": hardly enough for a model", "Free some space", elsewhere)
                    : Check.ok("models", finding);
        } catch (LocalModelException e) {
            return new Check("models", Check.Status.FAIL, String.valueOf(e.getMessage()), e.solutions());
        } catch (IOException e) {
            return Check.fail("models", directory + " cannot be read: " + e.getMessage(), elsewhere);
        }
    }

    private static Path existing(Path path) {
        Path at = path;
        while (!Files.exists(at) && at.getParent() != null) {
            at = at.getParent();
        }
        return at;
    }

    private static long usable(Path folder) throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }

    private static String free(Path folder) throws IOException {
        return Readable.size(usable(folder)) + " free";
    }

    private Check ollama(Config loaded) {
        if (!loaded.ollama().enabled()) {
            return Check.ok("ollama", "disabled in the configuration");
        }
        BackendStatus status =
                Objects.requireNonNull(models.get().status("ollama").get("ollama"));
        return status.available()
                ? Check.ok(
                        "ollama",
                        loaded.ollama().url() + ", version " + (status.version() == null ? "unknown" : status.version())
                                + ", " + Readable.counted(status.models(), "model"))
                : Check.warn(
                        "ollama",
                        String.valueOf(status.error()),
                        "Needed for models @ollama only. Ensure Ollama is running: `ollama serve`",
                        "Check URL in config: `url = \"" + loaded.ollama().url() + "\"`, or OLLAMA_HOST",
                        "Verify Ollama installed: `ollama --version`");
    }

    private static Check hub(DownloadConfig download) throws InterruptedException {
        if (download.offline()) {
            return Check.ok("hub", "not asked: downloads are switched off");
        }
        TransferException problem = HubCheck.problem(download, PATIENCE);
        if (problem == null) {
            return Check.ok("hub", download.hub() + (download.hfApiKey() == null ? " answers" : " takes the token"));
        }
        return problem.reason() == TransferException.Cause.UNAUTHORIZED && download.hfApiKey() != null
                ? Check.warn(
                        "hub",
                        download.hub() + " does not take the token: " + problem.getMessage(),
                        "Set HFHUB_API_KEY to a token of yours: https://huggingface.co/settings/tokens",
                        "Unset it: public models need none")
                : Check.warn(
                        "hub",
                        download.hub() + " cannot be used: " + problem.getMessage(),
                        "Needed for pulling models @candle only. Check internet connection, and HTTPS_PROXY behind a proxy",
                        "Name a mirror: HF_ENDPOINT",
                        "Bring models in on a disk: `llmspell model export` there and `llmspell model import` here");
    }

    /** Loads what scripts need, which the folder for temporary files must allow. */
    private Check lua(Config loaded) {
        try (LuaRuntime runtime = LuaRuntime.builder(models.get(), loaded).build()) {
            return runtime.exec("assert(_VERSION == 'Lua 5.4')", "doctor") == 0
                    ? Check.ok("lua", "Lua 5.4 runs")
                    : Check.warn("lua", "Lua answers nonsense", "Install LLMSpell again");
        } catch (LuaUnavailableException e) {
            return Check.warn(
                    "lua",
                    "Scripts cannot run: " + e.getMessage(),
                    "Set LLMSPELL_NATIVE_DIR to a folder that can be written and whose file system is not mounted noexec");
        }
    }
}
