package org.llmspell.lua.globals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Conversation;
import org.llmspell.local.ToolArguments;
import org.llmspell.local.json.Fields;
import org.llmspell.lua.vm.LuaFault;

/** One agent: its conversation, the reply being read, and what is known of the one before. */
final class ScriptAgent {
    private final Conversation conversation;
    private final List<Map<String, @Nullable Object>> logprobs = new ArrayList<>();
    private @Nullable ChatStream stream;
    private @Nullable Map<String, @Nullable Object> last;
    private final List<ToolDefinition> tools;
    private List<ToolCall> calls = List.of();

    ScriptAgent(Conversation conversation, List<ToolDefinition> tools) {
        this.conversation = conversation;
        this.tools = tools;
    }

    Conversation conversation() {
        return conversation;
    }

    void open(String text, Map<String, Object> changes) {
        stream = conversation.stream(text, changes);
        logprobs.clear();
    }

    /** Gives the results of the last reply's calls, in their order. */
    void resume(List<String> results, boolean last) {
        List<ChatMessage> messages = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            messages.add(ChatMessage.toolResult(calls.get(i), i < results.size() ? results.get(i) : ""));
        }
        stream = conversation.resume(messages, last);
    }

    /** The calls of the last reply, with what is wrong with each as its {@code problem}. */
    List<Map<String, @Nullable Object>> calls() {
        List<Map<String, @Nullable Object>> described = new ArrayList<>();
        for (ToolCall call : calls) {
            Map<String, @Nullable Object> fields = Fields.of(call);
            String problem = ToolArguments.problem(call, tools);
            fields.put("problem", problem.isEmpty() ? null : problem);
            described.add(fields);
        }
        return described;
    }

    ChatStream stream() {
        if (stream == null) {
            throw new LuaFault("the reply has been stopped");
        }
        return stream;
    }

    @Nullable
    ChatChunk next() {
        ChatChunk chunk = stream().next();
        if (chunk != null) {
            chunk.logprobs().forEach(token -> logprobs.add(Fields.of(token)));
        }
        return chunk;
    }

    /** Ends a reply that was read to its end. */
    ChatResult finish() {
        ChatResult result = stream().result();
        last = Fields.of(result);
        calls = result.toolCalls();
        if (!logprobs.isEmpty()) {
            last.put("logprobs", List.copyOf(logprobs));
        }
        abandon();
        return result;
    }

    /** Ends the reply being read, if there is one; the conversation is then as before it. */
    void abandon() {
        if (stream != null) {
            stream.close();
            stream = null;
        }
    }

    void reset() {
        abandon();
        conversation.reset();
        last = null;
        calls = List.of();
    }

    /** The statistics of the last whole reply, or null. */
    @Nullable
    Map<String, @Nullable Object> last() {
        return last;
    }
}
