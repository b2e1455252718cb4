package org.llmspell.local.candle;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.ChatTemplate;
import org.llmspell.engine.template.TemplateCapabilities;
import org.llmspell.engine.template.TemplateException;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.local.Quoted;

/** What the chat template in a file can do, found out by rendering small conversations with it. */
final class TemplateFacts {
    private TemplateFacts() {}

    /** {@code system, tools, thinking} as far as the template has them; null if the file has no template. */
    static @Nullable String supports(Path file) {
        try (GgufFile gguf = GgufFile.open(file)) {
            String source = gguf.metadata().string("tokenizer.chat_template").orElse("");
            return source.isEmpty()
                    ? null
                    : described(ChatTemplate.compile(source).capabilities());
        } catch (TemplateException e) {
            return "nothing: it is broken (" + Quoted.plain(firstLine(e)) + ")";
        } catch (GgufException e) {
            // Whoever asks has read the file before; a template that is no string is as good as none.
            return null;
        }
    }

    private static String described(TemplateCapabilities capabilities) {
        List<String> words = new ArrayList<>();
        if (capabilities.systemRole()) {
            words.add("system");
        }
        if (capabilities.tools()) {
            words.add("tools");
        }
        if (capabilities.thinkingVariable() != null) {
            words.add("thinking (" + capabilities.thinkingVariable() + ")");
        }
        return words.isEmpty() ? "user and assistant messages only" : String.join(", ", words);
    }

    private static String firstLine(TemplateException e) {
        String message = String.valueOf(e.getMessage());
        return message.lines().findFirst().orElse(message);
    }
}
