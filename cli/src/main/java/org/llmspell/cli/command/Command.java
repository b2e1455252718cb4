package org.llmspell.cli.command;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** One command: how it is written, and what it does. */
interface Command {
    /** The name, options, parameters and help; each call makes a new one. */
    CommandSpec spec();

    /**
     * Does it.
     *
     * @param line what was written, of this command's own {@link #spec}
     * @return the exit code
     */
    int run(ParseResult line, Session session) throws IOException, InterruptedException;
}
