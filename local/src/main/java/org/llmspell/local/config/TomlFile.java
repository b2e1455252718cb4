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
import org.llmspell.local.Nearest;
import org.llmspell.local.Quoted;
import org.llmspell.local.ValueType;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** Reads a configuration file against {@link ConfigKey#ALL}; every error names file, line and column. */
final class TomlFile {
    /** A hundred times what a real one needs. */
    private static final long LARGEST = 1 << 20;

    private final Path file;
    private final Map<String, Object> values = new HashMap<>();

    private TomlFile(Path file) {
        this.file = file;
    }

    /** The values that the file sets, by path of key, as their types read them. */
    static Map<String, Object> read(Path file) {
        TomlFile reader = new TomlFile(file);
        TomlParseResult toml = Toml.parse(reader.text());
        if (toml.hasErrors()) {
            throw reader.syntax(toml.errors());
        }
        reader.table(List.of(), toml);
        return reader.values;
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
            ConfigKey key = name.indexOf('.') < 0 ? ConfigKey.BY_PATH.get(dotted) : null;
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
                        + (hint.isEmpty() ? "; known are " + String.join(", ", known) : hint));
            }
        }
    }

    /** The names of keys and tables directly in the table at {@code path}. */
    private static Set<String> namesIn(List<String> path) {
        String prefix = path.isEmpty() ? "" : String.join(".", path) + ".";
        Set<String> names = new TreeSet<>();
        for (String key : ConfigKey.BY_PATH.keySet()) {
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
