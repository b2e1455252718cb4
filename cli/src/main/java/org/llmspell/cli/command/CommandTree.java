package org.llmspell.cli.command;

import java.io.IOException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * All commands and how they hang together. The model is made by calls, not by annotations: reading annotations by
 * reflection would cost a tenth of a second at every start.
 */
public final class CommandTree {
    /** A command line that was understood. */
    public interface Call {
        /** Does what it says; the result is the exit code. */
        int run(Session session) throws IOException, InterruptedException;
    }

    private CommandTree() {}

    /** The whole tree, whose parsing sets {@code options}. */
    public static CommandLine of(GlobalOptions options) {
        CommandSpec root = Usage.of("llmspell", "Runs local language models from the shell and from Lua scripts.")
                .examples(
                        "llmspell run story.lua                     run a Lua script",
                        "llmspell exec 'print(#LocalLLM.list())'    run a line of Lua",
                        "llmspell model pull tinyllama:Q4_K_M@candle",
                        "llmspell model list --output json",
                        "llmspell serve                             serve the models over HTTP",
                        "llmspell inspect model.gguf                look into a model's file")
                .spec();
        root.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Show the version")
                .build());
        CommandSpec model = Usage.of("model", "Lists, fetches and removes models.")
                .examples(
                        "llmspell model list",
                        "llmspell model info tinyllama:Q4_K_M@candle",
                        "llmspell model status --backend ollama")
                .spec();
        add(
                model,
                options,
                List.of(
                        new ModelListCommand(),
                        new ModelInfoCommand(),
                        new ModelStatusCommand(),
                        new ModelPullCommand(),
                        new ModelImportCommand(),
                        new ModelExportCommand(),
                        new ModelRemoveCommand()));
        options.addTo(model);
        add(root, options, List.of(new RunCommand(), new ExecCommand()));

        root.addSubcommand(model.name(), model);
        CommandSpec bench = new BenchCommand().spec();
        add(bench, options, List.of(new BenchSynthCommand()));
        add(
                root,
                options,
                List.of(
                        new ServeCommand(),
                        new InspectCommand(),
                        new EmbedCommand(),
                        new TokenizeCommand(),
                        new RenderCommand(),
                        new QuantizeCommand(),
                        new PerplexityCommand()));
        options.addTo(bench);
        root.addSubcommand(bench.name(), bench);
        add(
                root,
                options,
                List.of(
                        new ConfigCommand(),
                        new DoctorCommand(),
                        new CompletionCommand(),
                        new VersionCommand(),
                        new HelpCommand()));
        options.addTo(root);
        // A text that begins with @ is that text, not the name of a file with more arguments.
        return new CommandLine(root).setExpandAtFiles(false);
    }

    private static void add(CommandSpec parent, GlobalOptions options, List<Command> commands) {
        for (Command command : commands) {
            CommandSpec spec = command.spec();
            options.addTo(spec);
            parent.addSubcommand(spec.name(), spec);
        }
    }

    /**
     * Understands {@code args}.
     *
     * @throws ParameterException if they are not a command
     */
    public static Call parse(CommandLine line, String[] args) {
        ParseResult result = line.parseArgs(args);
        while (result.hasSubcommand()) {
            result = result.subcommand();
        }
        CommandSpec spec = result.commandSpec();
        if (result.isUsageHelpRequested()) {
            return session -> help(spec.commandLine(), session);
        }
        if (result.isVersionHelpRequested()) {
            return session -> new VersionCommand().show(session);
        }
        if (spec.userObject() instanceof Command command) {
            ParseResult written = result;
            return session -> command.run(written, session);
        }
        throw new ParameterException(spec.commandLine(), "Missing command");
    }

    /** Writes a command's help to standard output. */
    static int help(CommandLine command, Session session) {
        boolean colour = session.surroundings().screen().outputTerminal()
                && session.surroundings().screen().colour();
        session.surroundings().out().print(command.getUsageMessage(colour ? Ansi.ON : Ansi.OFF));
        return 0;
    }
}
