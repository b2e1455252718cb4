package org.llmspell.lua.globals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Conversation;
import org.llmspell.local.json.Fields;
import org.llmspell.lua.vm.LuaFault;

/** One agent: its conversation, the reply being read, and what is known of the one before. */
final class ScriptAgent {
    private final Conversation conversation;
    private final List<Map<String, @Nullable Object>> logprobs = new ArrayList<>();
    private @Nullable ChatStream stream;
    private @Nullable Map<String, @Nullable Object> last;

    ScriptAgent(Conversation conversation) {
        this.conversation = conversation;
    }

    Conversation conversation() {
        return conversation;
    }

    void open(String text, Map<String, Object> changes) {
        stream = conversation.stream(text, changes);
        logprobs.clear();
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
    }

    /** The statistics of the last whole reply, or null. */
    @Nullable
    Map<String, @Nullable Object> last() {
        return last;
    }
}
