package org.llmspell.local.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.Nearest;
import org.llmspell.local.Quoted;
import org.llmspell.local.ValueType;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * Reads a configuration file against {@link ConfigKey#ALL} and the keys of the providers that it names itself; every error names
 * file, line and column.
 */
final class TomlFile {
    /** A hundred times what a real one needs. */
    private static final long LARGEST = 1 << 20;

    private final Path file;
    private final Map<String, Object> values = new HashMap<>();
    private final Map<String, ConfigKey> keys = new LinkedHashMap<>(ConfigKey.BY_PATH);
    private final List<String> providers = new ArrayList<>();

    private TomlFile(Path file) {
        this.file = file;
    }

    /**
     * What a file sets.
     *
     * @param values by path of key, as their types read them
     * @param providers the names of those that the file brings itself, in its order
     */
    record Content(Map<String, Object> values, List<String> providers) {}

    /** Reads {@code file}. */
    static Content read(Path file) {
        TomlFile reader = new TomlFile(file);
        TomlParseResult toml = Toml.parse(reader.text());
        if (toml.hasErrors()) {
            throw reader.syntax(toml.errors());
        }
        reader.findProviders(toml);
        reader.table(List.of(), toml);
        return new Content(reader.values, reader.providers);
    }

    /** A table of [providers] that has a type is a provider of the user's own. */
    private void findProviders(TomlTable toml) {
        if (!(toml.get(List.of("providers")) instanceof TomlTable tables)) {
            return;
        }
        for (String name : tables.keySet()) {
            boolean own = tables.get(List.of(name)) instanceof TomlTable table && table.contains(List.of("type"));
            if (own && ProviderKeys.isName(name)) {
                providers.add(name);
                ProviderKeys.of(name).forEach(key -> keys.put(key.path(), key));
            } else if (own && !ModelSpec.BACKENDS.contains(name)) {
                throw Config.error(at(position(tables, name))
                        + "a provider's name is a lower-case letter, then at most 39 letters,"
                        + " digits, - and _; got " + Quoted.of(name));
            }
        }
    }

    private String text() {
        if (!Files.isRegularFile(file)) {
            throw Config.error("The configuration " + file + " is not a file");
        }
        try {
            if (Files.size(file) > LARGEST) {
                throw Config.error("The configuration " + file + " is larger than " + LARGEST + " bytes");
            }
            byte[] bytes = Files.readAllBytes(file);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw Config.error("The configuration " + file + " is not UTF-8 text");
        } catch (IOException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.CONFIGURATION,
                    "The configuration " + file + " cannot be read: " + e.getMessage(),
                    null,
                    List.of("Check the permissions of the file"),
                    e);
        }
    }

    private LocalModelException syntax(List<TomlParseError> errors) {
        TomlParseError first = errors.getFirst();
        String others = errors.stream()
                .skip(1)
                .limit(5)
                .map(error -> at(error.position()) + oneLine(error))
                .collect(Collectors.joining("\n"));
        return new LocalModelException(
                LocalModelException.Kind.CONFIGURATION,
                at(first.position()) + oneLine(first),
                others.isEmpty() ? null : others,
                List.of(),
                null);
    }

    private static String oneLine(TomlParseError error) {
        return String.valueOf(error.getMessage()).replaceAll("\\s+", " ");
    }

    private void table(List<String> path, TomlTable table) {
        for (String name : table.keySet()) {
            List<String> inner = new ArrayList<>(path);
            inner.add(name);
            Object value = table.get(List.of(name));
            String dotted = String.join(".", inner);
            // A quoted key with a dot in it is one name, and none of ours.
            ConfigKey key = name.indexOf('.') < 0 ? keys.get(dotted) : null;
            String place = at(position(table, name));
            if (key != null) {
                Object plain = plain(value);
                values.put(
                        dotted,
                        key.type()
                                .read(plain)
                                .orElseThrow(() -> Config.error(place + dotted + " must be "
                                        + key.type().expected()
                                        + (key.secret() ? "" : ", got " + ValueType.show(plain)))));
            } else if (!namesIn(inner).isEmpty() && name.indexOf('.') < 0) {
                if (!(value instanceof TomlTable below)) {
                    throw Config.error(place + dotted + " must be a table, got " + ValueType.show(plain(value)));
                }
                table(inner, below);
            } else {
                Set<String> known = namesIn(path);
                String hint = Nearest.hint(name, known);
                throw Config.error(place + "unknown "
                        + (value instanceof TomlTable ? "table " : "key ")
                        + Quoted.of(name)
                        + (path.isEmpty() ? "" : " in [" + String.join(".", path) + "]")
                        + (hint.isEmpty() ? "; known are " + String.join(", ", known) : hint)
                        + (path.equals(List.of("providers")) ? "; one of your own needs type = \"openai\"" : ""));
            }
        }
    }

    /** The names of keys and tables directly in the table at {@code path}. */
    private Set<String> namesIn(List<String> path) {
        String prefix = path.isEmpty() ? "" : String.join(".", path) + ".";
        Set<String> names = new TreeSet<>();
        for (String key : keys.keySet()) {
            if (key.startsWith(prefix)) {
                String rest = key.substring(prefix.length());
                int dot = rest.indexOf('.');
                names.add(dot < 0 ? rest : rest.substring(0, dot));
            }
        }
        return names;
    }

    /** The end of an error about an unknown dotted path. */
    static String hint(String path) {
        return Nearest.hint(path, ConfigKey.BY_PATH.keySet());
    }

    private static @Nullable TomlPosition position(TomlTable table, String name) {
        return table.inputPositionOf(List.of(name));
    }

    private String at(@Nullable TomlPosition position) {
        return position == null ? file + ": " : file + ":" + position.line() + ":" + position.column() + ": ";
    }

    private static Object plain(@Nullable Object value) {
        return switch (value) {
            case TomlArray array -> array.toList().stream().map(TomlFile::plain).toList();
            case TomlTable table -> {
                Map<String, Object> map = new LinkedHashMap<>();
                table.keySet().forEach(name -> map.put(name, plain(table.get(List.of(name)))));
                yield map;
            }
            case null -> "";
            default -> value;
        };
    }
}
