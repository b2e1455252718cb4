package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.OutputFormat;
import org.llmspell.local.json.JsonText;

class AgentTest {
    private static final String AGENT = "local agent = Agent.create({model = 'local/tiny:Q8_0@candle'}) ";

    @Test
    void keepsTheConversation() {
        assertThat(Script.output(AGENT + """
                        print(agent:complete("one"))
                        print(agent:complete("two"))
                        for i, message in ipairs(agent:history()) do print(i, message.role, message.content) end
                        agent:reset()
                        print(#agent:history(), agent:complete("three"))
                        """)).isEqualTo("""
                           candle[1] one
                           candle[3] two
                           1\tuser\tone
                           2\tassistant\tcandle[1] one
                           3\tuser\ttwo
                           4\tassistant\tcandle[3] two
                           0\tcandle[1] three
                           """);
    }

    @Test
    void sendsEveryOption() {
        Script script = new Script();
        script.run("""
                local agent = Agent.create{
                  name = "n", model = "tiny@candle", system_prompt = "Be brief.", temperature = 0.25, max_tokens = 7, top_k = 3,
                  top_p = 0.5, min_p = 0.125, typical_p = 0.75, repeat_penalty = 1.5, repeat_last_n = 9,
                  presence_penalty = 0.5, frequency_penalty = -0.5, seed = 42, stop = {"a", "b"}, logprobs = 2,
                  logit_bias = {[1] = 5, [2] = -1.5}, raw = true, context_length = 512, keep_alive = "5m",
                }
                agent:complete("hello")
                agent:complete("again", {temperature = 1, stop = "c", raw = false})
                """);
        ChatRequest first = script.models.requests.get(0);
        assertThat(first.messages()).containsExactly(ChatMessage.system("Be brief."), ChatMessage.user("hello"));
        assertThat(first.sampling())
                .isEqualTo(new SamplingOptions(
                        0.25,
                        3,
                        0.5,
                        0.125,
                        0.75,
                        1.5,
                        9,
                        0.5,
                        -0.5,
                        OptionalLong.of(42),
                        List.of("a", "b"),
                        7,
                        2,
                        Map.of(1, 5.0, 2, -1.5)));
        assertThat(first.raw()).isTrue();
        assertThat(first.contextLength()).isEqualTo(512);
        assertThat(first.keepAlive()).hasMinutes(5);
        ChatRequest second = script.models.requests.get(1);
        assertThat(second.sampling().temperature()).isEqualTo(1);
        assertThat(second.sampling().stop()).containsExactly("c");
        assertThat(second.sampling().topK()).isEqualTo(3);
        assertThat(second.raw()).isFalse();
    }

    @Test
    void aFormatIsAWordATableOrJsonAndAGrammarIsText() {
        Script script = new Script();
        script.run("""
                local agent = Agent.create{model = "tiny@candle", format = "json"}
                agent:complete("1")
                agent:complete("2", {format = {
                  type = "object",
                  properties = {
                    zip = {type = {"string", "null"}}, age = {enum = {1, JSON.null}},
                    kids = {items = {properties = {b = {}, a = {}}, required = {"b"}}},
                  },
                  required = {"zip", "kids"},
                }})
                agent:stream("3", function() end, {format = '{"type": "null"}'})
                agent:complete("4", {grammar = 'root ::= "yes"'})
                agent:complete("5", {format = "text"})
                agent:complete("6")
                """);
        List<@Nullable OutputFormat> formats =
                script.models.requests.stream().map(ChatRequest::format).toList();
        assertThat(formats.get(0)).isEqualTo(new OutputFormat.Json());
        assertThat(JsonText.compact(((OutputFormat.Schema) formats.get(1)).keywords()))
                .as("required properties first, in their order")
                .contains("\"properties\":{\"zip\":{\"type\":[\"string\",\"null\"]},\"kids\":{\"items\":{")
                .contains("\"properties\":{\"b\":{},\"a\":{}}")
                .contains("\"age\":{\"enum\":[1,null]}}");
        assertThat(formats.get(2)).isEqualTo(new OutputFormat.Schema(Map.of("type", "null")));
        assertThat(formats.get(3)).isEqualTo(new OutputFormat.Gbnf("root ::= \"yes\""));
        assertThat(formats.get(4)).isNull();
        assertThat(formats.get(5)).isEqualTo(new OutputFormat.Json());
    }

