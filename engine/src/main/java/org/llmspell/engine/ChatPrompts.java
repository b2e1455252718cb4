package org.llmspell.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.ChatTemplate;
import org.llmspell.engine.template.TemplateException;
import org.llmspell.engine.tokenizer.Fragment;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufMetadata;

/**
 * Turns a conversation into what one model is given: by its own chat template, or as plain text where the file has none or raw
 * text was asked for. Immutable but for the template, which is compiled when first used; thread-safe.
 */
final class ChatPrompts {
    private final Tokenizer tokenizer;
    private final String source;
    private @Nullable ChatTemplate template;

    private ChatPrompts(Tokenizer tokenizer, String source) {
        this.tokenizer = tokenizer;
        this.source = source;
    }

    /**
     * The prompts of a file's model.
     *
     * @throws GgufException if {@code tokenizer.chat_template} is no string
     */
    static ChatPrompts of(GgufMetadata metadata, Tokenizer tokenizer) throws GgufException {
        return new ChatPrompts(
                tokenizer, metadata.string("tokenizer.chat_template").orElse(""));
    }

    /** The prompt as text. */
    String text(List<ChatMessage> messages, boolean raw) {
        return fragments(messages, raw).stream().map(Fragment::text).collect(Collectors.joining());
    }

    /** The prompt as tokens, with those that the model expects around a text, which are not doubled. */
    int[] tokens(List<ChatMessage> messages, boolean raw) {
        return tokenizer.encode(fragments(messages, raw), true);
    }

    private List<Fragment> fragments(List<ChatMessage> messages, boolean raw) {
        if (raw || source.isEmpty()) {
            // Who asks for raw text writes a template's special tokens by hand; without a template there are none.
            return List.of(new Fragment(plain(messages), raw));
        }
        try {
            return rendered(messages);
        } catch (EngineException refusal) {
            List<ChatMessage> folded = folded(messages);
            if (folded.equals(messages)) {
                throw refusal;
            }
            try {
                return rendered(folded);
            } catch (EngineException again) {
                refusal.addSuppressed(again);
                throw refusal;
            }
        }
    }

    /** The messages' texts, a line apart, the system prompt first. */
    private static String plain(List<ChatMessage> messages) {
        Stream<ChatMessage> system = messages.stream().filter(ChatPrompts::isSystem);
        Stream<ChatMessage> others = messages.stream().filter(message -> !isSystem(message));
        return Stream.concat(system, others).map(ChatMessage::content).collect(Collectors.joining("\n"));
    }

    private List<Fragment> rendered(List<ChatMessage> messages) {
        return template().render(messages, bos(), eos(), true, Map.of()).stream()
                .map(fragment -> new Fragment(fragment.text(), fragment.fromTemplate()))
                .toList();
    }

    /** For templates without a system role: its text goes to the head of the first user message. */
    private static List<ChatMessage> folded(List<ChatMessage> messages) {
        String system = messages.stream()
                .filter(ChatPrompts::isSystem)
                .map(ChatMessage::content)
                .collect(Collectors.joining("\n\n"));
        List<ChatMessage> folded = new ArrayList<>();
        boolean waiting = !system.isEmpty();
        for (ChatMessage message : messages) {
            if (waiting && message.role().equals("user")) {
                folded.add(ChatMessage.user(system + "\n\n" + message.content()));
                waiting = false;
            } else if (!isSystem(message)) {
                folded.add(message);
            }
        }
        return waiting ? messages : folded;
    }

    private static boolean isSystem(ChatMessage message) {
        return message.role().equals("system");
    }

    private synchronized ChatTemplate template() {
        if (template == null) {
            try {
                template = ChatTemplate.compile(source);
            } catch (TemplateException e) {
                throw e.toEngineException();
            }
        }
        return template;
    }

    private String bos() {
        int bos = tokenizer.specialTokens().bos();
        return bos < 0 ? "" : tokenizer.piece(bos);
    }

    private String eos() {
        int eos = tokenizer.specialTokens().eos();
        return eos < 0 ? "" : tokenizer.piece(eos);
    }
}
