package org.llmspell.cli.console;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;

/**
 * All that a run of the command takes from the process that it runs in, so that a test can give it other things.
 *
 * @param in standard input
 * @param out standard output, UTF-8; throws {@link BrokenPipeException} when its reader has gone
 * @param err standard error, UTF-8
 * @param environment variables by name
 * @param home the user's home folder
 * @param clock tells how long ago a model came
 * @param screen who reads {@code out} and {@code err}
 * @param shareError makes the process's own standard error be {@code err}, for programs that a script starts; costs some
 *     tens of milliseconds
 */
public record Surroundings(
        InputStream in,
        PrintStream out,
        PrintStream err,
        Map<String, String> environment,
        Path home,
        InstantSource clock,
        Screen screen,
        Runnable shareError) {
    public Surroundings {
        environment = Map.copyOf(environment);
    }
}
