package org.llmspell.engine;

import java.util.List;
import java.util.stream.Collectors;
import org.llmspell.engine.tokenizer.Fragment;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.gguf.GgufMetadata;

/** Turns a conversation into what one model is given. Immutable and thread-safe. */
final class ChatPrompts {
    private final Tokenizer tokenizer;

    private ChatPrompts(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    static ChatPrompts of(GgufMetadata metadata, Tokenizer tokenizer) {
        return new ChatPrompts(tokenizer);
    }

    String text(List<ChatMessage> messages, boolean raw) {
        return fragments(messages, raw).stream().map(Fragment::text).collect(Collectors.joining());
    }

    int[] tokens(List<ChatMessage> messages, boolean raw) {
        return tokenizer.encode(fragments(messages, raw), true);
    }

    private List<Fragment> fragments(List<ChatMessage> messages, boolean raw) {
        String text = messages.stream().map(ChatMessage::content).collect(Collectors.joining("\n"));
        return List.of(new Fragment(text, false));
    }
}
