package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Scripts on the embedded engine itself, with models of a few hundred kilobytes. */
class RealModelTest {
    @TempDir
    Path home;

    private Config config() {
        return Config.load(
                null,
                Map.of(
                        "providers.candle.options.model_directory",
                        home.toString(),
                        "providers.ollama.enabled",
                        "false"),
                Map.of(),
                home);
    }

    private String run(String code, String... arguments) {
        Config config = config();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (LocalModels models = LocalModels.open(config);
                LuaRuntime runtime = LuaRuntime.builder(models, config)
                        .arguments(List.of(arguments))
                        .output(out)
                        .build()) {
            runtime.exec(code);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void tellsTheStoryThatTheReferenceTells() {
        Path model = TestData.path("models/stories260K/stories260K-f32.gguf");
        JsonNode goldens = TestData.json("models/stories260K/goldens.json");
        JsonNode golden = goldens.path("variants").path("f32").path("runs").path(1);
        String told = run("""
                local agent = Agent.create{model = arg[1], raw = true, temperature = 0, repeat_penalty = 1, max_tokens = 50}
                local text = agent:stream("Once upon a time", function(chunk) io.write(chunk) end)
                agent:reset()
                assert(agent:complete("Once upon a time") == text)
                assert(agent:last().generated_tokens == 50)
                assert(agent:last().finish_reason == "length")
                """, model.toString());
        assertThat(told).isNotBlank();
        assertThat(golden.path("text").asString()).contains(told.strip());
    }

    @Test
    void usesAModelOfTheStoreAsTheGuideDoes() throws IOException {
        SyntheticModel.tiny().write(home.resolve("tinyllama.Q8_0.gguf"));
        String written = run("""
                local models = LocalLLM.list("candle")
                print(#models, models[1].id, models[1].size_bytes > 50000, models[2].built_in)
                local spec = "local/" .. models[1].id .. "@candle"
                print(LocalLLM.info(spec).format, LocalLLM.info(spec).architecture, LocalLLM.status().candle.models)
                local agent = Agent.create{model = spec, temperature = 0, max_tokens = 5, logprobs = 1}
                local reply = agent:complete("hello")
                print(type(reply), agent:last().generated_tokens, #agent:last().logprobs, #agent:history())
                """);
        assertThat(written).isEqualTo("2\ttinyllama:Q8_0\ttrue\ttrue\nGGUF\tllama\t1\nstring\t5\t5\t2\n");
    }

    @Test
    void saysHowToGetAModelThatIsNotThere() {
        String written = run(
                "print(select(2, pcall(function() Agent.create{model = 'local/tinyllama:Q4_K_M@candle'}:complete('x') end)))");
        assertThat(written).startsWith("(command line):1: ").contains("llmspell model pull tinyllama:Q4_K_M@candle");
    }

    @Test
    void saysThatAPromptIsTooLong() throws IOException {
        Path model = home.resolve("tiny.gguf");
        SyntheticModel.tiny().write(model);
        String written = run(
                "print(select(2, pcall(function() Agent.create{model = arg[1], raw = true}:complete(('word '):rep(20000)) end)))",
                model.toString());
        assertThat(written).startsWith("(command line):1: ").containsIgnoringCase("context");
    }

    @Test
    void stopsInTheMiddleOfAReply() throws IOException, InterruptedException {
        Path model = home.resolve("tiny.gguf");
        SyntheticModel.tiny().write(model);
        CountDownLatch speaking = new CountDownLatch(1);
        OutputStream out = new OutputStream() {
            @Override
            public void write(int b) {
                speaking.countDown();
            }
        };
        Config config = config();
        try (LocalModels models = LocalModels.open(config);
                LuaRuntime runtime = LuaRuntime.builder(models, config)
                        .arguments(List.of(model.toString()))
                        .output(new BufferedOutputStream(out))
                        .build()) {
            // again and again, for a reply may end by itself
            CompletableFuture<Throwable> end =
                    CompletableFuture.supplyAsync(() -> catchThrowable(() -> runtime.exec("""
                    local agent = Agent.create{model = ..., raw = true, max_tokens = -1}
                    while true do
                      pcall(function() agent:reset() agent:stream("a", io.write) end)
                      io.write(".")
                    end
                    """)));
            speaking.await();
            assertThat(runtime.interrupt()).isTrue();
            assertThat(end.join()).hasMessageContaining("interrupted");
        }
        assertThat(Files.deleteIfExists(model)).isTrue();
    }
}
