package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.Thinking;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;

/** An agent whose model calls Lua functions. */
class ToolsTest {
    private static final String AGENT = """
            agent = Agent.create{
              model = "tiny@candle",
              tools = {
                { name = "get_weather", description = "The weather in a city",
                  parameters = { type = "object", properties = { city = { type = "string" }, days = { type = "integer" } },
                    required = { "city" } },
                  handler = function(args)
                    if args.city == "Atlantis" then error("it sank", 0) end
                    if args.city == "Nowhere" then return nil, "no such city" end
                    return { city = args.city, sky = "sunny", days = args.days }
                  end },
                { name = "now", description = "The time", handler = function() return "noon" end },
              },
            }
            """;

    private final Script script = new Script();
    private int calls;

    @BeforeEach
    void start() {
        calls = 0;
    }

    private void reply(String text, ToolCall... made) {
        script.models.scripted.add(List.of(new ChatChunk(text, "", List.of(made), List.of())));
    }

    private ToolCall call(String name, Map<String, Object> arguments) {
        return new ToolCall("id" + ++calls, name, arguments);
    }

    private ChatRequest request(int number) {
        return script.models.requests.get(number);
    }

    private String result(int number) {
        return request(number).messages().getLast().content();
    }

    @Test
    void runsTheFunctionThatTheModelCallsAndGivesItTheResult() {
        ToolCall call = call("get_weather", Map.of("city", "Paris"));
        reply("Let me look.", call);
        reply("It is sunny.");
        assertThat(script.run(AGENT + "print(agent:complete('Weather?'))")).isEqualTo("It is sunny.\n");
        assertThat(request(0).tools()).hasSize(2);
        assertThat(request(1).messages())
                .containsExactly(
                        ChatMessage.user("Weather?"),
                        ChatMessage.assistant("Let me look.", "", List.of(call)),
                        ChatMessage.toolResult(call, "{\"city\":\"Paris\",\"sky\":\"sunny\"}"));
    }

    @Test
    void describesToolsInOneOrderWhateverTheTablesOrder() {
        reply("ok");
        script.run(AGENT + "agent:complete('Hi')");
        ToolDefinition weather = request(0).tools().getFirst();
        assertThat(weather.name()).isEqualTo("get_weather");
        assertThat(weather.parameters().keySet())
                .map(String.class::cast)
                .containsExactly("type", "properties", "required");
        assertThat(weather.parameters().get("required")).isEqualTo(List.of("city"));
        assertThat(request(0).tools().get(1).parameters()).isEqualTo(ToolDefinition.NO_PARAMETERS);
    }

    @Test
    void takesToolsByNameAsWell() {
        reply("", call("b", Map.of()));
        reply("done");
        assertThat(script.run("""
                        local agent = Agent.create{ model = "tiny@candle", tools = {
                          b = { description = "B", parameters = '{"type": "object", "properties": {}}', handler = function() return 1.5 end },
                          a = { handler = function() return true end },
                        } }
                        print(agent:complete("x"))
                        """)).isEqualTo("done\n");
        assertThat(request(0).tools().stream().map(ToolDefinition::name)).containsExactly("a", "b");
        assertThat(result(1)).isEqualTo("1.5");
    }

    @Test
    void tellsTheModelWhatWentWrong() {
        reply(
                "",
                call("get_weather", Map.of("city", "Atlantis")),
                call("get_weather", Map.of("city", "Nowhere")),
                call("get_weather", Map.of("town", "Paris")),
                call("get_weather", Map.of("city", 5L)),
                call("fly", Map.of()));
        reply("Sorry.");
        assertThat(script.run(AGENT + "print(agent:complete('Weather?'))")).isEqualTo("Sorry.\n");
        assertThat(request(1).messages().stream()
                        .filter(message -> message.role().equals("tool"))
                        .map(ChatMessage::content))
                .containsExactly(
                        "Error: it sank",
                        "Error: no such city",
                        "Error: the argument \"city\" is missing",
                        "Error: the argument \"city\" must be string",
                        "Error: there is no tool \"fly\"; the tools are get_weather, now");
    }

    @Test
    void remembersTheWholeTurnAndSaysWhatWasCalled() {
        reply("", call("now", Map.of()));
        reply("Noon.");
        reply("Bye.");
        assertThat(script.run(AGENT + """
                        agent:complete("Time?")
                        for _, m in ipairs(agent:history()) do print(m.role, m.content, m.name, m.tool_calls and m.tool_calls[1].name) end
                        local call = agent:last().tool_calls[1]
                        print(call.name, call.result, call.round, agent:last().text)
                        agent:complete("Bye")
                        print(#agent:last().tool_calls, #agent:history())
                        """)).isEqualTo("""
                user\tTime?\tnil\tnil
                assistant\t\tnil\tnow
                tool\tnoon\tnow\tnil
                assistant\tNoon.\tnil\tnil
                now\tnoon\t1\tNoon.
                0\t6
                """);
    }

