package org.llmspell.local.config;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatOption;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.KeepAliveText;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.Quoted;

/**
 * What the user has configured: flags over environment variables over {@code ~/.llmspell/config.toml} over defaults, every
 * key being one of {@link ConfigKey#ALL}. Immutable.
 */
public final class Config {
    /** The environment variable that names the file, where no flag does. */
    public static final String FILE_VARIABLE = "LLMSPELL_CONFIG";

    /** What {@link #get} shows of a secret that is set. */
    public static final String MASK = "********";

    private final Map<String, Object> values;
    private final Map<String, ConfigKey> keys;
    private final @Nullable Path file;
    private final OllamaConfig ollama;
    private final CandleConfig candle;
    private final DownloadConfig download;
    private final ServerConfig server;
    private final AgentConfig agent;
    private final List<OpenAiConfig> providers;

    private Config(
            Map<String, Object> values,
            Map<String, ConfigKey> keys,
            List<String> providers,
            @Nullable Path file,
            Path home,
            Map<String, String> environment) {
        this.values = values;
        this.keys = keys;
        this.file = file;
        this.ollama = new OllamaConfig(
                value(ConfigKey.OLLAMA_ENABLED, true),
                OllamaUrl.parse(value(ConfigKey.OLLAMA_URL, "")).orElseThrow(),
                seconds(ConfigKey.OLLAMA_TIMEOUT),
                seconds(ConfigKey.OLLAMA_IDLE_TIMEOUT),
                seconds(ConfigKey.OLLAMA_PROBE_TIMEOUT));
        this.candle = new CandleConfig(
                value(ConfigKey.CANDLE_ENABLED, true),
                expand(value(ConfigKey.MODEL_DIRECTORY, ""), home)
                        .toAbsolutePath()
                        .normalize(),
                value(ConfigKey.DEVICE, ""),
                (String) values.get(ConfigKey.HF_API_KEY),
                value(ConfigKey.THREADS, 0L).intValue(),
                values.get(ConfigKey.CONTEXT_LENGTH) instanceof Long tokens ? tokens.intValue() : null,
                value(ConfigKey.CACHE_TYPE, ""),
                value(ConfigKey.DRAFT_TOKENS, 0L).intValue(),
                value(ConfigKey.KEEP_ALIVE, Duration.ZERO),
                value(ConfigKey.MAX_LOADED_MODELS, 1L).intValue());
        this.download = new DownloadConfig(
                address(ConfigKey.HF_ENDPOINT),
                address(ConfigKey.OLLAMA_REGISTRY),
                value(ConfigKey.OFFLINE, false),
                candle.hfApiKey(),
                ollamaModels(environment, home),
                environment);
        this.server = new ServerConfig(
                value(ConfigKey.SERVER_HOST, ""),
                value(ConfigKey.SERVER_PORT, 0L).intValue(),
                (String) values.get(ConfigKey.SERVER_API_KEY),
                texts(values.get(ConfigKey.SERVER_ORIGINS)),
                value(ConfigKey.SERVER_PARALLEL, 1L).intValue(),
                value(ConfigKey.SERVER_QUEUE, 0L).intValue(),
                value(ConfigKey.SERVER_BODY, 1L).intValue() << 20,
                seconds(ConfigKey.SERVER_STALL),
                seconds(ConfigKey.SERVER_GRACE));
        this.agent = new AgentConfig(
                values.get(ConfigKey.AGENT_MODEL) instanceof String model ? ModelSpec.parse(model) : null,
                (String) values.get(ConfigKey.AGENT_SYSTEM_PROMPT),
                agentOptions(values));
        this.providers = providers.stream().map(this::provider).toList();
    }

    private OpenAiConfig provider(String name) {
        String options = ProviderKeys.PROVIDERS + name + ".options.";
        List<String> urls = texts(values.get(options + "urls"));
        boolean enabled = value(ProviderKeys.PROVIDERS + name + ".enabled", true);
        if (urls.isEmpty() && enabled) {
            throw error("[providers." + name
                    + "] needs the address of its servers: urls = \"http://localhost:8000/v1\" in [providers." + name
                    + ".options]");
        }
        Map<String, String> names = new LinkedHashMap<>();
        if (values.get(options + "models") instanceof Map<?, ?> map) {
            map.forEach((key, value) -> names.put(String.valueOf(key), String.valueOf(value)));
        }
        return new OpenAiConfig(
                name,
                enabled,
                urls.stream().map(url -> URI.create(url.replaceAll("/+$", ""))).toList(),
                (String) values.get(options + "api_key"),
                seconds(options + "timeout"),
                seconds(options + "idle_timeout"),
                seconds(options + "probe_timeout"),
                seconds(options + "check_interval"),
                value(options + "extensions", true),
                names);
    }

