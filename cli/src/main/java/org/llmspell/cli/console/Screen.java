package org.llmspell.cli.console;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What is known of whoever reads the output.
 *
 * @param outputTerminal standard output goes to a terminal
 * @param errorTerminal standard error goes to a terminal
 * @param columns the width to fit tables in; {@link Integer#MAX_VALUE} where nothing needs to fit
 * @param colour whether colours and bold are wanted on a terminal
 */
public record Screen(boolean outputTerminal, boolean errorTerminal, int columns, boolean colour) {
    /** Neither stream is a terminal: nothing is cut to a width, nothing is coloured. */
    public static final Screen NONE = new Screen(false, false, Integer.MAX_VALUE, false);

    private static final int DEFAULT_COLUMNS = 80;

    /**
     * What this process's standard streams are. No colour where {@code NO_COLOR} is set (https://no-color.org) or {@code
     * TERM} is {@code dumb}.
     *
     * @param errorDescriptor the descriptor that standard error really is
     */
    static Screen detect(int errorDescriptor, Map<String, String> environment) {
        boolean output = isTerminal(1);
        boolean error = isTerminal(errorDescriptor);
        boolean colour = environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
        int columns = output ? Posix.columns(1).orElse(DEFAULT_COLUMNS) : Integer.MAX_VALUE;
        return new Screen(output, error, columns, colour);
    }

    /** Asks Linux's /proc first, which costs a hundredth of linking isatty: it says no for most pipes and files. */
    private static boolean isTerminal(int descriptor) {
        Path link = Path.of("/proc/self/fd/" + descriptor);
        try {
            return Files.isSymbolicLink(link)
                    ? Files.readSymbolicLink(link).startsWith("/dev") && !isNull(link) && Posix.isTerminal(descriptor)
                    : Posix.isTerminal(descriptor);
        } catch (java.io.IOException e) {
            return false;
        }
    }

    private static boolean isNull(Path link) throws java.io.IOException {
        return Files.readSymbolicLink(link).equals(Path.of("/dev/null"));
    }
}
