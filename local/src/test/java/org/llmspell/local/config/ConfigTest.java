package org.llmspell.local.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.testing.TestData;

class ConfigTest {
    @TempDir
    Path home;

    private Path file;

    @BeforeEach
    void place() throws Exception {
        file = home.resolve(".llmspell/config.toml");
        Files.createDirectories(file.getParent());
    }

    private Config load(String toml) throws Exception {
        Files.writeString(file, toml);
        return load(Map.of());
    }

    private Config load(Map<String, String> environment) {
        return Config.load(null, Map.of(), environment, home);
    }

    private LocalModelException refused(String toml) throws Exception {
        Files.writeString(file, toml);
        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> load(Map.of()));
        assertThat(refused.kind()).isEqualTo(LocalModelException.Kind.CONFIGURATION);
        return refused;
    }

    @Test
    void hasTheGuidesDefaultsWithoutAFile() {
        Config config = load(Map.of());

        assertThat(config.file()).isNull();
        assertThat(config.ollama())
                .isEqualTo(new OllamaConfig(
                        true,
                        URI.create("http://localhost:11434"),
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(5),
                        Duration.ofMillis(500)));
        assertThat(config.candle())
                .isEqualTo(new CandleConfig(
                        true,
                        home.resolve(".llmspell/models/candle"),
                        "auto",
                        null,
                        0,
                        null,
                        "f16",
                        0,
                        Duration.ofMinutes(5),
                        3));
        assertThat(config.agent()).isEqualTo(new AgentConfig(null, null, ChatOptions.DEFAULTS));
    }

    /** Every TOML block of the guide, as printed. */
    @Test
    void readsTheGuidesOwnFiles() throws Exception {
        String guide = Files.readString(TestData.spec("local-llm-guide.md"));
        Matcher block = Pattern.compile("```toml\\n(.*?)```", Pattern.DOTALL).matcher(guide);
        StringBuilder both = new StringBuilder();
        while (block.find()) {
            assertThat(load(block.group(1)).file()).isEqualTo(file);
            both.append(block.group(1));
        }

        Config config = load(both.toString());

        assertThat(config.ollama().timeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.candle().hfApiKey()).isEqualTo("hf_...");
        assertThat(config.candle().modelDirectory()).isEqualTo(home.resolve(".llmspell/models/candle"));
    }

    @Test
    void readsEveryKey() throws Exception {
        Config config = load("""
                [providers.ollama]
                enabled = false
                options = { url = "https://models.example.com/ollama/", timeout = 2.5 }

                [providers.candle]
                enabled = false

                [providers.candle.options]
                model_directory = "models"
                device = "metal"
                hf_api_key = "hf_secret"
                threads = 4
                context_length = 8192
                kv_cache_type = "q8_0"
                draft_tokens = 6
                keep_alive = -1
                max_loaded_models = 1

                [agent]
                model = "local/phi-2@candle"
                system_prompt = "Be brief."
                temperature = 1
                stop = ["a", "b"]
                seed = 7
                keep_alive = "90s"
                logit_bias = { 5 = -1.5 }
                """);

        assertThat(config.ollama())
                .isEqualTo(new OllamaConfig(
                        false,
                        URI.create("https://models.example.com:443/ollama"),
                        Duration.ofMillis(2500),
                        Duration.ofMinutes(5),
                        Duration.ofMillis(500)));
        assertThat(config.candle())
                .isEqualTo(new CandleConfig(
                        false,
                        home.resolve(".llmspell/models"),
                        "metal",
                        "hf_secret",
                        4,
                        8192,
                        "q8_0",
                        6,
                        Duration.ofSeconds(-1),
                        1));
        assertThat(config.agent().model()).isEqualTo(ModelSpec.parse("phi-2@candle"));
        assertThat(config.agent().systemPrompt()).isEqualTo("Be brief.");
        assertThat(config.agent().options())
                .isEqualTo(ChatOptions.parse(Map.of(
                        "temperature",
                        1.0,
                        "stop",
                        List.of("a", "b"),
                        "seed",
                        7,
                        "keep_alive",
                        "90s",
                        "logit_bias",
                        Map.of(5, -1.5))));
    }

    @Test
    void prefersFlagsToEnvironmentToFileToDefaults() throws Exception {
        Files.writeString(file, """
                [providers.candle.options]
                threads = 2
                device = "cuda"
                max_loaded_models = 9
                """);
        Map<String, String> environment = Map.of("LLMSPELL_THREADS", "3", "LLMSPELL_DEVICE", "metal");

        Config config = Config.load(null, Map.of(ConfigKey.DEVICE, "cpu"), environment, home);

        assertThat(config.candle().device()).isEqualTo("cpu");
        assertThat(config.candle().threads()).isEqualTo(3);
        assertThat(config.candle().maxLoadedModels()).isEqualTo(9);
        assertThat(config.candle().keepAlive()).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void takesEveryVariableOfTheTable() {
        Map<String, String> values = Map.ofEntries(
                Map.entry("OLLAMA_HOST", "0.0.0.0:1234"),
                Map.entry("LLMSPELL_OLLAMA_TIMEOUT", "5"),
                Map.entry("LLMSPELL_OLLAMA_IDLE_TIMEOUT", "60"),
                Map.entry("LLMSPELL_OLLAMA_PROBE_TIMEOUT", "0.25"),
                Map.entry("LLMSPELL_MODEL_DIR", "~/m"),
                Map.entry("LLMSPELL_DEVICE", "cpu"),
                Map.entry("HFHUB_API_KEY", "hf_a"),
                Map.entry("HF_TOKEN", "hf_b"),
                Map.entry("HF_ENDPOINT", "https://mirror.example.com/hf/"),
                Map.entry("LLMSPELL_OLLAMA_REGISTRY", "http://10.0.0.1:5000"),
                Map.entry("LLMSPELL_OFFLINE", "true"),
                Map.entry("HF_HUB_OFFLINE", "false"),
                Map.entry("LLMSPELL_THREADS", "1"),
                Map.entry("LLMSPELL_CONTEXT_LENGTH", "64"),
                Map.entry("LLMSPELL_KV_CACHE_TYPE", "q8_0"),
                Map.entry("LLMSPELL_DRAFT_TOKENS", "7"),
                Map.entry("LLMSPELL_KEEP_ALIVE", "0"),
                Map.entry("LLMSPELL_MAX_LOADED_MODELS", "2"),
                Map.entry("LLMSPELL_SERVER_HOST", "0.0.0.0"),
                Map.entry("LLMSPELL_SERVER_PORT", "8080"),
                Map.entry("LLMSPELL_API_KEY", "secret-enough"),
                Map.entry("LLMSPELL_SERVER_ORIGINS", "https://a.example, https://b.example"),
                Map.entry("LLMSPELL_SERVER_PARALLEL", "2"),
                Map.entry("LLMSPELL_SERVER_QUEUE", "3"),
                Map.entry("LLMSPELL_SERVER_MAX_BODY_MB", "4"),
                Map.entry("LLMSPELL_SERVER_STALL_TIMEOUT", "1.5"),
                Map.entry("LLMSPELL_SERVER_SHUTDOWN_GRACE", "0"),
                Map.entry("LLMSPELL_MODEL", "x@candle"));
        assertThat(ConfigKey.ALL.stream().flatMap(key -> key.environment().stream()))
                .containsExactlyInAnyOrderElementsOf(values.keySet());

        Config config = load(values);

        assertThat(config.ollama())
                .isEqualTo(new OllamaConfig(
                        true,
                        URI.create("http://127.0.0.1:1234"),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(60),
                        Duration.ofMillis(250)));
        assertThat(config.server())
                .isEqualTo(new ServerConfig(
                        "0.0.0.0",
                        8080,
                        "secret-enough",
                        List.of("https://a.example", "https://b.example"),
                        2,
                        3,
                        4 << 20,
                        Duration.ofMillis(1500),
                        Duration.ofMillis(1)));
        assertThat(config.server().toString()).doesNotContain("secret-enough");
        assertThat(config.download())
                .isEqualTo(new DownloadConfig(
                        URI.create("https://mirror.example.com/hf"),
                        URI.create("http://10.0.0.1:5000"),
                        true,
                        "hf_a",
                        List.of(home.resolve(".ollama/models"), Path.of("/usr/share/ollama/.ollama/models")),
                        values));
        assertThat(config.candle())
                .isEqualTo(
                        new CandleConfig(true, home.resolve("m"), "cpu", "hf_a", 1, 64, "q8_0", 7, Duration.ZERO, 2));
        assertThat(config.agent().model()).isEqualTo(ModelSpec.parse("x@candle"));
        assertThat(load(Map.of("HF_TOKEN", "hf_b", "HFHUB_API_KEY", " "))
                        .candle()
                        .hfApiKey())
                .isEqualTo("hf_b");
    }

    @Test
    void namesTheVariableOrFlagWithAWrongValue() {
        assertThat(catchThrowableOfType(LocalModelException.class, () -> load(Map.of("LLMSPELL_THREADS", "many"))))
                .hasMessage("LLMSPELL_THREADS must be a whole number from 0 to 1024, got \"many\"");
        assertThat(catchThrowableOfType(
                        LocalModelException.class,
                        () -> Config.load(null, Map.of(ConfigKey.DEVICE, "gpu"), Map.of(), home)))
                .hasMessage("providers.candle.options.device must be one of auto, cpu, cuda, metal, got \"gpu\"");
        assertThat(catchThrowableOfType(
                        LocalModelException.class,
                        () -> Config.load(null, Map.of("providers.candle.options.devise", "x"), Map.of(), home)))
                .hasMessageContaining("did you mean \"providers.candle.options.device\"?");
        assertThat(catchThrowableOfType(LocalModelException.class, () -> load(Map.of("HF_TOKEN", "hf secret"))))
                .hasMessageContaining("HF_TOKEN must be")
                .hasMessageNotContaining("secret");
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                Arguments.of(
                        "[providers.ollama]\nenabled = \"yes\"", 2, 1, "enabled must be true or false, got \"yes\""),
                Arguments.of(
                        "[providers.ollama.options]\n\n  timeout = -1",
                        3,
                        3,
                        "timeout must be a number over 0 to 86400, got -1"),
                Arguments.of("[providers.ollama.options]\ntimeout = \"30\"", 2, 1, "got \"30\""),
                Arguments.of(
                        "[providers.ollama.options]\nurl = \"nonsense://x\"", 2, 1, "must be an http or https URL"),
                Arguments.of("[providers.ollama.options]\nurl = 11434", 2, 1, "must be an http or https URL"),
                Arguments.of(
                        "[providers.candle.options]\ndevice = \"gpu\"",
                        2,
                        1,
                        "device must be one of auto, cpu, cuda, metal, got \"gpu\""),
                Arguments.of(
                        "[providers.candle.options]\nmodeldirectory = \"x\"",
                        2,
                        1,
                        "unknown key \"modeldirectory\" in [providers.candle.options]; did you mean \"model_directory\"?"),
                Arguments.of(
                        "[providers.candel]\nenabled = true",
                        1,
                        1,
                        "unknown table \"candel\" in [providers]; did you mean \"candle\"?"),
                Arguments.of(
                        "[provider.candle]\nenabled = true",
                        1,
                        1,
                        "unknown table \"provider\"; did you mean \"providers\"?"),
                Arguments.of("colour = 1", 1, 1, "unknown key \"colour\"; known are agent, providers"),
                Arguments.of("providers = 1", 1, 1, "providers must be a table, got 1"),
                Arguments.of("\"providers.candle.enabled\" = true", 1, 1, "unknown key"),
                Arguments.of("[agent]\ntemperature = 3", 2, 1, "agent.temperature must be a number from 0 to 2, got 3"),
                Arguments.of("[agent]\nmodel = \"x@\"", 2, 1, "agent.model must be a model such as"),
                Arguments.of("[agent]\nkeep_alive = 07:32:00", 2, 1, "agent.keep_alive must be"),
                Arguments.of("[agent]\nstop = [1]", 2, 1, "agent.stop must be a string or a list"),
                Arguments.of("[[agent]]\nseed = 1", 1, 1, "agent must be a table, got a list"),
                Arguments.of("[agent\nseed = 1", 1, 7, ""),
                Arguments.of("[agent]\nseed = 1\nseed = 2", 3, 1, "seed"),
                Arguments.of("[agent]\nseed = ", 2, 8, ""));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void namesFileLineAndColumnOfAMistake(String toml, int line, int column, String reason) throws Exception {
        assertThat(refused(toml))
                .message()
                .startsWith(file + ":" + line + ":" + column + ": ")
                .contains(reason)
                .doesNotContain("\n");
    }

    @Test
    void neverPrintsASecretThatIsOfTheWrongType() throws Exception {
        assertThat(refused("[providers.candle.options]\nhf_api_key = \"hf_secret with a space\""))
                .hasMessageContaining("hf_api_key must be")
                .hasMessageNotContaining("hf_secret");
    }

    @Test
    void refusesAFileThatIsNamedAndMissing() {
        Path missing = home.resolve("missing.toml");

        assertThat(catchThrowableOfType(
                        LocalModelException.class, () -> Config.load(missing, Map.of(), Map.of(), home)))
                .hasMessage("There is no configuration file " + missing + " (named by --config)");
        assertThat(catchThrowableOfType(
                        LocalModelException.class, () -> load(Map.of(Config.FILE_VARIABLE, "~/missing.toml"))))
                .hasMessage("There is no configuration file " + missing + " (named by LLMSPELL_CONFIG)");
    }

    @Test
    void prefersTheFlagsFileToTheVariablesToTheDefault() throws Exception {
        Path byFlag = Files.writeString(home.resolve("flag.toml"), "[agent]\nseed = 1");
        Path byVariable = Files.writeString(home.resolve("variable.toml"), "[agent]\nseed = 2");
        Files.writeString(file, "[agent]\nseed = 3");
        Map<String, String> environment = Map.of(Config.FILE_VARIABLE, byVariable.toString());

        assertThat(Config.load(byFlag, Map.of(), environment, home).file()).isEqualTo(byFlag);
        assertThat(load(environment).get("agent.seed")).isEqualTo(2L);
        assertThat(load(Map.of()).get("agent.seed")).isEqualTo(3L);
    }

    @Test
    void refusesWhatIsNoTextFile() throws Exception {
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThat(catchThrowableOfType(LocalModelException.class, () -> load(Map.of())))
                .hasMessageContaining("is not UTF-8 text");
        Files.write(file, ("#" + "x".repeat(2_000_000)).getBytes(StandardCharsets.UTF_8));
        assertThat(catchThrowableOfType(LocalModelException.class, () -> load(Map.of())))
                .hasMessageContaining("is larger than");
        Files.delete(file);
        Files.createDirectory(file);
        assertThat(catchThrowableOfType(LocalModelException.class, () -> load(Map.of())))
                .hasMessageContaining("is not a file");
    }

    @Test
    void answersLookupsWithSecretsMasked() throws Exception {
        Config config = load("[providers.candle.options]\nhf_api_key = \"hf_secret\"\nthreads = 2\n");

        assertThat(config.get("providers.candle.options.model_directory"))
                .isEqualTo(home.resolve(".llmspell/models/candle").toString());
        assertThat(config.get("providers.candle.options.threads")).isEqualTo(2L);
        assertThat(config.get("providers.candle.options.keep_alive")).isEqualTo("5m");
        assertThat(config.get("providers.candle.options.hf_api_key")).isEqualTo(Config.MASK);
        assertThat(config.get("providers.ollama.enabled")).isEqualTo(true);
        assertThat(config.get("providers.ollama.options.url")).isEqualTo("http://localhost:11434");
        assertThat(config.get("no.such.key")).isNull();
        assertThat(config.get("providers.can")).isNull();
        assertThat(config.get("providers.ollama"))
                .isEqualTo(Map.of(
                        "enabled",
                        true,
                        "options",
                        Map.of(
                                "url",
                                "http://localhost:11434",
                                "timeout",
                                30.0,
                                "idle_timeout",
                                300.0,
                                "probe_timeout",
                                0.5)));
        assertThat(String.valueOf(config.get(""))).doesNotContain("hf_secret");
        assertThat(config.candle().toString()).doesNotContain("hf_secret");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "localhost,                  http://localhost:11434",
                "localhost:1234,             http://localhost:1234",
                ":1234,                      http://127.0.0.1:1234",
                "0.0.0.0,                    http://127.0.0.1:11434",
                "0.0.0.0:80,                 http://127.0.0.1:80",
                "[::1],                      http://[::1]:11434",
                "[::1]:80,                   http://[::1]:80",
                "::1,                        http://[::1]:11434",
                "[::],                       http://[::1]:11434",
                "http://h,                   http://h:80",
                "https://h,                  https://h:443",
                "HTTPS://h:8443/a/b/,        https://h:8443/a/b",
                "' \" localhost \" ',        http://localhost:11434",
                "ftp://h,                    -",
                ":1234,                      http://127.0.0.1:1234",
                "http://,                    http://127.0.0.1:80",
                "http://h:99999,             http://h:80",
                "h:,                         http://h:11434",
                "h:x,                        http://h:11434",
                "http://exa mple:80,         -",
                "http://user:pass@h,         -",
                "http://h?x=1,               -",
                "http://h#x,                 -",
                "a b,                        -",
                "'\"\"',                     http://127.0.0.1:11434"
            })
    void readsTheServersAddressAsOllamaDoes(String text, @Nullable String url) {
        assertThat(OllamaUrl.parse(text).map(URI::toString).orElse(null)).isEqualTo(url);
    }

    @Test
    void readsProvidersThatTheFileBrings() throws Exception {
        String toml = """
                [providers.cluster]
                type = "openai"

                [providers.cluster.options]
                urls = ["http://a:8000/v1/", "https://b/v1"]
                check_interval = 2
                models = { "llama3.1:8b" = "meta-llama/Llama-3.1-8B-Instruct" }

                [providers.idle]
                type = "openai"
                enabled = false
                """;
        Files.writeString(file, toml);
        Config config = load(Map.of("LLMSPELL_CLUSTER_API_KEY", "sk-1"));

        assertThat(config.providers()).extracting(OpenAiConfig::name).containsExactly("cluster", "idle");
        OpenAiConfig cluster = config.providers().getFirst();
        assertThat(cluster.urls()).containsExactly(URI.create("http://a:8000/v1"), URI.create("https://b/v1"));
        assertThat(cluster.apiKey()).isEqualTo("sk-1");
        assertThat(cluster.checkInterval()).isEqualTo(Duration.ofSeconds(2));
        assertThat(cluster.models()).containsEntry("llama3.1:8b", "meta-llama/Llama-3.1-8B-Instruct");
        assertThat(config.get("providers.cluster.options.api_key")).isEqualTo(Config.MASK);
        assertThat(config.get("providers.cluster.type")).isEqualTo("openai");
        assertThat(load(Map.of("LLMSPELL_CLUSTER_URLS", "http://c/v1, http://d/v1"))
                        .providers()
                        .getFirst()
                        .urls())
                .containsExactly(URI.create("http://c/v1"), URI.create("http://d/v1"));
    }

    static Stream<Arguments> wrongProviders() {
        return Stream.of(
                Arguments.of("[providers.cluster]\nenabled = true\n", "needs type = \"openai\""),
                Arguments.of("[providers.cluster]\ntype = \"grpc\"\n", "must be one of openai"),
                Arguments.of("[providers.cluster]\ntype = \"openai\"\n", "needs the address of its servers"),
                Arguments.of(
                        "[providers.cluster]\ntype = \"openai\"\n[providers.cluster.options]\nurls = [\"node:8000\"]\n",
                        "must be an http or https URL or a list"),
                Arguments.of(
                        "[providers.cluster]\ntype = \"openai\"\n[providers.cluster.options]\nurl = \"http://a/v1\"\n",
                        "did you mean \"urls\"?"),
                Arguments.of("[providers.\"My Cluster\"]\ntype = \"openai\"\n", "a provider's name is"),
                Arguments.of("[providers.ollama]\ntype = \"openai\"\n", "unknown key \"type\""));
    }

    @ParameterizedTest
    @MethodSource("wrongProviders")
    void saysWhatIsWrongWithAProvider(String toml, String message) throws Exception {
        assertThat(refused(toml)).hasMessageContaining(message);
    }

    @Test
    void listsEveryKeyForTheDocumentation() {
        assertThat(Config.reference())
                .hasSameSizeAs(ConfigKey.documented())
                .contains(
                        List.of(
                                "providers.candle.options.device",
                                "one of auto, cpu, cuda, metal",
                                "auto",
                                "LLMSPELL_DEVICE",
                                "What computes: auto takes the best that works; cuda and metal are errors where they are not there"));
    }
}