    @Test
    void namesWhatIsWrongWithAnOption() {
        assertThat(Script.output("""
                        local function try(options) print(select(2, pcall(function() Agent.create(options) end))) end
                        try{model = "x", temprature = 1}
                        try{model = "x", temperature = "hot"}
                        try{model = "x", temperature = 3}
                        try{model = "x", top_k = 1.5}
                        try{model = 7}
                        try{model = "x", stop = print}
                        try{model = "x@nowhere"}
                        try{"x"}
                        try{}
                        try("x")
                        """))
                .isEqualTo("""
                        (command line):1: Unknown option "temprature"; did you mean "temperature"?
                        (command line):1: Option temperature must be a number from 0 to 2, got "hot"
                        (command line):1: Option temperature must be a number from 0 to 2, got 3
                        (command line):1: Option top_k must be a whole number from 0 up, got 1.5
                        (command line):1: Option model must be a string, got 7
                        (command line):1: the value of stop is a function
                        """
                        + Script.output("print((select(2, pcall(function() Agent.create{model='x@nowhere'} end))))")
                        + """
                                (command line):1: options are given by name, as in {temperature = 0}, got the key 1
                                (command line):1: Agent.create needs a model, such as model = "local/tinyllama:Q4_K_M@candle"
                                (command line):1: Agent.create takes a table such as {model = "local/tinyllama:Q4_K_M@candle"}, got string
                                """);
    }

    @Test
    void saysWhereAndWhyABackendFailed() {
        assertThat(Script.output("""
                        local agent = Agent.create{model = "local/missing@ollama"}
                        local ok, message = pcall(function()

                          agent:complete("hi")
                        end)
                        print(ok, type(message))
                        print(message)
                        """)).isEqualTo("""
                        false	string
                        (command line):4: Failed to connect to Ollama server
                        nothing answers at http://localhost:11434

                        Solutions:
                        1. Ensure Ollama is running: ollama serve
                        """);
    }

    @Test
    void streamsPieceByPiece() {
        assertThat(Script.output(AGENT + """
                        local text = agent:stream("some words here", function(chunk) io.write("<", chunk, ">") end)
                        print()
                        print(text)
                        print(#agent:history(), agent:last().finish_reason, agent:last().tokens_per_second)
                        """))
                .isEqualTo("<candle[1] ><some ><words ><here>\ncandle[1] some words here\n2\tstop\t2.0\n");
    }

    @Test
    void lendsTheStreamToACoroutine() {
        assertThat(Script.output(AGENT + """
                        local pieces = coroutine.wrap(function() return agent:stream("some words", coroutine.yield) end)
                        print((pieces())) print((pieces())) print((pieces())) print((pieces()))
                        """)).isEqualTo("candle[1] \nsome \nwords\ncandle[1] some words\n");
    }

    @Test
    void stopsAStreamWhenTheFunctionReturnsFalse() {
        Script script = new Script();
        assertThat(script.run(AGENT + """
                        local count = 0
                        print(agent:stream("endless", function() count = count + 1 return count < 3 end))
                        print(#agent:history(), agent:last(), agent:complete("next"))
                        """)).isEqualTo("more more more \n0\tnil\tcandle[1] next\n");
        assertThat(script.models.streamClosed).isTrue();
    }

    @Test
    void passesAnErrorOfTheStreamFunctionThroughAsItIs() {
        Script script = new Script();
        assertThat(script.run(AGENT + """
                        local mine = {}
                        local ok, value = pcall(agent.stream, agent, "endless", function() error(mine) end)
                        print(ok, value == mine, #agent:history(), agent:complete("next"))
                        """)).isEqualTo("false\ttrue\t0\tcandle[1] next\n");
        assertThat(script.models.streamClosed).isTrue();
    }

