package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.cli.console.BrokenPipeException;
import org.llmspell.cli.console.Screen;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;

/** What a failing command says and how it exits, whatever failed. */
class FailuresTest {
    @TempDir
    Path home;

    private Shell.Outcome failing(RuntimeException e, String... more) {
        return new Shell(home).with(new FakeModels().failing(e)).run(args(more));
    }

    private static String[] args(String... more) {
        String[] args = new String[2 + more.length];
        args[0] = "model";
        args[1] = "list";
        System.arraycopy(more, 0, args, 2, more.length);
        return args;
    }

    @Test
    void anErrorIsOneLineThenDetailThenNumberedSolutions() {
        Shell.Outcome outcome = failing(new LocalModelException(
                Kind.BACKEND_UNAVAILABLE,
                "Failed to connect to Ollama server",
                "http://localhost:11434: connection refused",
                List.of("Ensure Ollama is running: `ollama serve`", "Verify Ollama installed: `ollama --version`"),
                null));

        assertThat(outcome.err()).isEqualTo("""
                Error: Failed to connect to Ollama server
                http://localhost:11434: connection refused

                Solutions:
                1. Ensure Ollama is running: `ollama serve`
                2. Verify Ollama installed: `ollama --version`
                """);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void withJsonOutputTheErrorIsTheSameAndStandardOutputStaysEmpty() {
        LocalModelException failure = new LocalModelException(Kind.STORE, "The disk is full");

        assertThat(failing(failure, "--output", "json"))
                .isEqualTo(new Shell.Outcome(1, "", "Error: The disk is full\n"));
    }

    @Test
    void errorIsRedOnlyOnATerminalThatShowsColour() {
        LocalModelException failure = new LocalModelException(Kind.STORE, "x");

        assertThat(new Shell(home)
                        .with(new FakeModels().failing(failure))
                        .with(new Screen(false, true, 80, true))
                        .run("model", "list")
                        .err())
                .isEqualTo("\u001b[1;31mError:\u001b[0m x\n");
    }

    @Test
    void anUnexpectedFailureIsOneLineAndHowToSeeMore() {
        Shell.Outcome outcome = failing(new IllegalStateException("no such page\nsecond line"));

        assertThat(outcome.error()).isEqualTo("Error: Internal error: IllegalStateException: no such page");
        assertThat(outcome.err()).contains("--trace debug").doesNotContain("\tat ");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void traceDebugShowsWhereItHappened() {
        assertThat(failing(new IllegalStateException("x"), "--trace", "debug").err())
                .contains("\tat org.llmspell.cli.FailuresTest");
        assertThat(failing(new LocalModelException(Kind.STORE, "x"), "--trace", "info")
                        .err())
                .doesNotContain("\tat ");
    }

    @Test
    void runningOutOfMemorySaysWhatWouldHelp() {
        Shell.Outcome outcome = new Shell(home)
                .with(new FakeModels().failing(new OutOfMemoryError("Java heap space")))
                .run("model", "list");

        assertThat(outcome.error()).isEqualTo("Error: Failed to allocate memory: Java heap space");
        assertThat(outcome.err()).contains("1. Use a smaller model", "-Xmx").doesNotContain("\tat ");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void endlessRecursionIsOneLine() {
        Shell.Outcome outcome = new Shell(home)
                .with(new FakeModels().failing(new StackOverflowError()))
                .run("model", "list");

        assertThat(outcome.error()).isEqualTo("Error: The input is nested too deeply");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aCancelledRequestExitsAsCtrlCDoesAndSaysNothing() {
        assertThat(failing(new LocalModelException(Kind.CANCELLED, "The reply was cancelled")))
                .isEqualTo(new Shell.Outcome(130, "", ""));
    }

    @Test
    void aReaderThatLeavesIsNoError() {
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) {
                throw new BrokenPipeException(new java.io.IOException("Broken pipe"));
            }
        };
        ByteArrayOutputStream err = new ByteArrayOutputStream();

        int code = new Shell(home)
                .with(new FakeModels().add("a", 1, null, Shell.NOW))
                .run(new PrintStream(closed, false, StandardCharsets.UTF_8), err, "model", "list");

        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(code).isEqualTo(141);
    }
}
