package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How calls are written between the markers around them. */
sealed interface CallSyntax {
    /** A call as read; the id is null where the model gave none. */
    record Written(@Nullable String id, String name, Map<String, @Nullable Object> arguments) {}

    /** What the body must begin with; ends where its values begin. */
    Pattern start();

    /** Whether {@code body} is of values with brackets and strings, which show where it ends. */
    boolean hasValues(CharSequence body);

    /**
     * The calls of a whole body.
     *
     * @param start of this body, matched
     * @return empty if it is malformed
     */
    List<Written> read(String body, Matcher start, ParameterTypes types);

    /**
     * JSON. Where {@code head} has a group {@code name}, it has the name and the value is the arguments; else the values are
     * calls or lists of calls.
     */
    record Json(Pattern start) implements CallSyntax {
        private static final Pattern REST = Pattern.compile("\\s*(?:```)?\\s*");

        /** @param head what stands before the first brace; groups {@code name} and {@code id} are optional */
        static Json after(String head) {
            return new Json(Pattern.compile(head + "(?=[\\[{])"));
        }

        @Override
        public boolean hasValues(CharSequence body) {
            return true;
        }

        @Override
        public List<Written> read(String body, Matcher head, ParameterTypes types) {
            LiteralReader reader = new LiteralReader(body, head.end());
            List<Written> calls = new ArrayList<>();
            String name = group(head, "name");
            try {
                do {
                    Object value = reader.value();
                    if (name == null) {
                        CallObjects.add(value, calls);
                    } else if (value instanceof Map<?, ?> map) {
                        calls.add(new Written(group(head, "id"), name, CallObjects.named(map)));
                    } else {
                        return List.of();
                    }
                } while (name == null && another(reader));
            } catch (LiteralReader.Malformed e) {
                return List.of();
            }
            return REST.matcher(body).region(reader.position(), body.length()).matches() ? calls : List.of();
        }

        /** Whether another value follows; models put commas, semicolons and their own opening marker between. */
        private static boolean another(LiteralReader reader) {
            do {
                reader.skipSpace();
            } while (reader.accept(",") || reader.accept(";") || reader.accept("<tool_call>"));
            return reader.atValue();
        }

        private static @Nullable String group(Matcher head, String group) {
            return head.namedGroups().containsKey(group) ? head.group(group) : null;
        }
    }

    /**
     * Arguments between tags.
     *
     * @param call has groups {@code name} and {@code body}
     * @param argument found in that body; has groups {@code key} and {@code value}, and {@code text} if the tag can say
     *     whether the value is text
     * @param ownLines values stand on lines of their own
     */
    record Tagged(Pattern start, Pattern call, Pattern argument, boolean ownLines) implements CallSyntax {
        static Tagged of(String start, String call, String argument, boolean ownLines) {
            return new Tagged(
                    Pattern.compile(start),
                    Pattern.compile(call, Pattern.DOTALL),
                    Pattern.compile(argument, Pattern.DOTALL),
                    ownLines);
        }

        @Override
        public boolean hasValues(CharSequence body) {
            return false;
        }

        @Override
        public List<Written> read(String body, Matcher start, ParameterTypes types) {
            List<Written> calls = new ArrayList<>();
            Matcher found = call.matcher(body);
            int at = 0;
            while (found.find() && body.substring(at, found.start()).isBlank()) {
                Map<String, @Nullable Object> arguments = arguments(found.group("name"), found.group("body"), types);
                if (arguments == null) {
                    return List.of();
                }
                calls.add(new Written(null, found.group("name"), arguments));
                at = found.end();
            }
            return body.substring(at).isBlank() ? calls : List.of();
        }

        private @Nullable Map<String, @Nullable Object> arguments(String tool, String body, ParameterTypes types) {
            Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
            Matcher found = argument.matcher(body);
            int at = 0;
            while (found.find() && body.substring(at, found.start()).isBlank()) {
                String key = found.group("key").strip();
                String value = found.group("value");
                boolean typed = found.namedGroups().containsKey("text");
                boolean text = typed && "true".equals(found.group("text"));
                if (ownLines) {
                    value = withoutLineEnds(value);
                }
                arguments.put(
                        key, text ? value : typed ? ParameterTypes.literal(value) : types.value(tool, key, value));
                at = found.end();
            }
            return body.substring(at).isBlank() ? arguments : null;
        }

        private static String withoutLineEnds(String value) {
            int from = value.startsWith("\n") ? 1 : 0;
            int to = value.length() > from && value.endsWith("\n") ? value.length() - 1 : value.length();
            return value.substring(from, to);
        }
    }

    /** Calls as Python writes them, {@code f(a=1, b="x")}, one, several on lines, or in a list. */
    record Python() implements CallSyntax {
        private static final Pattern START =
                Pattern.compile("\\s*(?:```(?:python)?\\s*)?(?=\\[?\\s*(?:print\\()?\\s*[\\w.-]+\\()");

        @Override
        public Pattern start() {
            return START;
        }

        @Override
        public boolean hasValues(CharSequence body) {
            return true;
        }

        @Override
        public List<Written> read(String body, Matcher start, ParameterTypes types) {
            return PythonCalls.read(body, start.end());
        }
    }

    /** One syntax, or where the body does not begin like it, another. */
    record Either(CallSyntax first, CallSyntax second, Pattern start) implements CallSyntax {
        static Either of(CallSyntax first, CallSyntax second) {
            return new Either(
                    first,
                    second,
                    Pattern.compile("(?:" + first.start().pattern() + ")|(?:"
                            + second.start().pattern() + ")"));
        }

        @Override
        public boolean hasValues(CharSequence body) {
            CallSyntax syntax = first.start().matcher(body).lookingAt() ? first : second;
            return syntax.hasValues(body);
        }

        @Override
        public List<Written> read(String body, Matcher start, ParameterTypes types) {
            for (CallSyntax syntax : List.of(first, second)) {
                Matcher own = syntax.start().matcher(body);
                if (own.lookingAt()) {
                    return syntax.read(body, own, types);
                }
            }
            return List.of();
        }
    }
}
