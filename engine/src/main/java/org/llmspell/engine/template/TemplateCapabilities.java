package org.llmspell.engine.template;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;

/**
 * What a chat template can do, as far as it shows.
 *
 * @param systemRole whether the text of a system message reaches the model
 * @param tools whether the description of a tool reaches the model
 * @param thinkingVariable the variable that turns thinking on and off, such as {@code enable_thinking}; null if there is
 *     none
 */
public record TemplateCapabilities(
        boolean systemRole, boolean tools, @Nullable String thinkingVariable) {
    /** By how many templates use them, the most used first. */
    private static final List<String> THINKING = List.of("enable_thinking", "thinking", "reasoning_effort");

    /** Texts that no template has of its own. */
    private static final String SYSTEM = "q7zsystem";

    private static final String TOOL = "q7ztool";

    static TemplateCapabilities of(ChatTemplate template, Set<String> names) {
        ChatMessage user = ChatMessage.user("Hello");
        List<ChatMessage> withSystem = List.of(ChatMessage.system(SYSTEM), user);
        // Some templates fail without tools.
        boolean system = shows(template, withSystem, Map.of(), SYSTEM) || shows(template, withSystem, tool(), SYSTEM);
        // Some templates describe tools only where there is a system message.
        boolean tools = names.contains("tools")
                && (shows(template, List.of(user), tool(), TOOL) || shows(template, withSystem, tool(), TOOL));
        String thinking = THINKING.stream().filter(names::contains).findFirst().orElse(null);
        return new TemplateCapabilities(system, tools, thinking);
    }

    private static Map<String, Object> tool() {
        Map<String, Object> parameters = Map.of("type", "object", "properties", Map.of(), "required", List.of());
        Map<String, Object> function = Map.of("name", TOOL, "description", "A tool.", "parameters", parameters);
        return Map.of("tools", List.of(Map.of("type", "function", "function", function)));
    }

    private static boolean shows(
            ChatTemplate template, List<ChatMessage> messages, Map<String, Object> variables, String text) {
        try {
            Map<String, @Nullable Object> context =
                    ChatTemplate.context(messages, MessageShape.PLAIN, "", "", true, variables);
            return template.render(context).contains(text);
        } catch (TemplateException e) {
            // A conversation that is refused is one that the template does not support.
            return false;
        }
    }
}
