package org.llmspell.cli.console;

import java.lang.System.Logger.Level;

/** How much {@code --trace} lets through to standard error. */
public enum TraceLevel {
    OFF(Level.OFF),
    ERROR(Level.ERROR),
    WARN(Level.WARNING),
    INFO(Level.INFO),
    DEBUG(Level.DEBUG),
    TRACE(Level.TRACE);

    private final Level level;

    TraceLevel(Level level) {
        this.level = level;
    }

    /** Whether a message of {@code severity} is shown. */
    boolean shows(Level severity) {
        return this != OFF && severity != Level.OFF && severity.getSeverity() >= level.getSeverity();
    }

    /** Whether an error is shown with where in the program it happened. */
    public boolean showsStackTraces() {
        return compareTo(DEBUG) >= 0;
    }
}