    /** {@link #load(Path, Map, Map, Path)} with this process's environment and home. */
    public static Config load(@Nullable Path file, Map<String, String> flags) {
        return load(file, flags, System.getenv(), Path.of(System.getProperty("user.home")));
    }

    /**
     * Reads the configuration.
     *
     * @param file the file that a flag names, which must exist; null for the one that {@value #FILE_VARIABLE} names, which
     *     must exist too, or {@code .llmspell/config.toml} in {@code home}, which need not
     * @param flags values that win over all others, by their {@link ConfigKey#path}
     * @param environment variables by name
     * @param home the user's home folder, for {@code ~}
     * @throws LocalModelException of kind {@code CONFIGURATION} that says where the mistake is
     */
    public static Config load(
            @Nullable Path file, Map<String, String> flags, Map<String, String> environment, Path home) {
        Path path = find(file, environment, home);
        TomlFile.Content content = path == null ? new TomlFile.Content(Map.of(), List.of()) : TomlFile.read(path);
        Map<String, ConfigKey> keys = new LinkedHashMap<>();
        ConfigKey.ALL.forEach(key -> keys.put(key.path(), key));
        content.providers().forEach(name -> ProviderKeys.of(name).forEach(key -> keys.put(key.path(), key)));

        Map<String, Object> values = new HashMap<>();
        for (ConfigKey key : keys.values()) {
            if (key.defaultValue() != null) {
                values.put(key.path(), key.type().read(key.defaultValue()).orElseThrow());
            }
        }
        values.putAll(content.values());
        Path folder = path == null ? null : path.toAbsolutePath().normalize().getParent();
        if (folder != null && content.values().get(ConfigKey.MODEL_DIRECTORY) instanceof String directory) {
            values.put(
                    ConfigKey.MODEL_DIRECTORY,
                    folder.resolve(expand(directory, home)).toString());
        }
        for (ConfigKey key : keys.values()) {
            for (String variable : key.environment()) {
                String text = environment.get(variable);
                if (text != null && !text.isBlank()) {
                    values.put(key.path(), fromText(key, variable, text));
                    break;
                }
            }
        }
        flags.forEach((name, text) -> {
            ConfigKey key = keys.get(name);
            if (key == null) {
                throw error("Unknown configuration key " + Quoted.of(name) + TomlFile.hint(name));
            }
            values.put(name, fromText(key, name, text));
        });
        return new Config(
                Map.copyOf(values), Collections.unmodifiableMap(keys), content.providers(), path, home, environment);
    }

    /** The file to read; null where none is named and the usual one is not there. */
    private static @Nullable Path find(@Nullable Path flag, Map<String, String> environment, Path home) {
        String variable = flag == null ? environment.getOrDefault(FILE_VARIABLE, "") : "";
        boolean byVariable = !variable.isBlank();
        Path file = home.resolve(".llmspell").resolve("config.toml");
        if (flag != null) {
            file = flag;
        } else if (byVariable) {
            file = expand(variable, home);
        }
        if (Files.exists(file)) {
            return file;
        }
        if (flag == null && !byVariable) {
            return null;
        }
        throw error("There is no configuration file " + file + " (named by " + (byVariable ? FILE_VARIABLE : "--config")
                + ")");
    }

    private static Object fromText(ConfigKey key, String where, String text) {
        return key.type()
                .readText(text.strip())
                .orElseThrow(() -> error(where + " must be " + key.type().expected() + ", got "
                        + (key.secret() ? "something else" : Quoted.of(text))));
    }

    private static Path expand(String path, Path home) {
        if (path.equals("~")) {
            return home;
        }
        return path.startsWith("~/") ? home.resolve(path.substring(2)) : Path.of(path);
    }

    private static ChatOptions agentOptions(Map<String, Object> values) {
        Map<String, Object> options = new HashMap<>();
        for (ChatOption option : ChatOption.ALL) {
            Object value = values.get(ConfigKey.AGENT + option.name());
            if (value != null) {
                // A duration was read already; the option's type reads text and numbers.
                options.put(option.name(), value instanceof Duration d ? KeepAliveText.show(d) : value);
            }
        }
        return ChatOptions.DEFAULTS.with(options, Set.of());
    }

