package org.llmspell.lua.globals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Conversation;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.config.AgentConfig;
import org.llmspell.local.json.Fields;
import org.llmspell.lua.vm.JavaFunction;
import org.llmspell.lua.vm.LuaFault;
import org.llmspell.lua.vm.LuaStack;

/** The agents of a script: {@code agents.lua} knows them by number. */
public final class Agents {
    /** What an agent has beside the options of {@link org.llmspell.local.ChatOption}. */
    private static final Set<String> OWN_OPTIONS = Set.of("name", "model", "system_prompt");

    /** A longer prompt is a mistake: no model's context holds it. */
    private static final int LONGEST_TEXT = 64 << 20;

    private final LocalModels models;
    private final AgentConfig defaults;
    private final Waiting waiting;
    private final Console console;
    private final Access access;
    private final Map<Long, ScriptAgent> agents = new HashMap<>();
    private long lastId;

    public Agents(LocalModels models, AgentConfig defaults, Waiting waiting, Console console, Access access) {
        this.models = models;
        this.defaults = defaults;
        this.waiting = waiting;
        this.console = console;
        this.access = access;
    }

    /** The functions that {@code agents.lua} builds on. */
    public Map<String, JavaFunction> functions() {
        Map<String, JavaFunction> functions = new HashMap<>();
        functions.put("agent_create", this::create);
        functions.put("agent_rest", this::rest);
        functions.put("agent_calls", this::calls);
        functions.put("agent_resume", this::resume);
        functions.put("agent_stream", this::stream);
        functions.put("agent_next", this::next);
        functions.put("agent_stop", this::stop);
        functions.put("agent_reset", this::reset);
        functions.put("agent_history", this::history);
        functions.put("agent_last", this::last);
        functions.put("agent_close", this::close);
        return functions;
    }

    /** {@code agent_create(options, tools)}: the number and the properties. */
    private int create(LuaStack stack) {
        if (!stack.isTable(1)) {
            throw new LuaFault("Agent.create takes a table such as {model = \"local/tinyllama:Q4_K_M@candle\"}, got "
                    + stack.typeName(1));
        }
        access.admitAgent(agents.size());
        Map<String, Object> given = options(stack, 1);
        String prompt = text(given, "system_prompt");
        String named = text(given, "model");
        ChatOptions options = defaults.options().with(given, OWN_OPTIONS);
        ModelSpec model = named == null ? defaults.model() : ModelSpec.parse(named);
        if (model == null) {
            throw new LuaFault("Agent.create needs a model, such as model = \"local/tinyllama:Q4_K_M@candle\"");
        }
        access.checkModel(model);
        String backend = model.backend();
        if (backend != null) {
            models.backend(backend); // a misspelt one is said here, not at the first reply
        }
        String systemPrompt = prompt == null ? defaults.systemPrompt() : prompt;
        List<ToolDefinition> tools =
                stack.isTable(2) ? ToolTables.read(List.copyOf(stack.toMap(2).values())) : List.of();
        long id = ++lastId;
        agents.put(id, new ScriptAgent(new Conversation(models, model, systemPrompt, options, tools), tools));

        Map<String, @Nullable Object> properties = new LinkedHashMap<>();
        properties.put("name", text(given, "name"));
        properties.put("model", model.full());
        properties.put("system_prompt", systemPrompt);
        stack.push(id);
        stack.pushCopy(properties);
        return 2;
    }

    /** {@code agent_rest(id)}: reads the reply that has begun to its end and gives its text. */
    private int rest(LuaStack stack) throws Exception {
        ScriptAgent agent = agent(stack);
        while (pull(agent) != null) {
            // the result holds the whole text
        }
        stack.push(agent.finish().text());
        return 1;
    }

    /** {@code agent_calls(id)}: the calls of the last reply, each with what is wrong with it, if anything is. */
    private int calls(LuaStack stack) {
        stack.pushCopy(agent(stack).calls());
        return 1;
    }

    /** {@code agent_resume(id, results, last)}: gives the results of the calls, as texts in their order, and begins a reply. */
    private int resume(LuaStack stack) throws Exception {
        ScriptAgent agent = agent(stack);
        List<String> results = new ArrayList<>();
        stack.toMap(2).values().forEach(result -> results.add(String.valueOf(result)));
        boolean last = stack.toBoolean(3);
        console.flush();
        waiting.during(() -> {}, () -> {
            agent.resume(results, last);
            return null;
        });
        return 0;
    }

