package org.llmspell.local;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.ToolDefinition;

/**
 * Talks with one model and remembers what was said. A turn (the user's message and the reply) enters the history when the
 * reply has been read to its end, both messages together; a reply that failed, was cancelled or was closed early leaves
 * the history as it was. One turn runs at a time. Thread-safe.
 *
 * <p>A reply that calls tools does not end its turn: {@link #resume} gives the results and brings the next reply, and the turn
 * enters the history with its first reply that calls none. {@link #stream} in place of it gives the turn up.
 */
public final class Conversation {
    private final LocalModels models;
    private final ModelSpec model;
    private final @Nullable String systemPrompt;
    private final ChatOptions options;
    private final List<ToolDefinition> tools;
    private final List<ChatMessage> turns = new ArrayList<>();
    /** The turn that waits for the results of tools: its messages so far. */
    private List<ChatMessage> open = List.of();

    private ChatOptions openOptions = ChatOptions.DEFAULTS;

    private @Nullable Turn running;

    /**
     * @param models who replies; not closed by this class
     * @param systemPrompt the first message of every request; null for none
     * @param options of every reply, unless a call says otherwise
     */
    public Conversation(LocalModels models, ModelSpec model, @Nullable String systemPrompt, ChatOptions options) {
        this(models, model, systemPrompt, options, List.of());
    }

    /**
     * A conversation with a model that may call tools.
     *
     * @param tools told to the model with every request
     */
    public Conversation(
            LocalModels models,
            ModelSpec model,
            @Nullable String systemPrompt,
            ChatOptions options,
            List<ToolDefinition> tools) {
        this.tools = List.copyOf(tools);
        this.models = models;
        this.model = model;
        this.systemPrompt = systemPrompt;
        this.options = options;
    }

    public ModelSpec model() {
        return model;
    }

    public ChatOptions options() {
        return options;
    }

    /**
     * Says {@code text} and gives the reply as it is made. The caller reads the stream and closes it.
     *
     * @throws LocalModelException also if the last reply has neither ended nor been closed
     */
    public ChatStream stream(String text) {
        return stream(text, options);
    }

    /** {@link #stream(String)}, with {@code changes} by their {@link ChatOption} names for this reply alone. */
    public ChatStream stream(String text, Map<String, ?> changes) {
        return stream(text, options.with(changes, Set.of()));
    }

    private ChatStream stream(String text, ChatOptions how) {
        return start(new Turn(List.of(ChatMessage.user(text)), how, false));
    }

    /**
     * Gives the results of the last reply's calls, and the next reply as it is made.
     *
     * @param results of role {@code tool}, one for each call
     * @param last calls of this reply are not answered any more: it ends the turn, and they are left out of the history
     * @throws LocalModelException if no reply waits for results
     */
    public ChatStream resume(List<ChatMessage> results, boolean last) {
        List<ChatMessage> said;
        ChatOptions how;
        synchronized (this) {
            if (open.isEmpty()) {
                throw new LocalModelException(
                        LocalModelException.Kind.INVALID_REQUEST, "No reply waits for the results of tools");
            }
            said = new ArrayList<>(open);
            how = openOptions;
        }
        said.addAll(results);
        return start(new Turn(said, how, last));
    }

    private ChatStream start(Turn turn) {
        List<ChatMessage> messages = begin(turn);
        try {
            turn.open(models.chat(turn.how.request(model, messages, tools)));
        } finally {
            if (turn.stream == null) {
                end(turn, null);
            }
        }
        return turn;
    }

    /** Says {@code text} and waits for the whole reply. Interrupting the thread cancels it. */
    public ChatResult complete(String text) {
        return complete(text, Map.of());
    }

    /** {@link #complete(String)}, with {@code changes} by their {@link ChatOption} names for this reply alone. */
    public ChatResult complete(String text, Map<String, ?> changes) {
        try (ChatStream stream = stream(text, changes)) {
            while (stream.next() != null) {
                // the result holds the whole text
            }
            return stream.result();
        }
    }

    /** What was said, oldest first, the system prompt included. A copy. */
    public synchronized List<ChatMessage> history() {
        List<ChatMessage> messages = new ArrayList<>();
        if (systemPrompt != null) {
            messages.add(ChatMessage.system(systemPrompt));
        }
        messages.addAll(turns);
        return messages;
    }

    /** Forgets all but the system prompt. A reply being read meanwhile still ends, and is not remembered. */
    public synchronized void reset() {
        turns.clear();
        open = List.of();
        running = null;
    }

    private synchronized List<ChatMessage> begin(Turn turn) {
        if (running != null) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "The last reply is still being read: read it to its end or close it before the next message");
        }
        running = turn;
        open = List.of();
        List<ChatMessage> messages = history();
        messages.addAll(turn.said);
        return messages;
    }

    private synchronized void end(Turn turn, @Nullable ChatResult result) {
        if (running != turn) {
            return;
        }
        running = null;
        if (result == null || result.finishReason() == FinishReason.CANCELLED) {
            return;
        }
        List<ChatMessage> said = new ArrayList<>(turn.said);
        boolean waits = !tools.isEmpty() && !result.toolCalls().isEmpty() && !turn.last;
        said.add(ChatMessage.assistant(result.text(), result.thinking(), waits ? result.toolCalls() : List.of()));
        if (waits) {
            open = said;
            openOptions = turn.how;
        } else {
            turns.addAll(said);
        }
    }

    /** A reply on its way into the history. */
    private final class Turn implements ChatStream {
        /** What this turn has added to the history so far. */
        private final List<ChatMessage> said;

        private final ChatOptions how;
        private final boolean last;
        private volatile @Nullable ChatStream stream;

        Turn(List<ChatMessage> said, ChatOptions how, boolean last) {
            this.said = said;
            this.how = how;
            this.last = last;
        }

        void open(ChatStream reply) {
            stream = reply;
        }

        @Override
        public @Nullable ChatChunk next() {
            ChatChunk chunk;
            try {
                chunk = reply().next();
            } catch (LocalModelException e) {
                end(this, null);
                throw e;
            }
            if (chunk == null) {
                end(this, reply().result());
            }
            return chunk;
        }

        @Override
        public int generatedTokens() {
            return reply().generatedTokens();
        }

        @Override
        public ChatResult result() {
            return reply().result();
        }

        @Override
        public void close() {
            end(this, null);
            reply().close();
        }

        private ChatStream reply() {
            ChatStream reply = stream;
            if (reply == null) {
                throw new IllegalStateException("not started");
            }
            return reply;
        }
    }
}
