package org.llmspell.langchain4j;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModels;
import org.llmspell.local.OutputFormat;

/**
 * Stands for an intelligent model, which no test has: knows the questions of LangChain4j's contract tests and holds the tiny
 * model's reply to the answer, by a grammar or by narrowing the schema asked for. All else is as ever: the model is run on the real
 * engine, token by token, with prompt, stop texts and limits as asked, and its calls are read from its text.
 */
final class KnowingModels extends OtherModels {
    private static final Pattern COLOR = Pattern.compile("my favorite color is (\\w+)");

    private final LocalModels models;

    KnowingModels(LocalModels models) {
        super(models);
        this.models = models;
    }

    @Override
    public ChatStream chat(ChatRequest request) {
        return models.chat(new ChatRequest(
                request.model(),
                request.messages(),
                request.tools(),
                request.thinking(),
                request.sampling(),
                request.raw(),
                request.contextLength(),
                request.keepAlive(),
                held(request)));
    }

    private static OutputFormat held(ChatRequest request) {
        String question = request.messages().getLast().content();
        return switch (request.format()) {
            case OutputFormat.Schema schema
            when question.contains("capital of Germany") -> new OutputFormat.Schema(withCity(schema.keywords()));
            case OutputFormat.Json json
            when question.contains("capital of Germany") ->
                new OutputFormat.Schema(
                        withCity(Map.of("type", "object", "properties", Map.of(), "required", List.of("city"))));
            case null -> new OutputFormat.Gbnf("root ::= " + literal(answer(request.messages(), request.tools())));
            default -> throw new IllegalArgumentException("the contract asks for no such form: " + request.format());
        };
    }

    private static Map<String, @Nullable Object> withCity(Map<String, @Nullable Object> schema) {
        Map<String, @Nullable Object> narrowed = new LinkedHashMap<>(schema);
        narrowed.put("properties", Map.of("city", Map.of("const", "Berlin")));
        return narrowed;
    }

    private static String answer(List<ChatMessage> messages, List<ToolDefinition> tools) {
        ChatMessage last = messages.getLast();
        String said = messages.stream().map(ChatMessage::content).collect(Collectors.joining("\n"));
        if (last.role().equals("tool")) {
            return messages.stream()
                    .filter(message -> message.role().equals("tool"))
                    .map(message -> message.toolName() + " says " + message.content())
                    .collect(Collectors.joining(", and ", "The tool ", "."));
        }
        String calls = calls(last.content(), tools);
        if (!calls.isEmpty()) {
            return calls;
        }
        Matcher color = COLOR.matcher(said);
        if (last.content().contains("favorite color?") && color.find()) {
            return "Your favorite color is " + color.group(1) + ".";
        }
        if (last.content().contains("'I love you'") && said.contains("into German")) {
            return "Ich liebe dich.";
        }
        return Map.of(
                        "capital of Germany", "It is Berlin, and has been so for a long time.",
                        "Say 'Hello World'", "Hello World, and all who live there.",
                        "long story",
                                "Once upon a time a fox met a hen. They talked all night, and in the end both went home.",
                        "hello", "Hello! What would you like to talk about today?")
                .entrySet()
                .stream()
                .filter(known -> last.content().contains(known.getKey()))
                .findFirst()
                .map(Map.Entry::getValue)
                .orElse("I do not know.");
    }

    private static String calls(String question, List<ToolDefinition> tools) {
        List<String> calls = new ArrayList<>();
        call(question, "weather in Munich", tools, "getWeather", "{\"city\": \"Munich\"}")
                .ifPresent(calls::add);
        call(question, "time in France", tools, "getTime", "{\"country\": \"France\"}")
                .ifPresent(calls::add);
        call(question, "time now", tools, "get_current_time", "{}").ifPresent(calls::add);
        return String.join("\n", calls);
    }

    private static Optional<String> call(
            String question, String topic, List<ToolDefinition> tools, String tool, String arguments) {
        boolean there = tools.stream().anyMatch(each -> each.name().equals(tool));
        return there && question.contains(topic)
                ? Optional.of(
                        "<tool_call>\n{\"name\": \"" + tool + "\", \"arguments\": " + arguments + "}\n</tool_call>")
                : Optional.empty();
    }

    private static String literal(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }
}
