package org.llmspell.cli.command;

import java.util.Map;
import org.llmspell.local.Nearest;
import org.llmspell.local.Quoted;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code help COMMAND}: the same as {@code COMMAND --help}. */
final class HelpCommand implements Command {
    @Override
    public CommandSpec spec() {
        return Usage.of("help", "Shows how to use a command.")
                .does(this)
                .examples("llmspell help", "llmspell help model pull")
                .spec()
                .addPositional(Parameters.rest(0, "COMMAND", "Which command; without one, all of them"));
    }

    @Override
    public int run(ParseResult line, Session session) {
        CommandLine at = line.commandSpec().parent().commandLine();
        for (String name : line.matchedPositionalValue(0, new String[0])) {
            Map<String, CommandLine> below = at.getSubcommands();
            CommandLine found = below.get(name);
            if (found == null) {
                throw new ParameterException(
                        at, "Unknown command " + Quoted.of(name) + Nearest.hint(name, below.keySet()));
            }
            at = found;
        }
        return CommandTree.help(at, session);
    }
}
