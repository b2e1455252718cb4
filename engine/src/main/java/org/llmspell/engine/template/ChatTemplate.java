package org.llmspell.engine.template;

import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.template.jinja.SyntaxException;
import org.llmspell.engine.template.jinja.Template;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/**
 * A model's chat template: Jinja as Hugging Face writes it, which turns a conversation into the text the model was trained
 * on. It renders byte for byte what Python's jinja2 3.1 does in the environment of {@code transformers}
 * ({@code ImmutableSandboxedEnvironment} with {@code trim_blocks}, {@code lstrip_blocks}, loop controls,
 * {@code generation} blocks, {@code raise_exception}, {@code strftime_now} and a {@code tojson} that does not escape for
 * HTML). Template code reaches only the values it is given; time, memory and depth are bounded by {@link Limits}.
 * Immutable and thread-safe.
 */
public final class ChatTemplate {
    private static final int LONGEST_SOURCE = 4 << 20;

    private final Template template;
    private final Clock clock;

    private ChatTemplate(Template template, Clock clock) {
        this.template = template;
        this.clock = clock;
    }

    /**
     * Parses a template.
     *
     * @throws TemplateException if it does not parse, or needs another template
     */
    public static ChatTemplate compile(String source) {
        return compile(source, Clock.system(ZoneId.systemDefault()));
    }

    /** As {@link #compile(String)}, with the clock that {@code strftime_now} reads. */
    public static ChatTemplate compile(String source, Clock clock) {
        return compile(source, clock, true);
    }

    /** As {@link #compile(String, Clock)}, with or without trimming white space around blocks. */
    static ChatTemplate compile(String source, Clock clock, boolean trimming) {
        if (source.length() > LONGEST_SOURCE) {
            throw new TemplateException(
                    TemplateException.Kind.LIMIT, "it is longer than " + LONGEST_SOURCE + " characters", 1);
        }
        try {
            return new ChatTemplate(Template.parse(source, trimming, trimming), clock);
        } catch (SyntaxException e) {
            throw new TemplateException(TemplateException.Kind.SYNTAX, String.valueOf(e.getMessage()), e.line());
        } catch (PythonException e) {
            // An integer literal that is too long.
            throw new TemplateException(TemplateException.Kind.SYNTAX, String.valueOf(e.getMessage()), 1);
        }
    }

    /**
     * Renders the template.
     *
     * @param context the variables: String, Boolean, Integer, Long, BigInteger, Double, List, Map, null
     * @throws TemplateException if the template refuses the conversation, fails or passes a limit
     */
    public String render(Map<String, ? extends @Nullable Object> context) {
        return text(context).chars();
    }

    /** As {@link #render(Map)}, in pieces by origin: joined, their texts are what that returns. */
    public List<Fragment> fragments(Map<String, ? extends @Nullable Object> context) {
        Text text = text(context);
        List<Fragment> fragments = new ArrayList<>();
        for (int at = 0; at < text.chars().length(); ) {
            int end = text.runEnd(at);
            fragments.add(new Fragment(text.chars().substring(at, end), !text.foreignAt(at)));
            at = end;
        }
        return fragments;
    }

    /** {@link #render(List, MessageShape, String, String, boolean, Map)} with messages in their plain shape. */
    public List<Fragment> render(
            List<ChatMessage> messages,
            String bosToken,
            String eosToken,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> variables) {
        return render(messages, MessageShape.PLAIN, bosToken, eosToken, addGenerationPrompt, variables);
    }

    /**
     * Renders a conversation.
     *
     * @param bosToken the text of the token that begins texts; empty if the vocabulary has none
     * @param eosToken the text of the token that ends texts; empty if the vocabulary has none
     * @param addGenerationPrompt whether the text ends where the assistant is to speak
     * @param shape the form in which the template takes messages with calls
     * @param variables further variables, such as {@code tools} or {@code enable_thinking}
     * @return the pieces of the text, to be tokenized with special tokens only where {@link Fragment#fromTemplate}
     * @throws EngineException if the template refuses the conversation, fails or passes a limit
     */
    public List<Fragment> render(
            List<ChatMessage> messages,
            MessageShape shape,
            String bosToken,
            String eosToken,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> variables) {
        try {
            return fragments(context(messages, shape, bosToken, eosToken, addGenerationPrompt, variables));
        } catch (TemplateException e) {
            throw e.toEngineException();
        }
    }

    /** What {@code transformers.apply_chat_template} gives a template: {@code tools} and {@code documents} are there, as None. */
    static Map<String, @Nullable Object> context(
            List<ChatMessage> messages,
            MessageShape shape,
            String bosToken,
            String eosToken,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> variables) {
        List<Map<String, @Nullable Object>> turns =
                messages.stream().map(shape::turn).toList();
        Map<String, @Nullable Object> context = new LinkedHashMap<>();
        context.put("tools", null);
        context.put("documents", null);
        context.put("bos_token", bosToken);
        context.put("eos_token", eosToken);
        context.put("add_generation_prompt", addGenerationPrompt);
        context.putAll(variables);
        context.put("messages", turns);
        return context;
    }

    /** What the template can do; found out by reading it and by a few renderings, so ask once. */
    public TemplateCapabilities capabilities() {
        return TemplateCapabilities.of(this, template.names());
    }

    /** Whether it reads a variable of that name anywhere. */
    public boolean reads(String variable) {
        return template.names().contains(variable);
    }

    private Text text(Map<String, ? extends @Nullable Object> context) {
        try {
            Map<String, Value> values = ContextValues.of(context);
            return template.render(values, LocalDateTime.now(clock));
        } catch (Template.Failure e) {
            throw new TemplateException(kind(e.type()), String.valueOf(e.getMessage()), e.line());
        } catch (PythonException e) {
            throw new TemplateException(
                    TemplateException.Kind.LIMIT, "the conversation is too large: " + e.getMessage(), 1);
        }
    }

    private static TemplateException.Kind kind(PythonException.Type type) {
        switch (type) {
            case RAISED:
                return TemplateException.Kind.REFUSED;
            case LIMIT:
                return TemplateException.Kind.LIMIT;
            default:
                return TemplateException.Kind.FAILED;
        }
    }
}
