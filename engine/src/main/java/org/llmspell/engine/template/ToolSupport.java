package org.llmspell.engine.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;

/**
 * How far a template can write tools. Found out by rendering small conversations, so ask once.
 *
 * @param describes whether the description of a tool reaches the model
 * @param calls whether calls of earlier turns do, and their arguments in one piece
 * @param results whether results of tools do
 * @param inSystem whether tools are given as part of the system message
 * @param shape the form in which it takes messages
 */
public record ToolSupport(boolean describes, boolean calls, boolean results, boolean inSystem, MessageShape shape) {
    /** Texts that no template has of its own. */
    private static final String DESCRIPTION = "q7zdescription";

    private static final ToolDefinition TOOL = new ToolDefinition("q7ztool", DESCRIPTION, schema());
    private static final ToolCall CALL = new ToolCall("call00001", "q7ztool", Map.of("q7zargument", "q7zvalue"));
    private static final String RESULT = "q7zresult";

    /** Where templates look for thoughts. */
    private static final List<String> THINKING_KEYS = List.of("reasoning_content", "reasoning", "thinking");

    /** The support of {@code template}, compiled of {@code source}. */
    public static ToolSupport of(ChatTemplate template, String source) {
        List<String> thinking =
                THINKING_KEYS.stream().filter(key -> readsOf(source, key)).toList();
        boolean inSystem = source.contains("message['tools']") && !template.reads("tools");
        boolean describes = describes(template, inSystem);
        ToolSupport best =
                new ToolSupport(describes, false, false, inSystem, new MessageShape(false, false, "", thinking));
        for (int variant = 0; variant < 4; variant++) {
            MessageShape shape = new MessageShape((variant & 1) != 0, (variant & 2) != 0, "", thinking);
            String text = rendered(template, shape);
            boolean calls = text.contains("q7zvalue")
                    && text.contains("q7zargument")
                    && !text.contains("'q7zargument'")
                    && !text.contains("\\\"q7zargument");
            ToolSupport found = new ToolSupport(describes, calls, text.contains(RESULT), inSystem, shape);
            if (found.worth() > best.worth()) {
                best = found;
            }
        }
        return best;
    }

    /** Whether a template of that source reads {@code key} of its messages. */
    private static boolean readsOf(String source, String key) {
        return source.contains("." + key)
                || source.contains("['" + key + "']")
                || source.contains("[\"" + key + "\"]")
                || source.contains("get('" + key + "'")
                || source.contains("get(\"" + key + "\"");
    }

    /** The variables by which templates are given tools. */
    public static Map<String, @Nullable Object> variables(ChatTemplate template, List<ToolDefinition> tools) {
        Map<String, @Nullable Object> variables = new HashMap<>();
        if (!tools.isEmpty()) {
            List<Map<String, Object>> list =
                    tools.stream().map(ToolDefinition::toMap).toList();
            variables.put("tools", list);
            // SmolLM3's own name for tools that are called in JSON.
            if (template.reads("xml_tools")) {
                variables.put("xml_tools", list);
            }
        }
        return variables;
    }

    private int worth() {
        return (calls ? 2 : 0) + (results ? 1 : 0);
    }

    /** Tools as the text that a system message holds. */
    public static String systemTools(List<ToolDefinition> tools) {
        return JsonText.of(tools.stream().map(ToolDefinition::toMap).toList());
    }

    private static boolean describes(ChatTemplate template, boolean inSystem) {
        MessageShape shape =
                inSystem ? MessageShape.PLAIN.withSystemTools(systemTools(List.of(TOOL))) : MessageShape.PLAIN;
        ChatMessage user = ChatMessage.user("Hello");
        // Some templates describe tools only where there is a system message.
        return List.of(List.of(user), List.of(ChatMessage.system("Be brief."), user)).stream()
                .anyMatch(messages -> render(template, shape, messages).contains("q7ztool"));
    }

    private static String rendered(ChatTemplate template, MessageShape shape) {
        List<ChatMessage> messages = new ArrayList<>();
        messages.add(ChatMessage.user("Hello"));
        messages.add(ChatMessage.assistant("", "", List.of(CALL)));
        messages.add(ChatMessage.toolResult(CALL, RESULT));
        return render(template, shape, messages);
    }

    private static String render(ChatTemplate template, MessageShape shape, List<ChatMessage> messages) {
        try {
            return template.render(
                    ChatTemplate.context(messages, shape, "", "", true, variables(template, List.of(TOOL))));
        } catch (TemplateException e) {
            // What is refused is not supported.
            return "";
        }
    }

    private static Map<String, Object> schema() {
        Map<String, Object> properties =
                Map.of("q7zparameter", Map.of("type", "string", "description", "An argument."));
        return Map.of("type", "object", "properties", properties, "required", List.of());
    }
}
