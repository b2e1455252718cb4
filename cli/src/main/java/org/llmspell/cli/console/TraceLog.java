package org.llmspell.cli.console;

import java.io.PrintStream;
import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * Sends what the modules log through {@link System.Logger} to standard error, one line per message, and says nothing below
 * the level that {@code --trace} sets. {@link java.util.ServiceLoader} makes it, once per process, so what it writes to
 * is the process's too: the one static variable of this module.
 */
public final class TraceLog extends System.LoggerFinder {
    private record Sink(TraceLevel level, PrintStream err) {}

    private static volatile Sink sink = new Sink(TraceLevel.WARN, System.err);

    /** Sends messages of {@code level} and worse to {@code err} from now on. */
    public static void send(TraceLevel level, PrintStream err) {
        sink = new Sink(level, err);
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new Line(name);
    }

    private record Line(String name) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            // The JDK's own loggers speak of its insides: they are for whoever asks for everything.
            TraceLevel least = sink.level();
            return least.shows(level) && (name.contains("llmspell") || least == TraceLevel.TRACE);
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, @Nullable String message, @Nullable Throwable e) {
            if (isLoggable(level)) {
                write(level, String.valueOf(message), e);
            }
        }

        @Override
        public void log(
                Level level,
                @Nullable ResourceBundle bundle,
                @Nullable String format,
                @Nullable Object @Nullable ... values) {
            if (isLoggable(level)) {
                String text = String.valueOf(format);
                // The platform's own log(Level, String) passes null for no values.
                write(level, values == null || values.length == 0 ? text : MessageFormat.format(text, values), null);
            }
        }

        private void write(Level level, String message, @Nullable Throwable e) {
            Sink to = sink;
            String where = name.substring(name.lastIndexOf('.') + 1);
            StringBuilder line = new StringBuilder(level.name().toLowerCase(Locale.ROOT))
                    .append(' ')
                    .append(where)
                    .append(": ")
                    .append(message);
            if (e != null && !to.level().showsStackTraces()) {
                line.append(": ").append(e);
            }
            synchronized (to) {
                to.err().println(line);
                if (e != null && to.level().showsStackTraces()) {
                    e.printStackTrace(to.err());
                }
            }
        }
    }
}