    @Test
    void streamsTextOfAllRoundsAndReportsCalls() {
        ToolCall call = call("now", Map.of());
        script.models.scripted.add(List.of(
                new ChatChunk("", "Hmm.", List.of(), List.of()),
                new ChatChunk("One ", List.of()),
                new ChatChunk("moment. ", List.of()),
                new ChatChunk("", "", List.of(call), List.of())));
        reply("Noon.");
        assertThat(script.run(AGENT + """
                        local text = agent:stream("Time?", function(piece) io.write("<", piece, ">") end, {
                          on_thinking = function(piece) io.write("(", piece, ")") end,
                          on_tool_call = function(call) io.write("[", call.name, "=", call.result, "]") end,
                        })
                        print(text)
                        """)).isEqualTo("(Hmm.)<One ><moment. >[now=noon]<Noon.>Noon.\n");
    }

    @Test
    void thinkingIsNoPartOfTheTextAndIsSentBackAsThinking() {
        script.models.scripted.add(
                List.of(new ChatChunk("", "Let me see", List.of(), List.of()), new ChatChunk("Yes", List.of())));
        reply("No");
        assertThat(script.run("""
                        local agent = Agent.create{ model = "tiny@candle", think = "high" }
                        print(agent:complete("Well?"), agent:last().thinking)
                        agent:complete("Really?", { think = false })
                        """)).isEqualTo("Yes\tLet me see\n");
        assertThat(request(0).thinking()).isEqualTo(Thinking.HIGH);
        assertThat(request(1).thinking()).isEqualTo(Thinking.OFF);
        assertThat(request(1).messages().get(1)).isEqualTo(ChatMessage.assistant("Yes", "Let me see", List.of()));
    }

    @Test
    void stopsAfterTheGivenRounds() {
        for (int i = 0; i < 9; i++) {
            reply("again", call("now", Map.of()));
        }
        assertThat(script.run("""
                        local runs = 0
                        local agent = Agent.create{ model = "tiny@candle", max_tool_rounds = 2, tools = {
                          now = { handler = function() runs = runs + 1 return "noon" end },
                        } }
                        print(agent:complete("Time?"), runs, #agent:history(), #agent:last().tool_calls)
                        """)).isEqualTo("again\t2\t8\t3\n");
        assertThat(script.models.requests).hasSize(4);
        assertThat(result(3)).startsWith("Error: no more tools");
    }

    @Test
    void aFailureInTheMiddleLeavesTheConversationAsItWas() {
        reply("", call("now", Map.of()));
        assertThat(script.run(AGENT + """
                        print(pcall(agent.stream, agent, "Time?", print, { on_tool_call = function() error("enough", 0) end }))
                        print(#agent:history())
                        print(agent:complete("Hi"))
                        """)).isEqualTo("false\tenough\n0\ncandle[1] Hi\n");
    }

    @Test
    void aHandlerMayTalkToAnotherAgentAndNotToItsOwn() {
        reply("", call("ask", Map.of()));
        reply("helped");
        reply("done");
        assertThat(script.run("""
                        local agent, other = nil, Agent.create{ model = "tiny@candle" }
                        agent = Agent.create{ model = "tiny@candle", tools = { ask = { handler = function()
                          print(pcall(agent.complete, agent, "me?"))
                          return other:complete("you?")
                        end } } }
                        print(agent:complete("Go"))
                        """))
                .isEqualTo(
                        "false\tthe agent waits for the result of a tool: talk to another agent inside of a handler\n"
                                + "done\n");
        assertThat(result(2)).isEqualTo("helped");
    }

    @Test
    void saysWhatIsWrongWithATool() {
        assertThat(script.run("""
                        local function try(tools) print(select(2, pcall(Agent.create, { model = "tiny@candle", tools = tools }))) end
                        try("now")
                        try({ "now" })
                        try({ { name = "now" } })
                        try({ { name = "what now?", handler = print } })
                        try({ { name = "now", handler = print, args = {} } })
                        try({ { name = "now", handler = print, parameters = { type = "string" } } })
                        try({ { name = "now", handler = print }, { name = "now", handler = print } })
                        print(select(2, pcall(Agent.create, { model = "tiny@candle", max_tool_rounds = -1 })))
                        """)).isEqualTo("""
                tools must be a table such as {{name = "now", description = "Tells the time", handler = os.date}}
                tool 1 must be a table with a handler, got string
                tool now needs a handler: handler = function(arguments) … end
                a tool's name must be 1 to 64 letters, digits, '_', '-' or '.', got what now?
                unknown field args of tool now; known are name, description, parameters, handler
                the parameters of tool now must be of type "object", got string
                there are two tools of the name now
                Option max_tool_rounds must be a whole number from 0 up, got -1
                """);
    }

    @Test
    void aLimitStopsAHandlerAsItStopsAnyOtherCode() {
        reply("", call("spin", Map.of()));
        script.sandbox(Sandbox.DEFAULT);
        assertThat(script.run("""
                        local agent = Agent.create{ model = "tiny@candle", tools = {
                          spin = { handler = function() os.exit(0) end },
                        } }
                        agent:complete("Go")
                        print("not reached")
                        """)).isEmpty();
        assertThat(script.models.requests).hasSize(1);
    }
}
