package org.llmspell.local.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineOptions;
import org.llmspell.local.ChatOption;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.ValueType;

/**
 * A key of the configuration: one line of the table that drives reading, errors, environment variables and documentation.
 *
 * @param path its tables and name, joined by dots
 * @param type what it may hold
 * @param defaultValue as the type reads it; null where absence has a meaning of its own
 * @param environment the variables that override the file, the first one set winning
 * @param secret never shown
 * @param meaning one line
 */
public record ConfigKey(
        String path,
        ValueType type,
        @Nullable Object defaultValue,
        List<String> environment,
        boolean secret,
        String meaning) {
    public static final String OLLAMA_ENABLED = "providers.ollama.enabled";
    public static final String OLLAMA_URL = "providers.ollama.options.url";
    public static final String OLLAMA_TIMEOUT = "providers.ollama.options.timeout";
    public static final String OLLAMA_IDLE_TIMEOUT = "providers.ollama.options.idle_timeout";
    public static final String OLLAMA_PROBE_TIMEOUT = "providers.ollama.options.probe_timeout";
    public static final String CANDLE_ENABLED = "providers.candle.enabled";
    public static final String MODEL_DIRECTORY = "providers.candle.options.model_directory";
    public static final String DEVICE = "providers.candle.options.device";
    public static final String HF_API_KEY = "providers.candle.options.hf_api_key";
    public static final String HF_ENDPOINT = "providers.candle.options.hf_endpoint";
    public static final String OLLAMA_REGISTRY = "providers.candle.options.ollama_registry";
    public static final String OFFLINE = "providers.candle.options.offline";
    public static final String THREADS = "providers.candle.options.threads";
    public static final String CONTEXT_LENGTH = "providers.candle.options.context_length";
    public static final String CACHE_TYPE = "providers.candle.options.kv_cache_type";
    public static final String DRAFT_TOKENS = "providers.candle.options.draft_tokens";
    public static final String KEEP_ALIVE = "providers.candle.options.keep_alive";
    public static final String MAX_LOADED_MODELS = "providers.candle.options.max_loaded_models";
    public static final String SERVER_HOST = "server.host";
    public static final String SERVER_PORT = "server.port";
    public static final String SERVER_API_KEY = "server.api_key";
    public static final String SERVER_ORIGINS = "server.allowed_origins";
    public static final String SERVER_PARALLEL = "server.parallel";
    public static final String SERVER_QUEUE = "server.max_queue";
    public static final String SERVER_BODY = "server.max_body_mb";
    public static final String SERVER_STALL = "server.stall_timeout";
    public static final String SERVER_GRACE = "server.shutdown_grace";
    public static final String AGENT_MODEL = "agent.model";
    public static final String AGENT_SYSTEM_PROMPT = "agent.system_prompt";

    /** The tables that hold the options of every agent and request, unless it says otherwise. */
    static final String AGENT = "agent.";

    /** The keys that are always there, in the order to show; a provider that the file names brings further ones. */
    public static final List<ConfigKey> ALL = table();

    /** By path. */
    public static final Map<String, ConfigKey> BY_PATH = byPath();

    private static List<ConfigKey> table() {
        List<ConfigKey> keys = new ArrayList<>();
        keys.add(new ConfigKey(
                OLLAMA_ENABLED, new ValueType.Flag(), true, List.of(), false, "Whether the Ollama backend is used"));
        keys.add(new ConfigKey(
                OLLAMA_URL,
                new ValueType.Text(
                        "an http or https URL such as \"http://localhost:11434\"",
                        text -> OllamaUrl.parse(text).isPresent()),
                "http://localhost:11434",
                List.of("OLLAMA_HOST"),
                false,
                "Address of the Ollama server; the port is 11434 where no scheme is given"));
        keys.add(new ConfigKey(
                OLLAMA_TIMEOUT,
                new ValueType.Decimal(0, false, 86400),
                30.0,
                List.of("LLMSPELL_OLLAMA_TIMEOUT"),
                false,
                "Seconds to wait for a connection, and for the answer to a short question"));
        keys.add(new ConfigKey(
                OLLAMA_IDLE_TIMEOUT,
                new ValueType.Decimal(0, false, 86400),
                300.0,
                List.of("LLMSPELL_OLLAMA_IDLE_TIMEOUT"),
                false,
                "Seconds of silence after which a reply or a pull counts as stalled; loading a big model is silent"));
        keys.add(new ConfigKey(
                OLLAMA_PROBE_TIMEOUT,
                new ValueType.Decimal(0, false, 86400),
                0.5,
                List.of("LLMSPELL_OLLAMA_PROBE_TIMEOUT"),
                false,
                "Seconds to wait for Ollama when a model names no backend, before candle is taken"));
        keys.add(new ConfigKey(
                CANDLE_ENABLED, new ValueType.Flag(), true, List.of(), false, "Whether the embedded backend is used"));
        keys.add(
                new ConfigKey(
                        MODEL_DIRECTORY,
                        new ValueType.Text("the path of a folder", text -> !text.isBlank() && text.indexOf('\0') < 0),
                        "~/.llmspell/models/candle",
                        List.of("LLMSPELL_MODEL_DIR"),
                        false,
                        "Where models are stored; ~ is the home folder, a relative path in the file starts at the file's folder"));
        keys.add(new ConfigKey(
                DEVICE,
                new ValueType.Choice(List.of("auto", "cpu", "cuda", "metal")),
                "auto",
                List.of("LLMSPELL_DEVICE"),
                false,
                "What computes: auto takes the best that works; cuda and metal are errors where they are not there"));
        keys.add(new ConfigKey(
                HF_API_KEY,
                new ValueType.Text(
                        "a token without white space",
                        text -> !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7f)),
                null,
                List.of("HFHUB_API_KEY", "HF_TOKEN"),
                true,
                "Hugging Face token for downloads"));
        keys.add(new ConfigKey(
                HF_ENDPOINT,
                new ValueType.Text("an http or https URL", ValueType.WebAddresses::isWebAddress),
                "https://huggingface.co",
                List.of("HF_ENDPOINT"),
                false,
                "The Hugging Face Hub, or a mirror of it"));
        keys.add(new ConfigKey(
                OLLAMA_REGISTRY,
                new ValueType.Text("an http or https URL", ValueType.WebAddresses::isWebAddress),
                "https://registry.ollama.ai",
                List.of("LLMSPELL_OLLAMA_REGISTRY"),
                false,
                "The registry that candle pulls Ollama's models from, without an Ollama server"));
        keys.add(new ConfigKey(
                OFFLINE,
                new ValueType.Flag(),
                false,
                List.of("LLMSPELL_OFFLINE", "HF_HUB_OFFLINE"),
                false,
                "Never download"));
        keys.add(new ConfigKey(
                THREADS,
                new ValueType.Whole(0, 1024, false),
                0L,
                List.of("LLMSPELL_THREADS"),
                false,
                "Computing threads; 0 for one per core"));
        keys.add(new ConfigKey(
                CONTEXT_LENGTH,
                new ValueType.Whole(1, Integer.MAX_VALUE, false),
                null,
                List.of("LLMSPELL_CONTEXT_LENGTH"),
                false,
                "Tokens of context per conversation; without it the model's own, at most 4096"));
        keys.add(new ConfigKey(
                CACHE_TYPE,
                new ValueType.Choice(List.of("f16", "q8_0")),
                "f16",
                List.of("LLMSPELL_KV_CACHE_TYPE"),
                false,
                "How keys and values of a conversation are kept: q8_0 takes half the memory of f16"));
        keys.add(new ConfigKey(
                DRAFT_TOKENS,
                new ValueType.Whole(0, EngineOptions.MOST_DRAFT_TOKENS, false),
                0L,
                List.of("LLMSPELL_DRAFT_TOKENS"),
                false,
                "Tokens that are guessed from the text itself and checked in one pass, at most; 0 for none"));
        keys.add(new ConfigKey(
                KEEP_ALIVE,
                new ValueType.KeepAlive(),
                "5m",
                List.of("LLMSPELL_KEEP_ALIVE"),
                false,
                "How long an unused model stays loaded; 0 unloads at once, negative never"));
        keys.add(new ConfigKey(
                MAX_LOADED_MODELS,
                new ValueType.Whole(1, 1000, false),
                3L,
                List.of("LLMSPELL_MAX_LOADED_MODELS"),
                false,
                "How many models stay loaded at once, the least recently used going first"));
        keys.add(new ConfigKey(
                SERVER_HOST,
                new ValueType.Text(
                        "an address or a host name without white space",
                        text -> !text.isBlank() && text.chars().allMatch(c -> c > ' ' && c < 0x7f)),
                "127.0.0.1",
                List.of("LLMSPELL_SERVER_HOST"),
                false,
                "Address that `llmspell serve` listens on; any but a loopback address needs an API key"));
        keys.add(new ConfigKey(
                SERVER_PORT,
                new ValueType.Whole(0, 65535, false),
                11435L,
                List.of("LLMSPELL_SERVER_PORT"),
                false,
                "Port that it listens on, one above Ollama's; 0 for any free one"));
        keys.add(new ConfigKey(
                SERVER_API_KEY,
                new ValueType.Text(
                        "at least 8 visible ASCII characters",
                        text -> text.length() >= 8 && text.chars().allMatch(c -> c > ' ' && c < 0x7f)),
                null,
                List.of("LLMSPELL_API_KEY"),
                true,
                "What clients must send, as a Bearer token or in x-api-key; without it everybody on this machine may"));
        keys.add(new ConfigKey(
                SERVER_ORIGINS,
                new ValueType.Texts(64),
                List.of(),
                List.of("LLMSPELL_SERVER_ORIGINS"),
                false,
                "Web pages of other origins that may use the server, such as \"https://chat.example\"; \"*\" for all"));
        keys.add(new ConfigKey(
                SERVER_PARALLEL,
                new ValueType.Whole(1, 1024, false),
                16L,
                List.of("LLMSPELL_SERVER_PARALLEL"),
                false,
                "Replies that are made at once; more wait"));
        keys.add(new ConfigKey(
                SERVER_QUEUE,
                new ValueType.Whole(0, 100_000, false),
                512L,
                List.of("LLMSPELL_SERVER_QUEUE"),
                false,
                "Requests that may wait; more are told that the server is busy"));
        keys.add(new ConfigKey(
                SERVER_BODY,
                new ValueType.Whole(1, 1023, false),
                16L,
                List.of("LLMSPELL_SERVER_MAX_BODY_MB"),
                false,
                "The largest request in MiB; files of models may be larger"));
        keys.add(new ConfigKey(
                SERVER_STALL,
                new ValueType.Decimal(0, false, 86400),
                60.0,
                List.of("LLMSPELL_SERVER_STALL_TIMEOUT"),
                false,
                "Seconds that a client may send or read nothing of what is under way before it is cut off"));
        keys.add(new ConfigKey(
                SERVER_GRACE,
                new ValueType.Decimal(0, true, 3600),
                5.0,
                List.of("LLMSPELL_SERVER_SHUTDOWN_GRACE"),
                false,
                "Seconds that replies under way may go on when the server is told to end; then they are cancelled"));
        keys.add(new ConfigKey(
                AGENT_MODEL,
                new ValueType.Text("a model such as \"local/tinyllama:Q4_K_M@candle\"", ConfigKey::isModel),
                null,
                List.of("LLMSPELL_MODEL"),
                false,
                "The model of agents that name none"));
        keys.add(new ConfigKey(
                AGENT_SYSTEM_PROMPT,
                new ValueType.Text("a string", text -> true),
                null,
                List.of(),
                false,
                "The system prompt of agents that have none"));
        for (ChatOption option : ChatOption.ALL) {
            keys.add(new ConfigKey(
                    AGENT + option.name(),
                    option.type(),
                    null,
                    List.of(),
                    false,
                    option.meaning() + " (default: " + option.defaultText() + ")"));
        }
        return List.copyOf(keys);
    }

    /** {@link #ALL}, then the keys of a provider of the user's own, {@code NAME} standing for what it is called. */
    public static List<ConfigKey> documented() {
        List<ConfigKey> keys = new ArrayList<>(ALL);
        keys.addAll(ProviderKeys.of("NAME"));
        return keys;
    }

    private static Map<String, ConfigKey> byPath() {
        Map<String, ConfigKey> byPath = new LinkedHashMap<>();
        ALL.forEach(key -> byPath.put(key.path(), key));
        return Map.copyOf(byPath);
    }

    private static boolean isModel(String text) {
        try {
            ModelSpec.parse(text);
            return true;
        } catch (LocalModelException e) {
            return false;
        }
    }
}
