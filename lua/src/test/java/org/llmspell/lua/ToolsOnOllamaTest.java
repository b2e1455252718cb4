package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;
import org.llmspell.testing.FakeOllama;
import tools.jackson.databind.JsonNode;

/** The whole way: a script's function, called by a model of an Ollama server. */
class ToolsOnOllamaTest {
    @Test
    void aModelOnAServerCallsALuaFunction(@TempDir Path folder) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (FakeOllama server = new FakeOllama().with("llama3.1:8b", 1000)) {
            Config config = Config.load(null, Map.of(), Map.of("OLLAMA_HOST", server.url()), folder);
            try (LocalModels models = LocalModels.open(config);
                    LuaRuntime runtime =
                            LuaRuntime.builder(models, config).output(out).build()) {
                runtime.exec("""
                        local agent = Agent.create{ model = "local/llama3.1:8b@ollama", think = true, tools = {
                          get_weather = {
                            description = "The weather in a city",
                            parameters = { properties = { city = { type = "string" } }, required = { "city" } },
                            handler = function(args) return "sunny in " .. args.city end,
                          },
                        } }
                        print(agent:complete("Weather?"))
                        print(#agent:history(), agent:last().tool_calls[1].arguments.city, agent:last().thinking)
                        """);
            }
            assertThat(out.toString(StandardCharsets.UTF_8))
                    .isEqualTo("You said: sunny in Paris 🦙\n4\tParis\tLet me think.\n");
            JsonNode second = server.bodies("/api/chat").get(1);
            assertThat(second.path("messages").get(2).path("tool_name").asString())
                    .isEqualTo("get_weather");
        }
    }
}
