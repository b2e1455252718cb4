package org.llmspell.cli;

import java.util.function.Function;
import org.llmspell.cli.command.CommandTree;
import org.llmspell.cli.command.GlobalOptions;
import org.llmspell.cli.command.Session;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.cli.console.StandardStreams;
import org.llmspell.cli.console.Surroundings;
import org.llmspell.cli.console.TraceLog;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The {@code llmspell} command: from arguments to an exit code. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        String home = System.getenv("HOME");
        if (home != null && home.startsWith("/")) {
            // Java asks the user database; every other command of a shell goes by HOME.
            System.setProperty("user.home", home);
        }
        StandardStreams streams = new StandardStreams();
        Cancellation cancellation = new Cancellation();
        // Java turns Ctrl-C into an exit with 130, SIGTERM with 143; the hook gives the work a moment to clean up
        // first.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            cancellation.cancel();
            cancellation.await();
            streams.flush();
        }));
        int code = run(args, streams.surroundings(), LocalModels::open, cancellation);
        cancellation.finished();
        System.exit(code);
    }

    /**
     * Runs the command and does not exit.
     *
     * @param open makes the backends when a command first needs them
     * @return 0 for success, 1 for an error, 2 for wrong usage, 130 if cancelled, 141 if the reader of standard output has
     *     gone, or what a script exits with
     */
    public static int run(
            String[] args, Surroundings surroundings, Function<Config, LocalModels> open, Cancellation cancellation) {
        GlobalOptions options = new GlobalOptions();
        CommandLine line = CommandTree.of(options);
        Failures failures = new Failures(surroundings, options, cancellation);
        int code;
        try {
            CommandTree.Call call = CommandTree.parse(line, args);
            TraceLog.send(options.trace(), surroundings.err());
            try (Session session = new Session(surroundings, options, open, cancellation)) {
                code = call.run(session);
            }
            surroundings.out().flush();
        } catch (ParameterException e) {
            code = failures.usage(e);
        } catch (Throwable e) {
            code = failures.report(e);
        }
        return code;
    }
}
