package org.llmspell.local;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.llmspell.engine.Thinking;
import org.llmspell.local.json.JsonText;

/**
 * What a setting may hold, for options of a request and keys of the configuration alike: reads a value as Lua, JSON or
 * TOML give it ({@link Boolean}, {@link Number}, {@link String}, {@link List}, {@link Map}) and says what was expected.
 */
public sealed interface ValueType {
    /** The value in its one Java form, or empty if it is of another type or out of range. */
    Optional<Object> read(Object value);

    /** What is expected, to follow “must be”. */
    String expected();

    /** The value that {@code text}, from an environment variable or a flag, means. */
    default Optional<Object> readText(String text) {
        return read(text);
    }

    /** A {@link Double} from {@code min} (itself only if {@code minIncluded}) to {@code max}. */
    record Decimal(double min, boolean minIncluded, double max) implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            if (!(value instanceof Number number)) {
                return Optional.empty();
            }
            double d = number.doubleValue();
            boolean inside = (minIncluded ? d >= min : d > min) && d <= max;
            return inside ? Optional.of(d) : Optional.empty();
        }

        @Override
        public Optional<Object> readText(String text) {
            try {
                return read(Double.parseDouble(text.strip()));
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        }

        @Override
        public String expected() {
            String from = minIncluded ? "a number from " + plain(min) : "a number over " + plain(min);
            return max == Double.MAX_VALUE ? (minIncluded ? from + " up" : from) : from + " to " + plain(max);
        }

        private static String plain(double bound) {
            return bound == Math.rint(bound) ? String.valueOf((long) bound) : String.valueOf(bound);
        }
    }

    /** A {@link Long} from {@code min} to {@code max}, or −1 where {@code minusOne} gives that a meaning of its own. */
    record Whole(long min, long max, boolean minusOne) implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            long number;
            if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte) {
                number = ((Number) value).longValue();
            } else if (value instanceof Number other
                    && other.doubleValue() == Math.rint(other.doubleValue())
                    && Math.abs(other.doubleValue()) < 0x1p63) {
                number = other.longValue();
            } else {
                return Optional.empty();
            }
            boolean inside = (number >= min && number <= max) || (minusOne && number == -1);
            return inside ? Optional.of(number) : Optional.empty();
        }

        @Override
        public Optional<Object> readText(String text) {
            try {
                return read(Long.parseLong(text.strip()));
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        }

        @Override
        public String expected() {
            String range = min == Long.MIN_VALUE
                    ? ""
                    : max >= Integer.MAX_VALUE ? " from " + min + " up" : " from " + min + " to " + max;
            return "a whole number" + range + (minusOne ? ", or -1" : "");
        }
    }

    /** A {@link Thinking}: true, false or an effort. */
    record Think() implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            if (value instanceof Boolean wanted) {
                return Optional.of(wanted ? Thinking.ON : Thinking.OFF);
            }
            return value instanceof String effort ? readText(effort) : Optional.empty();
        }

        @Override
        public Optional<Object> readText(String text) {
            return switch (text.strip().toLowerCase(Locale.ROOT)) {
                case "low" -> Optional.of(Thinking.LOW);
                case "medium" -> Optional.of(Thinking.MEDIUM);
                case "high" -> Optional.of(Thinking.HIGH);
                default -> new Flag().readText(text).map(on -> on.equals(true) ? Thinking.ON : Thinking.OFF);
            };
        }

        @Override
        public String expected() {
            return "true, false, \"low\", \"medium\" or \"high\"";
        }
    }

    /** A {@link Boolean}. */
    record Flag() implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            return value instanceof Boolean ? Optional.of(value) : Optional.empty();
        }

        @Override
        public Optional<Object> readText(String text) {
            return switch (text.strip().toLowerCase(Locale.ROOT)) {
                case "true", "1", "yes", "on" -> Optional.of(true);
                case "false", "0", "no", "off" -> Optional.of(false);
                default -> Optional.empty();
            };
        }

        @Override
        public String expected() {
            return "true or false";
        }
    }

    /** A {@link String} that {@code valid} accepts. */
    record Text(String expected, Predicate<String> valid) implements ValueType {
        static final Text ANY = new Text("a string", text -> true);

        @Override
        public Optional<Object> read(Object value) {
            return value instanceof String text && valid.test(text) ? Optional.of(text) : Optional.empty();
        }
    }

    /** One {@link String} of a few. */
    record Choice(List<String> choices) implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            return value instanceof String text && choices.contains(text) ? Optional.of(text) : Optional.empty();
        }

        @Override
        public String expected() {
            return "one of " + String.join(", ", choices);
        }
    }

    /** A {@link List} of strings, also given as one string alone; none of them empty. */
    record Texts(int most) implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            if (value instanceof String text) {
                return text.isEmpty() ? Optional.empty() : Optional.of(List.of(text));
            }
            if (value instanceof Map<?, ?> map && map.isEmpty()) {
                return Optional.of(List.of()); // Lua cannot tell an empty list from an empty table
            }
            if (!(value instanceof List<?> list) || list.size() > most) {
                return Optional.empty();
            }
            for (Object element : list) {
                if (!(element instanceof String text) || text.isEmpty()) {
                    return Optional.empty();
                }
            }
            return Optional.of(List.copyOf(list));
        }

        @Override
        public String expected() {
            return "a string or a list of at most " + most + " strings, none of them empty";
        }
    }

    /** A {@link List} of at least one http or https URL without user, query and fragment, also given as one alone; commas part them in text. */
    record WebAddresses(int most) implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            return new Texts(most)
                    .read(value)
                    .filter(texts -> texts instanceof List<?> list
                            && !list.isEmpty()
                            && list.stream().allMatch(text -> isWebAddress(String.valueOf(text))));
        }

        @Override
        public Optional<Object> readText(String text) {
            return read(List.of(text.strip().split("\\s*,\\s*")));
        }

        @Override
        public String expected() {
            return "an http or https URL or a list of at most " + most + " of them";
        }

        /** Whether {@code text} is an absolute http or https URL without user, query and fragment. */
        public static boolean isWebAddress(String text) {
            try {
                URI uri = new URI(text);
                return uri.getHost() != null
                        && ("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()))
                        && uri.getUserInfo() == null
                        && uri.getQuery() == null
                        && uri.getFragment() == null;
            } catch (URISyntaxException e) {
                return false;
            }
        }
    }

    /** A {@link Map} from names to names, none of them empty. */
    record Names() implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            if (!(value instanceof Map<?, ?> map)) {
                return Optional.empty();
            }
            Map<String, String> names = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!(entry.getValue() instanceof String name) || name.isBlank()) {
                    return Optional.empty();
                }
                names.put(String.valueOf(entry.getKey()), name);
            }
            return Optional.of(names);
        }

        @Override
        public String expected() {
            return "a table from names to names";
        }
    }

    /** A {@link Map} from token ids to numbers from −100 to 100; ids may be written as strings. */
    record Bias() implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            if (value instanceof List<?> list && list.isEmpty()) {
                return Optional.of(Map.of());
            }
            if (!(value instanceof Map<?, ?> map)) {
                return Optional.empty();
            }
            Map<Integer, Double> bias = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                int token;
                try {
                    token = entry.getKey() instanceof Double d && d == Math.rint(d)
                            ? Math.toIntExact(d.longValue())
                            : Integer.parseInt(String.valueOf(entry.getKey()));
                } catch (NumberFormatException | ArithmeticException e) {
                    return Optional.empty();
                }
                if (token < 0
                        || !(entry.getValue() instanceof Number number)
                        || !(Math.abs(number.doubleValue()) <= 100)) {
                    return Optional.empty();
                }
                bias.put(token, number.doubleValue());
            }
            return Optional.of(bias);
        }

        @Override
        public String expected() {
            return "a table from token ids to numbers from -100 to 100";
        }
    }

    /**
     * The form of a reply: {@code text}, {@code json}, or a JSON Schema, which is read to a {@link Map} from a map or from
     * JSON text.
     */
    record Format() implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            if (value instanceof String text && text.strip().startsWith("{")) {
                try {
                    return Optional.of(JsonText.parseObject(text));
                } catch (IllegalArgumentException e) {
                    throw new LocalModelException(
                            LocalModelException.Kind.INVALID_REQUEST,
                            "Option format is no JSON Schema: " + e.getMessage());
                }
            }
            boolean named = value instanceof String text && (text.equals("json") || text.equals("text"));
            return named || value instanceof Map ? Optional.of(value) : Optional.empty();
        }

        @Override
        public String expected() {
            return "\"json\", \"text\" or a JSON Schema, as a table or as JSON text";
        }
    }

    /** How many alternatives to report: a {@link Long} from −1 to 20; true for 0, the chosen token alone. */
    record Logprobs() implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            return value instanceof Boolean wanted
                    ? Optional.of(wanted ? 0L : -1L)
                    : new Whole(0, 20, true).read(value);
        }

        @Override
        public Optional<Object> readText(String text) {
            Optional<Object> count = new Whole(0, 20, true).readText(text);
            return count.isPresent() ? count : new Flag().readText(text).flatMap(this::read);
        }

        @Override
        public String expected() {
            return "a whole number from 0 to 20, -1, true or false";
        }
    }

    /** A {@link Duration}: seconds, or text such as {@code 5m} or {@code 1h30m}; any negative one is for ever. */
    record KeepAlive() implements ValueType {
        @Override
        public Optional<Object> read(Object value) {
            return switch (value) {
                case Number seconds ->
                    KeepAliveText.ofSeconds(seconds.doubleValue()).map(d -> d);
                case String text -> KeepAliveText.parse(text).map(d -> d);
                default -> Optional.empty();
            };
        }

        @Override
        public String expected() {
            return "a number of seconds or a duration such as \"5m\" or \"1h30m\", negative for ever";
        }
    }

    /** {@code value} as an error message shows it. */
    static String show(Object value) {
        return switch (value) {
            case String text -> Quoted.of(text);
            case Map<?, ?> map -> "a table";
            case List<?> list -> "a list";
            case Number number -> String.valueOf(number);
            case Boolean flag -> String.valueOf(flag);
            default -> Quoted.of(String.valueOf(value));
        };
    }
}