    @Test
    void givesStatisticsAndLogProbabilities() {
        assertThat(Script.output(AGENT + """
                        agent:complete("a b", {logprobs = true})
                        local last = agent:last()
                        print(last.text, last.prompt_tokens, last.cached_tokens, last.generated_tokens)
                        print(last.time_to_first_token_seconds, last.total_seconds, last.load_seconds)
                        print(JSON.stringify(last.logprobs[1].alternatives), #last.logprobs, last.logprobs[2].token, last.logprobs[2].id, last.logprobs[2].logprob)
                        """))
                .isEqualTo("candle[1] a b\t11\t4\t5\n0.5\t2.5\t0.0\n[]\t3\ta \t7\t-0.5\n");
    }

    @Test
    void hasPropertiesThatCannotBeChanged() {
        assertThat(Script.output("""
                        local agent = Agent.create{name = "Ada", model = "tiny:Q4@candle", system_prompt = "s"}
                        print(agent, agent.name, agent.model, agent.system_prompt, agent.nonsense)
                        print(pcall(function() agent.model = "other" end))
                        print(pcall(agent.complete, "hi"))
                        """))
                .isEqualTo("Agent (Ada, local/tiny:Q4@candle)\tAda\tlocal/tiny:Q4@candle\ts\tnil\n"
                        + "false\t(command line):3: an agent cannot be changed: create another, or give options to"
                        + " complete and stream\n"
                        + "false\tcall it with a colon on an agent: agent:complete(…)\n");
    }

    @Test
    void refusesTextThatIsNone() {
        assertThat(Script.output(AGENT + """
                        print(pcall(function() agent:complete(nil) end))
                        print(pcall(function() agent:complete("\\xff") end))
                        print(pcall(function() agent:complete("x", 5) end))
                        print(pcall(function() agent:stream("x") end))
                        """))
                .isEqualTo("false\t(command line):1: the text must be a string, got nil\n"
                        + "false\t(command line):2: the text is not valid UTF-8\n"
                        + "false\t(command line):3: the options must be a table, got number\n"
                        + "false\t(command line):4: agent:stream takes a function for the pieces:"
                        + " agent:stream(text, function(chunk) … end)\n");
    }

    @Test
    void carriesEmojiAndNulBothWays() {
        assertThat(Script.output(AGENT + "io.write(agent:complete('👋🏽 \\0 é'))"))
                .isEqualTo("candle[1] 👋🏽 \0 é");
    }

    @Test
    void closesAgentsThatAreClosedCollectedOrLeftOfScope() {
        assertThat(Script.output("""
                        local kept
                        do local agent <close> = Agent.create{model = "x"} kept = agent end
                        print(pcall(kept.complete, kept, "x"))
                        local agent = Agent.create{model = "x"}
                        agent:close() agent:close()
                        print(pcall(agent.history, agent))
                        """)).isEqualTo("false\tthe agent is closed\nfalse\tthe agent is closed\n");
        // more than the sandbox may hold at once: those no longer used must be gone
        assertThat(Script.sandboxed("for i = 1, 2500 do Agent.create{model = 'x'} end print('done')"))
                .isEqualTo("done\n");
        assertThat(Script.sandboxed("""
                        local all = {}
                        print(pcall(function() for i = 1, 2500 do all[i] = Agent.create{model = "x"} end end))
                        print(#all)
                        """)).isEqualTo("""
                        false\t(command line):2: too many agents: at most 1000 at once; close those no longer needed
                        1000
                        """);
    }

    @Test
    void takesDefaultsFromTheConfiguration(@TempDir Path folder) {
        Script script = new Script()
                .config(
                        folder,
                        "[agent]\nmodel = \"tiny@candle\"\nsystem_prompt = \"Be kind.\"\ntemperature = 0.125\n");
        assertThat(script.run("print(Agent.create{}:complete('x'))")).isEqualTo("candle[2] x\n");
        assertThat(script.models.requests.getFirst().sampling().temperature()).isEqualTo(0.125);
    }
}
