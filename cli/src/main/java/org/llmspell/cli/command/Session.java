package org.llmspell.cli.command;

import java.io.PrintStream;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.cli.console.Surroundings;
import org.llmspell.cli.output.Progress;
import org.llmspell.cli.output.ProgressLine;
import org.llmspell.cli.output.Results;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;

/** What a running command works with; configuration and backends are made when they are first asked for. */
public final class Session implements AutoCloseable {
    private final Surroundings surroundings;
    private final GlobalOptions options;
    private final Function<Config, LocalModels> open;
    private final Cancellation cancellation;
    private @Nullable Config config;
    private @Nullable LocalModels models;

    public Session(
            Surroundings surroundings,
            GlobalOptions options,
            Function<Config, LocalModels> open,
            Cancellation cancellation) {
        this.surroundings = surroundings;
        this.options = options;
        this.open = open;
        this.cancellation = cancellation;
    }

    Surroundings surroundings() {
        return surroundings;
    }

    GlobalOptions options() {
        return options;
    }

    Cancellation cancellation() {
        return cancellation;
    }

    /** Standard error: progress and hints. */
    PrintStream err() {
        return surroundings.err();
    }

    Results results() {
        return new Results(surroundings.out(), options.output(), surroundings.screen());
    }

    /** Shows on standard error how far a transfer is. */
    Progress progress() {
        return new ProgressLine(surroundings.err(), surroundings.screen(), surroundings.clock());
    }

    Config config() {
        Config loaded = config;
        if (loaded == null) {
            loaded = config(Map.of());
        }
        return loaded;
    }

    /** The configuration with {@code flags} over it, for this command; to be asked for before {@link #models}. */
    Config config(Map<String, String> flags) {
        Config loaded = Config.load(options.config(), flags, surroundings.environment(), surroundings.home());
        config = loaded;
        return loaded;
    }

    LocalModels models() {
        LocalModels opened = models;
        if (opened == null) {
            opened = open.apply(config());
            models = opened;
        }
        return opened;
    }

    @Override
    public void close() {
        if (models != null) {
            models.close();
        }
    }
}
