package org.llmspell.cli.command;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.console.TraceLevel;
import org.llmspell.cli.output.OutputFormat;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;

/** The options that every command takes, before or after its name; the last one given counts. */
public final class GlobalOptions {
    private @Nullable Path config;
    private OutputFormat output = OutputFormat.TEXT;
    private TraceLevel trace = TraceLevel.WARN;

    /** The configuration file that was named, if one was. */
    public @Nullable Path config() {
        return config;
    }

    public OutputFormat output() {
        return output;
    }

    public TraceLevel trace() {
        return trace;
    }

    /** Adds the options to a command. Each has its own copy, so that a command's parsing cannot clear what came before. */
    void addTo(CommandSpec spec) {
        spec.addOption(OptionSpec.builder("-c", "--config")
                .paramLabel("FILE")
                .type(Path.class)
                .description("Configuration file (default: $LLMSPELL_CONFIG, else ~/.llmspell/config.toml)")
                .setter(set(value -> config = (Path) value))
                .build());
        spec.addOption(Choice.option(OutputFormat.class, "--output")
                .paramLabel("FORMAT")
                .description("Form of the result: ${COMPLETION-CANDIDATES} (default: text)")
                .setter(set(value -> output = (OutputFormat) value))
                .build());
        spec.addOption(Choice.option(TraceLevel.class, "--trace")
                .paramLabel("LEVEL")
                .description("Messages on standard error: ${COMPLETION-CANDIDATES} (default: warn);"
                        + " debug shows stack traces")
                .setter(set(value -> trace = (TraceLevel) value))
                .build());
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show how to use the command")
                .build());
    }

    private interface Use {
        void of(Object value);
    }

    private static ISetter set(Use use) {
        return new ISetter() {
            @Override
            public <T> @Nullable T set(@Nullable T value) {
                if (value != null) {
                    use.of(value);
                }
                return null;
            }
        };
    }
}
