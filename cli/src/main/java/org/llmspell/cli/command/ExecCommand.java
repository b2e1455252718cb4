package org.llmspell.cli.command;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code exec}: runs Lua code from the command line. */
final class ExecCommand implements Command {
    @Override
    public CommandSpec spec() {
        return ScriptRun.options(Usage.of("exec", "Runs a line of Lua.")
                .does(this)
                .details(
                        "All that follows CODE belongs to it, as with run. Write -- before code that starts with dashes.")
                .examples(
                        "llmspell exec 'print(#LocalLLM.list())'",
                        "llmspell exec 'print(ARGS[1])' hello",
                        "llmspell exec -- '-- a comment'")
                .spec()
                .addPositional(Parameters.text(0, "CODE", "The code"))
                .addPositional(Parameters.rest(1, "ARGS", "Arguments for the code")));
    }

    @Override
    public int run(ParseResult line, Session session) {
        return new ScriptRun(line, session).code(Parameters.get(line, 0), "(command line)");
    }
}
