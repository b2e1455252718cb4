package org.llmspell.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Results;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.template.ChatTemplate;
import org.llmspell.engine.template.Fragment;
import org.llmspell.engine.template.TemplateException;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.engine.tokenizer.Tokenizers;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufMetadata;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.json.JsonText;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code render}: the prompt that a model's chat template makes of a conversation. */
final class RenderCommand implements Command {
    private static final String NOW = "--now";
    private static final String TEMPLATE = "tokenizer.chat_template";

    @Override
    public CommandSpec spec() {
        return Usage.of("render", "Shows the prompt that a model's chat template makes of a conversation.")
                .does(this)
                .details(
                        "MESSAGES is a JSON file, - for standard input: a list of messages, or an object with messages,"
                                + " tools, documents, add_generation_prompt (true unless it says otherwise) and whatever"
                                + " else the template reads.",
                        "Nothing is added to the prompt, also no line end.")
                .examples(
                        "llmspell render tinyllama:Q4_K_M messages.json",
                        "echo '[{\"role\":\"user\",\"content\":\"Hi\"}]' | llmspell render model.gguf -",
                        "llmspell render model.gguf messages.json --now 2026-01-15T10:30:45")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "An installed model, or the path of a .gguf file"))
                .addPositional(Parameters.text(1, "MESSAGES", "The JSON file, or -"))
                .addOption(OptionSpec.builder(NOW)
                        .paramLabel("TIME")
                        .type(String.class)
                        .description("What the template takes for the time, such as 2026-01-15T10:30:45")
                        .build());
    }

    @Override
    public int run(ParseResult line, Session session) throws IOException {
        Clock clock = clock(line);
        Map<String, @Nullable Object> conversation = conversation(Parameters.get(line, 1), session);
        Path file = Models.file(Parameters.get(line, 0), session);
        List<Fragment> prompt;
        try (GgufFile gguf = GgufFile.open(file)) {
            prompt = prompt(gguf.metadata(), conversation, clock, session);
        } catch (EngineException e) {
            throw Models.unusable(file, e);
        }
        Results results = session.results();
        results.show(() -> json(prompt), () -> {
            String text = text(prompt);
            results.out().print(text);
            if (session.surroundings().screen().outputTerminal() && !text.endsWith("\n")) {
                results.out().println();
            }
        });
        return 0;
    }

    private static Clock clock(ParseResult line) {
        @Nullable String now = line.matchedOptionValue(NOW, null);
        if (now == null) {
            return Clock.system(ZoneId.systemDefault());
        }
        try {
            ZoneId zone = ZoneId.systemDefault();
            return Clock.fixed(LocalDateTime.parse(now).atZone(zone).toInstant(), zone);
        } catch (DateTimeParseException e) {
            throw new ParameterException(
                    line.commandSpec().commandLine(), "--now must be a time such as 2026-01-15T10:30:45, got " + now);
        }
    }

    private static List<Fragment> prompt(
            GgufMetadata metadata, Map<String, @Nullable Object> conversation, Clock clock, Session session)
            throws IOException {
        @Nullable String source = metadata.string(TEMPLATE).orElse(null);
        if (source == null) {
            session.err().println("The model has no chat template: it is given the messages' texts as they are.");
            return plain(conversation);
        }
        Tokenizer tokenizer = Tokenizers.from(metadata);
        Map<String, @Nullable Object> context = new LinkedHashMap<>();
        context.put("tools", null);
        context.put("documents", null);
        context.put("bos_token", piece(tokenizer, tokenizer.specialTokens().bos()));
        context.put("eos_token", piece(tokenizer, tokenizer.specialTokens().eos()));
        context.put("add_generation_prompt", true);
        context.putAll(conversation);
        try {
            return ChatTemplate.compile(source, clock).fragments(context);
        } catch (TemplateException e) {
            throw e.toEngineException();
        }
    }

    private static String piece(Tokenizer tokenizer, int id) {
        return id < 0 ? "" : tokenizer.piece(id);
    }

    /** As the engine gives it to a model without a template: the texts a line apart, the system prompt first. */
    private static List<Fragment> plain(Map<String, @Nullable Object> conversation) {
        List<String> system = new ArrayList<>();
        List<String> others = new ArrayList<>();
        if (conversation.get("messages") instanceof List<?> messages) {
            for (Object message : messages) {
                if (message instanceof Map<?, ?> fields && fields.get("content") instanceof String text) {
                    ("system".equals(fields.get("role")) ? system : others).add(text);
                }
            }
        }
        system.addAll(others);
        String joined = String.join("\n", system);
        return joined.isEmpty() ? List.of() : List.of(new Fragment(joined, false));
    }

    private static Map<String, @Nullable Object> conversation(String source, Session session) throws IOException {
        boolean standardInput = source.equals("-");
        String text =
                standardInput ? Parameters.standardInput(session) : Files.readString(Models.path(source, session));
        Object document;
        try {
            document = JsonText.parse(text);
        } catch (IllegalArgumentException e) {
            throw wrong(standardInput, source, "is no JSON", e);
        }
        Map<String, @Nullable Object> conversation = new LinkedHashMap<>();
        if (document instanceof List<?> messages) {
            conversation.put("messages", messages);
        } else if (document instanceof Map<?, ?> fields) {
            fields.forEach((name, value) -> conversation.put(String.valueOf(name), value));
        }
        boolean sound = conversation.get("messages") instanceof List<?> messages
                && messages.stream().allMatch(message -> message instanceof Map<?, ?>);
        if (!sound) {
            throw wrong(standardInput, source, "holds no list of messages", null);
        }
        return conversation;
    }

    private static LocalModelException wrong(
            boolean standardInput, String source, String problem, @Nullable Exception cause) {
        return new LocalModelException(
                LocalModelException.Kind.INVALID_REQUEST,
                (standardInput ? "Standard input " : source + " ") + problem,
                cause == null ? null : Models.firstLine(cause),
                List.of("Write [{\"role\": \"user\", \"content\": \"Hi\"}], or an object with such a list as messages"),
                cause);
    }

    private static String text(List<Fragment> prompt) {
        return prompt.stream().map(Fragment::text).collect(Collectors.joining());
    }

    /** With the pieces and who wrote them, since special tokens count only in what the template wrote. */
    private static Map<String, Object> json(List<Fragment> prompt) {
        List<Object> fragments = new ArrayList<>();
        for (Fragment fragment : prompt) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("text", fragment.text());
            fields.put("from_template", fragment.fromTemplate());
            fragments.add(fields);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("prompt", text(prompt));
        document.put("fragments", fragments);
        return document;
    }
}
