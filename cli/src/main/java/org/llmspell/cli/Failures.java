package org.llmspell.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llmspell.cli.command.GlobalOptions;
import org.llmspell.cli.console.BrokenPipeException;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.cli.console.Surroundings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.Nearest;
import org.llmspell.local.Quoted;
import org.llmspell.lua.ScriptException;
import org.llmspell.lua.vm.LuaUnavailableException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Says on standard error why a run failed, and picks the exit code. The form is the same with every {@code --output}: one
 * line {@code Error: MESSAGE}, then what was found and what to do; standard output stays as it is.
 */
final class Failures {
    private static final int ERROR = 1;
    private static final int USAGE = 2;
    /** As shells report a command that a signal ended: 128 and the number of SIGINT. */
    private static final int INTERRUPTED = 128 + 2;
    /** 128 and the number of SIGPIPE. */
    private static final int PIPE_CLOSED = 128 + 13;

    private final Surroundings surroundings;
    private final GlobalOptions options;
    private final Cancellation cancellation;

    Failures(Surroundings surroundings, GlobalOptions options, Cancellation cancellation) {
        this.surroundings = surroundings;
        this.options = options;
        this.cancellation = cancellation;
    }

    int report(Throwable e) {
        if (cancellation.isCancelled()) {
            return interrupted(e);
        }
        if (e instanceof BrokenPipeException) {
            return PIPE_CLOSED;
        }
        try {
            surroundings.out().flush();
        } catch (BrokenPipeException gone) {
            return PIPE_CLOSED;
        } catch (RuntimeException unwritable) {
            e.addSuppressed(unwritable);
        }
        if (e instanceof LocalModelException failure && failure.kind() == LocalModelException.Kind.CANCELLED) {
            return interrupted(e);
        }
        error(text(e));
        if (options.trace().showsStackTraces()) {
            if (e instanceof ScriptException failure && failure.traceback() != null) {
                surroundings.err().println(failure.traceback());
            }
            e.printStackTrace(surroundings.err());
        }
        return ERROR;
    }

    /** Whoever stopped it knows that it stopped; only how to go on is worth saying. */
    private int interrupted(Throwable e) {
        if (e instanceof LocalModelException failure
                && failure.kind() == LocalModelException.Kind.CANCELLED
                && !failure.solutions().isEmpty()) {
            surroundings.err().println(failure.getMessage());
            failure.solutions().forEach(surroundings.err()::println);
        }
        return INTERRUPTED;
    }

    int usage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        error(usageMessage(e));
        PrintStream err = surroundings.err();
        if (!command.getSubcommands().isEmpty()) {
            err.println(
                    "Commands: " + String.join(", ", command.getSubcommands().keySet()));
        }
        err.println("Usage: " + synopsis(command));
        err.println("Try '" + name + " --help' for all of it.");
        return USAGE;
    }

    private static String synopsis(CommandLine command) {
        return command.getHelp().abbreviatedSynopsis().strip();
    }

    private static String usageMessage(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            CommandLine command = e.getCommandLine();
            String first = unmatched.getUnmatched().getFirst();
            if (first.startsWith("-") && first.length() > 1) {
                List<String> known = new ArrayList<>();
                command.getCommandSpec().options().forEach(option -> known.addAll(Arrays.asList(option.names())));
                int equals = first.indexOf('=');
                String option = equals < 0 ? first : first.substring(0, equals);
                return "Unknown option " + Quoted.of(option) + Nearest.hint(option, known);
            }
            boolean expectsCommand =
                    command.getCommandSpec().positionalParameters().isEmpty();
            if (expectsCommand && !command.getSubcommands().isEmpty()) {
                return "Unknown command " + Quoted.of(first)
                        + Nearest.hint(first, command.getSubcommands().keySet());
            }
            return "Unexpected argument " + Quoted.of(first);
        }
        return firstLine(e);
    }

    private static String firstLine(Throwable e) {
        String message = String.valueOf(e.getMessage());
        return message.lines().findFirst().orElse(message);
    }

    private static String text(Throwable e) {
        return switch (e) {
            case LocalModelException failure -> failure.render();
            case ScriptException failure -> String.valueOf(failure.getMessage());
            case LuaUnavailableException failure -> String.valueOf(failure.getMessage());
            case NoSuchFileException missing -> "No such file: " + missing.getFile();
            case AccessDeniedException denied -> "No permission for " + denied.getFile();
            case FileSystemException failure ->
                failure.getFile() + ": " + (failure.getReason() == null ? "cannot be read" : failure.getReason());
            case UncheckedIOException wrapped
            when wrapped.getCause() instanceof FileSystemException cause -> text(cause);
            case IOException failure -> firstLine(failure);
            case UncheckedIOException failure -> firstLine(failure);
            case OutOfMemoryError memory ->
                advice(
                        "Failed to allocate memory: " + firstLine(memory),
                        "Use a smaller model or a smaller context_length",
                        "Give Java more memory: LLMSPELL_JAVA_OPTS=-Xmx8g llmspell …");
            case StackOverflowError deep ->
                advice("The input is nested too deeply", "Run again with --trace debug to see where");
            default ->
                advice(
                        "Internal error: " + e.getClass().getSimpleName()
                                + (e.getMessage() == null ? "" : ": " + firstLine(e)),
                        "This is a fault in LLMSpell: run again with --trace debug and report what that shows");
        };
    }

    private static String advice(String message, String... solutions) {
        return new LocalModelException(LocalModelException.Kind.UNSUPPORTED, message, solutions).render();
    }

    private void error(String text) {
        boolean red =
                surroundings.screen().errorTerminal() && surroundings.screen().colour();
        surroundings.err().println((red ? "\u001b[1;31mError:\u001b[0m " : "Error: ") + text);
    }
}