    /** {@code agent_stream(id, text, options)}: begins a reply. */
    private int stream(LuaStack stack) throws Exception {
        start(stack, agent(stack));
        return 0;
    }

    /** {@code agent_next(id)}: the next piece, its log-probabilities and what was thought, or nothing at the end. */
    private int next(LuaStack stack) throws Exception {
        console.flush();
        ScriptAgent agent = agent(stack);
        ChatChunk chunk = pull(agent);
        if (chunk == null) {
            agent.finish();
            return 0;
        }
        stack.push(chunk.text());
        stack.pushCopy(
                chunk.logprobs().isEmpty()
                        ? null
                        : chunk.logprobs().stream().map(Fields::of).toList());
        stack.push(chunk.thinking());
        return 3;
    }

    /** {@code agent_stop(id)}: ends the reply being read, if there is one. */
    private int stop(LuaStack stack) {
        ScriptAgent agent = agents.get(stack.toInteger(1));
        if (agent != null) {
            agent.abandon();
        }
        return 0;
    }

    private int reset(LuaStack stack) {
        agent(stack).reset();
        return 0;
    }

    private int history(LuaStack stack) {
        stack.pushCopy(
                agent(stack).conversation().history().stream().map(Fields::of).toList());
        return 1;
    }

    private int last(LuaStack stack) {
        stack.pushCopy(agent(stack).last());
        return 1;
    }

    private int close(LuaStack stack) {
        ScriptAgent agent = agents.remove(stack.toInteger(1));
        if (agent != null) {
            agent.abandon();
        }
        return 0;
    }

    private void start(LuaStack stack, ScriptAgent agent) throws Exception {
        if (!stack.isString(2)) {
            throw new LuaFault("the text must be a string, got " + stack.typeName(2));
        }
        byte[] bytes = stack.toBytes(2);
        if (bytes.length > LONGEST_TEXT) {
            throw new LuaFault("the text is too long: " + bytes.length + " bytes");
        }
        String text = stack.toText(2);
        Map<String, Object> options = Map.of();
        if (!stack.isNil(3)) {
            if (!stack.isTable(3)) {
                throw new LuaFault("the options must be a table, got " + stack.typeName(3));
            }
            options = options(stack, 3);
        }
        Map<String, Object> changes = options;
        console.flush();
        waiting.during(() -> {}, () -> {
            agent.open(text, changes);
            return null;
        });
    }

    private @Nullable ChatChunk pull(ScriptAgent agent) throws Exception {
        ChatStream stream = agent.stream();
        try {
            return waiting.during(stream::close, agent::next);
        } catch (Exception e) {
            agent.abandon();
            throw e;
        }
    }

    private ScriptAgent agent(LuaStack stack) {
        ScriptAgent agent = agents.get(stack.toInteger(1));
        if (agent == null) {
            throw new LuaFault("the agent is closed");
        }
        return agent;
    }

    /** The table at {@code index}; a table of token ids stays a map, also where its keys happen to be 1, 2, 3. */
    private static Map<String, Object> options(LuaStack stack, int index) {
        Map<String, Object> options = new LinkedHashMap<>();
        stack.toMap(index).forEach((key, value) -> {
            if (!(key instanceof String name)) {
                throw new LuaFault("options are given by name, as in {temperature = 0}, got the key " + key);
            }
            boolean ids = name.equals("logit_bias") && value instanceof List<?>;
            options.put(
                    name,
                    ids
                            ? byPosition((List<?>) value)
                            : name.equals("format") && value instanceof Map<?, ?> table
                                    ? ScriptSchema.of(String.valueOf(table.get("schema")))
                                    : value);
        });
        return options;
    }

    private static Map<Object, Object> byPosition(List<?> list) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < list.size(); i++) {
            map.put(i + 1L, list.get(i));
        }
        return map;
    }

    private static @Nullable String text(Map<String, Object> options, String name) {
        Object value = options.get(name);
        if (value != null && !(value instanceof String)) {
            throw new LuaFault("Option " + name + " must be a string, got " + value);
        }
        return (String) value;
    }

    /** Ends every reply that is being read. */
    public void stopAll() {
        agents.values().forEach(ScriptAgent::abandon);
    }
}
