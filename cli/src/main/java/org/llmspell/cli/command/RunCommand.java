package org.llmspell.cli.command;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code run}: runs a Lua script from a file or from standard input. */
final class RunCommand implements Command {
    private static final String STANDARD_INPUT = "-";

    @Override
    public CommandSpec spec() {
        return ScriptRun.options(Usage.of("run", "Runs a Lua script.")
                .does(this)
                .details("All that follows SCRIPT belongs to the script, with -- in between or without: --key value as"
                        + " ARGS.key, the rest as ARGS[1] and so on. llmspell's own options stand before SCRIPT.")
                .examples(
                        "llmspell run story.lua",
                        "llmspell run greet.lua -- --name Ada morning",
                        "llmspell run --sandbox unknown.lua",
                        "echo 'print(1 + 1)' | llmspell run -")
                .spec()
                .addPositional(Parameters.text(0, "SCRIPT", "The file; - reads the script from standard input"))
                .addPositional(Parameters.rest(1, "ARGS", "Arguments for the script")));
    }

    @Override
    public int run(ParseResult line, Session session) throws IOException {
        String script = Parameters.get(line, 0);
        ScriptRun run = new ScriptRun(line, session);
        return script.equals(STANDARD_INPUT)
                ? run.code(Parameters.standardInput(session), "(standard input)")
                : run.file(Models.path(script, session));
    }
}
