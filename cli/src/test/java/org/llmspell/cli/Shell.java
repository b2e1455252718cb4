package org.llmspell.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.cli.console.Screen;
import org.llmspell.cli.console.Surroundings;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;

/** Runs the command in this process, as a shell would in its own: with a home folder, an environment and standard input. */
final class Shell {
    static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private final Path home;
    private final Map<String, String> environment = new HashMap<>();
    private Function<Config, LocalModels> models = LocalModels::open;
    private Screen screen = Screen.NONE;
    private byte[] input = {};
    private Consumer<Cancellation> watcher = cancellation -> {};

    Shell(Path home) {
        this.home = home;
    }

    /** What came of a run. */
    record Outcome(int code, String out, String err) {
        /** The first line on standard error. */
        String error() {
            return err.lines().findFirst().orElse("");
        }
    }

    Shell with(LocalModels fake) {
        models = config -> fake;
        return this;
    }

    Shell with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Shell with(Screen seen) {
        screen = seen;
        return this;
    }

    Shell typing(String text) {
        input = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    /** Who may press Ctrl-C. */
    Shell watchedBy(Consumer<Cancellation> user) {
        watcher = user;
        return this;
    }

    Path home() {
        return home;
    }

    Outcome run(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = run(new PrintStream(out, false, StandardCharsets.UTF_8), err, args);
        return new Outcome(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    int run(PrintStream out, ByteArrayOutputStream err, String... args) {
        Surroundings surroundings = new Surroundings(
                new ByteArrayInputStream(input),
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                environment,
                home,
                InstantSource.fixed(NOW),
                screen,
                () -> {});
        Cancellation cancellation = new Cancellation();
        watcher.accept(cancellation);
        try {
            return Main.run(args, surroundings, models, cancellation);
        } finally {
            if (cancellation.isCancelled()) {
                Thread.interrupted(); // the process would end now; the test goes on
            }
        }
    }
}
