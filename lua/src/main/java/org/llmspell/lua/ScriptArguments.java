package org.llmspell.lua;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Arranges a script's arguments as its globals {@code ARGS} and {@code arg}. */
final class ScriptArguments {
    private ScriptArguments() {}

    /** {@code arg}: 0 is the script, then the arguments as they are. */
    static Map<Object, Object> plain(String script, List<String> arguments) {
        Map<Object, Object> table = new LinkedHashMap<>();
        table.put(0L, script);
        for (int i = 0; i < arguments.size(); i++) {
            table.put(i + 1L, arguments.get(i));
        }
        return table;
    }

    /**
     * {@code ARGS}: {@code --key value} and {@code --key=value} by key, a {@code --key} that no value follows as
     * {@code "true"}, the rest from 1; after {@code --} all belong to the rest.
     */
    static Map<Object, Object> named(String script, List<String> arguments) {
        Map<Object, Object> table = new LinkedHashMap<>();
        table.put(0L, script);
        long positional = 0;
        boolean options = true;
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (options && argument.equals("--")) {
                options = false;
            } else if (options && argument.startsWith("--")) {
                int equals = argument.indexOf('=');
                boolean valueFollows =
                        i + 1 < arguments.size() && !arguments.get(i + 1).startsWith("--");
                if (equals > 2) {
                    table.put(argument.substring(2, equals), argument.substring(equals + 1));
                } else if (valueFollows) {
                    table.put(argument.substring(2), arguments.get(++i));
                } else {
                    table.put(argument.substring(2), "true");
                }
            } else {
                table.put(++positional, argument);
            }
        }
        return table;
    }
}
