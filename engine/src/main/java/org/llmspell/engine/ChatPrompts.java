package org.llmspell.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.reply.ReplyShape;
import org.llmspell.engine.template.ChatTemplate;
import org.llmspell.engine.template.MessageShape;
import org.llmspell.engine.template.TemplateException;
import org.llmspell.engine.template.ToolSupport;
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
    private @Nullable ToolSupport support;

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

    /** The prompts of a template; without one if {@code source} is empty. */
    static ChatPrompts of(Tokenizer tokenizer, String source) {
        return new ChatPrompts(tokenizer, source);
    }

    /** The prompt for a conversation, and how to read the reply. */
    ChatPrompt prompt(ChatInput input) {
        List<Fragment> fragments;
        ReplyShape shape = ReplyShape.PLAIN;
        if (input.raw()) {
            if (!input.tools().isEmpty()) {
                throw new EngineException(
                        Problem.INVALID_OPTION,
                        "Raw text takes no tools, since they are described by a chat template",
                        List.of("Leave out 'raw', or the tools"));
            }
            // Who asks for raw text writes a template's special tokens by hand.
            fragments = List.of(new Fragment(plain(input.messages()), true));
        } else {
            Rendered rendered = source.isEmpty() ? withoutTemplate(input) : rendered(input);
            fragments = rendered.fragments;
            Fragment last = fragments.getLast();
            shape = ReplyShape.of(
                    source,
                    rendered.textual,
                    input.tools(),
                    last.parseSpecial() ? last.text() : "",
                    callsIn(input.messages()));
        }
        String text = fragments.stream().map(Fragment::text).collect(Collectors.joining());
        return new ChatPrompt(text, tokenizer.encode(fragments, true), controlTokens(shape.markers()), shape);
    }

    private static int callsIn(List<ChatMessage> messages) {
        return messages.stream().mapToInt(message -> message.toolCalls().size()).sum();
    }

    /** The control tokens that the markers are made of. */
    private Set<Integer> controlTokens(List<String> markers) {
        Set<Integer> tokens = new HashSet<>();
        for (String marker : markers) {
            for (int token : tokenizer.encode(marker, false, true)) {
                if (tokenizer.isControl(token)) {
                    tokens.add(token);
                }
            }
        }
        return tokens;
    }

    /** @param textual whether tools or calls are in the form of {@link TextualTools} */
    private record Rendered(List<Fragment> fragments, boolean textual) {}

    /** A way to render the conversation. */
    private record Form(
            List<ChatMessage> messages, MessageShape shape, Map<String, @Nullable Object> variables, boolean textual) {
        Form with(List<ChatMessage> others) {
            return new Form(others, shape, variables, textual);
        }
    }

    private static Rendered withoutTemplate(ChatInput input) {
        String text = plain(TextualTools.described(input.messages(), input.tools()));
        return new Rendered(List.of(new Fragment(text, false)), !input.tools().isEmpty());
    }

    /**
     * The conversation by the template. What a template cannot write of it is written for it; what it then refuses is tried in
     * simpler forms, the nearest first.
     */
    private Rendered rendered(ChatInput input) {
        List<Form> forms = new ArrayList<>();
        for (Form form : forms(input)) {
            forms.add(form);
            forms.add(form.with(
                    form.messages.stream().map(ChatPrompts::withoutThinking).toList()));
            forms.add(form.with(folded(form.messages)));
        }
        EngineException refusal = null;
        for (Form form : forms.stream().distinct().toList()) {
            try {
                return new Rendered(rendered(form), form.textual);
            } catch (EngineException e) {
                if (refusal == null) {
                    refusal = e;
                } else {
                    refusal.addSuppressed(e);
                }
            }
        }
        throw refusal == null ? new IllegalStateException("nothing to render") : refusal;
    }

    private List<Form> forms(ChatInput input) {
        List<ChatMessage> messages = input.messages();
        Map<String, @Nullable Object> variables = thinkingVariables(input.thinking());
        boolean tools = !input.tools().isEmpty()
                || messages.stream()
                        .anyMatch(m -> m.role().equals("tool") || !m.toolCalls().isEmpty());
        boolean thoughts = messages.stream().anyMatch(m -> !m.thinking().isEmpty());
        if (!tools) {
            return List.of(new Form(messages, thoughts ? support().shape() : MessageShape.PLAIN, variables, false));
        }
        List<Form> forms = new ArrayList<>();
        MessageShape shape = support().shape();
        if (support().describes()) {
            Map<String, @Nullable Object> own = new HashMap<>(variables);
            MessageShape told = shape;
            List<ChatMessage> introduced = messages;
            if (support().inSystem() && !input.tools().isEmpty()) {
                told = shape.withSystemTools(ToolSupport.systemTools(input.tools()));
                introduced = TextualTools.introduced(messages, "");
            } else {
                own.putAll(ToolSupport.variables(template(), input.tools()));
            }
            if (support().calls() && support().results()) {
                forms.add(new Form(withFittingIds(introduced), told, own, false));
            }
            forms.add(new Form(TextualTools.described(introduced, List.of()), told, own, callsIn(messages) > 0));
        }
        forms.add(new Form(TextualTools.described(messages, input.tools()), shape, variables, true));
        return forms;
    }

    private List<Fragment> rendered(Form form) {
        return template().render(form.messages, form.shape, bos(), eos(), true, form.variables).stream()
                .map(fragment -> new Fragment(fragment.text(), fragment.fromTemplate()))
                .toList();
    }

    private static ChatMessage withoutThinking(ChatMessage message) {
        return new ChatMessage(
                message.role(), message.content(), "", message.toolCalls(), message.toolName(), message.toolCallId());
    }

    /** The messages with ids of calls that the template takes: a conversation may have begun with another model. */
    private List<ChatMessage> withFittingIds(List<ChatMessage> messages) {
        Map<String, String> renamed = new HashMap<>();
        List<ChatMessage> fitting = new ArrayList<>();
        int count = 0;
        for (ChatMessage message : messages) {
            List<ToolCall> calls = new ArrayList<>();
            for (ToolCall call : message.toolCalls()) {
                count++;
                String id = ReplyShape.fittingId(source, call, count);
                renamed.put(call.id(), id);
                calls.add(new ToolCall(id, call.name(), call.arguments()));
            }
            fitting.add(new ChatMessage(
                    message.role(),
                    message.content(),
                    message.thinking(),
                    calls,
                    message.toolName(),
                    renamed.getOrDefault(message.toolCallId(), message.toolCallId())));
        }
        return fitting;
    }

    /** The variables by which the template is told to think or not, as far as it has any. */
    private Map<String, @Nullable Object> thinkingVariables(Thinking thinking) {
        Map<String, @Nullable Object> variables = new HashMap<>();
        if (thinking == Thinking.DEFAULT) {
            return variables;
        }
        boolean wanted = thinking.wanted();
        boolean switched = false;
        for (String name : List.of("enable_thinking", "thinking", "reasoning")) {
            if (template().reads(name)) {
                variables.put(name, wanted);
                switched = true;
            }
        }
        if (template().reads("reasoning_effort")) {
            if (!thinking.effort().isEmpty()) {
                variables.put("reasoning_effort", thinking.effort());
            } else if (!wanted && !switched) {
                // The least there is: such models always think.
                variables.put("reasoning_effort", "low");
            }
        }
        if (!wanted && template().reads("thinking_budget")) {
            variables.put("thinking_budget", 0);
        }
        return variables;
    }

    /** The messages' texts, a line apart, the system prompt first. */
    private static String plain(List<ChatMessage> messages) {
        Stream<ChatMessage> system = messages.stream().filter(ChatPrompts::isSystem);
        Stream<ChatMessage> others = messages.stream().filter(message -> !isSystem(message));
        return Stream.concat(system, others).map(ChatMessage::content).collect(Collectors.joining("\n"));
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

    private synchronized ToolSupport support() {
        if (support == null) {
            support = ToolSupport.of(template(), source);
        }
        return support;
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
