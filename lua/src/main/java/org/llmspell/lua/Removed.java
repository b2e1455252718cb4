package org.llmspell.lua;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Explains an error that comes of using what the sandbox has taken away. */
final class Removed {
    private static final Set<String> NAMES = Set.of(
            "require",
            "dofile",
            "loadfile",
            "package",
            "debug",
            "execute",
            "getenv",
            "remove",
            "rename",
            "tmpname",
            "setlocale",
            "open",
            "popen",
            "input",
            "output",
            "tmpfile",
            "close",
            "dump");

    private static final Pattern NIL_VALUE =
            Pattern.compile("attempt to (?:call|index) a nil value \\((?:global|field|method) '(\\w+)'\\)");

    private Removed() {}

    /** {@code message}, saying so if it is about a missing function that scripts outside the sandbox have. */
    static String explain(String message) {
        Matcher nil = NIL_VALUE.matcher(message);
        return nil.find() && NAMES.contains(nil.group(1)) ? message + ": not available in the sandbox" : message;
    }
}
