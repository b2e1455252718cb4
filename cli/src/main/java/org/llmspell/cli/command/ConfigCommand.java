package org.llmspell.cli.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Results;
import org.llmspell.cli.output.Table;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.local.json.JsonText;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code config}: checks the configuration and shows what is in force; with {@code --keys}, what can be set. */
final class ConfigCommand implements Command {
    private static final String KEYS = "--keys";

    @Override
    public CommandSpec spec() {
        return Usage.of("config", "Checks the configuration and shows the values in force.")
                .does(this)
                .details("Secrets are masked. The text is TOML that the configuration file could hold.")
                .examples(
                        "llmspell config",
                        "llmspell config --config other.toml",
                        "llmspell config --keys                     every key: type, default, environment, meaning")
                .spec()
                .addOption(Parameters.flag(KEYS, "Show every key there is instead"));
    }

    @Override
    public int run(ParseResult line, Session session) {
        Results results = session.results();
        if (line.hasMatchedOption(KEYS)) {
            results.show(ConfigCommand::keysJson, () -> results.table(keysTable()));
            return 0;
        }
        Config config = session.config();
        results.show(() -> json(config), () -> text(config, results));
        return 0;
    }

    private static Map<String, @Nullable Object> json(Config config) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("file", config.file() == null ? null : config.file().toString());
        document.put("values", config.get(""));
        return document;
    }

    private static void text(Config config, Results results) {
        results.line(
                config.file() == null ? "# no configuration file: defaults and environment" : "# " + config.file());
        String table = "";
        for (ConfigKey key : config.keys()) {
            Object value = config.get(key.path());
            if (value == null) {
                continue;
            }
            int dot = key.path().lastIndexOf('.');
            if (!key.path().substring(0, dot).equals(table)) {
                table = key.path().substring(0, dot);
                results.line("\n[" + table + "]");
            }
            results.line(key.path().substring(dot + 1) + " = " + toml(value));
        }
    }

    /** Strings, numbers, booleans and lists of them are written alike in JSON and TOML, tables are not. */
    private static String toml(Object value) {
        if (value instanceof Map<?, ?> table) {
            return table.entrySet().stream()
                    .map(entry -> JsonText.compact(String.valueOf(entry.getKey())) + " = "
                            + JsonText.compact(entry.getValue()))
                    .collect(Collectors.joining(", ", "{ ", " }"));
        }
        return JsonText.compact(value);
    }

    private static List<Object> keysJson() {
        List<Object> keys = new ArrayList<>();
        for (ConfigKey key : ConfigKey.documented()) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("key", key.path());
            fields.put("type", key.type().expected());
            fields.put("default", key.defaultValue());
            fields.put("environment", key.environment());
            fields.put("meaning", key.meaning());
            keys.add(fields);
        }
        return keys;
    }

    private static Table keysTable() {
        Table table = new Table()
                .text("KEY")
                .text("TYPE")
                .text("DEFAULT")
                .text("ENVIRONMENT")
                .text("MEANING");
        Config.reference().forEach(row -> table.row(row.toArray(String[]::new)));
        return table;
    }
}