    /** The file that was read, or null if there was none. */
    public @Nullable Path file() {
        return file;
    }

    public OllamaConfig ollama() {
        return ollama;
    }

    public CandleConfig candle() {
        return candle;
    }

    public DownloadConfig download() {
        return download;
    }

    public ServerConfig server() {
        return server;
    }

    /** The providers that the file brings itself, in its order. */
    public List<OpenAiConfig> providers() {
        return providers;
    }

    /** Every key there is here, in the order to show. */
    public List<ConfigKey> keys() {
        return List.copyOf(keys.values());
    }

    public AgentConfig agent() {
        return agent;
    }

    /**
     * The value at {@code path}, such as {@code providers.candle.options.device}: a {@link String}, {@link Long},
     * {@link Double}, {@link Boolean} or {@link List}, a {@link Map} for a table, or null where nothing is set. Secrets
     * read as {@link #MASK}; paths are absolute.
     */
    public @Nullable Object get(String path) {
        if (keys.containsKey(path)) {
            return shown(path);
        }
        Map<String, Object> table = new LinkedHashMap<>();
        for (ConfigKey key : keys.values()) {
            Object value = shown(key.path());
            if (value != null && (path.isEmpty() || key.path().startsWith(path + "."))) {
                String rest = path.isEmpty() ? key.path() : key.path().substring(path.length() + 1);
                put(table, List.of(rest.split("\\.")), value);
            }
        }
        return table.isEmpty() ? null : table;
    }

    @SuppressWarnings("unchecked") // the inner maps are this method's own
    private static void put(Map<String, Object> table, List<String> path, Object value) {
        if (path.size() == 1) {
            table.put(path.getFirst(), value);
        } else {
            Object inner = table.computeIfAbsent(path.getFirst(), name -> new LinkedHashMap<String, Object>());
            put((Map<String, Object>) inner, path.subList(1, path.size()), value);
        }
    }

    private @Nullable Object shown(String path) {
        ConfigKey key = keys.get(path);
        Object value = values.get(path);
        if (key == null || value == null) {
            return null;
        }
        if (key.secret()) {
            return MASK;
        }
        return switch (path) {
            case ConfigKey.MODEL_DIRECTORY -> candle.modelDirectory().toString();
            case ConfigKey.OLLAMA_URL -> ollama.url().toString();
            default -> value instanceof Duration duration ? KeepAliveText.show(duration) : value;
        };
    }

    /** As Ollama itself looks for them: the variable, the user's home, the home of the Linux service. */
    private static List<Path> ollamaModels(Map<String, String> environment, Path home) {
        String variable = environment.getOrDefault("OLLAMA_MODELS", "");
        return variable.isBlank()
                ? List.of(home.resolve(".ollama").resolve("models"), Path.of("/usr/share/ollama/.ollama/models"))
                : List.of(expand(variable, home));
    }

    /** A list of texts; a variable holds several with commas between them. */
    private static List<String> texts(@Nullable Object value) {
        return value instanceof List<?> list
                ? list.stream()
                        .flatMap(text -> Stream.of(String.valueOf(text).split(",")))
                        .map(String::strip)
                        .filter(text -> !text.isEmpty())
                        .toList()
                : List.of();
    }

    private URI address(String path) {
        return URI.create(value(path, "").replaceAll("/+$", ""));
    }

    private Duration seconds(String path) {
        return Duration.ofMillis(Math.max(1, Math.round(value(path, 0.0) * 1000)));
    }

    @SuppressWarnings("unchecked") // the key's type has read the value
    private <T> T value(String path, T type) {
        Object value = values.getOrDefault(path, type);
        return (T) type.getClass().cast(value);
    }

    static LocalModelException error(String message) {
        return new LocalModelException(LocalModelException.Kind.CONFIGURATION, message);
    }

    /** The lines of a reference table: path, type, default, variables, meaning. */
    public static List<List<String>> reference() {
        List<List<String>> lines = new ArrayList<>();
        for (ConfigKey key : ConfigKey.documented()) {
            lines.add(List.of(
                    key.path(),
                    key.type().expected(),
                    key.defaultValue() == null ? "" : String.valueOf(key.defaultValue()),
                    String.join(", ", key.environment()),
                    key.meaning()));
        }
        return lines;
    }
}
