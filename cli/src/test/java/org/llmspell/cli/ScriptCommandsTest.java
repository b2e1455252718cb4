package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.testing.TestData;

/** {@code run} and {@code exec}: arguments, input, output, exit codes and the errors of scripts. */
class ScriptCommandsTest {
    private static final String SHOW =
            "print(ARGS[1], ARGS[2], ARGS.name, ARGS.flag, #arg, arg[1]) io.stderr:write('done\\n')";

    @TempDir
    Path home;

    private Shell shell() {
        return new Shell(home);
    }

    private Path script(String text) throws IOException {
        return Files.writeString(home.resolve("script.lua"), text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a b | a\tb\tnil\tnil\t2\ta",
                "-- a b | a\tb\tnil\tnil\t2\ta",
                "--name Ada x | x\tnil\tAda\tnil\t3\t--name",
                "-- --name Ada x --flag | x\tnil\tAda\ttrue\t4\t--name",
                "--output json -c | -c\tnil\tnil\tnil\t3\t--output",
            })
    void whatFollowsTheScriptIsTheScripts(String args, String printed) throws IOException {
        String[] words = ("run " + script(SHOW) + " " + args).split(" ");

        Shell.Outcome outcome = shell().run(words);

        assertThat(outcome.out()).isEqualTo(printed + "\n");
        assertThat(outcome.err()).isEqualTo("done\n");
        assertThat(outcome.code()).isZero();
    }

    @Test
    void execRunsCodeWithArguments() {
        assertThat(shell().run("exec", "print(ARGS[1], ARGS.k)", "x", "--k", "v")
                        .out())
                .isEqualTo("x\tv\n");
        assertThat(shell().run("exec", "--", "-- only a comment").code()).isZero();
    }

    @Test
    void aTextThatBeginsWithAnAtSignIsNotAFileOfArguments() throws IOException {
        Path file = Files.writeString(home.resolve("args"), "secret");

        assertThat(shell().run("exec", "print(ARGS[1])", "@" + file).out()).isEqualTo("@" + file + "\n");
    }

    @Test
    void aDashReadsTheScriptFromStandardInput() {
        assertThat(shell().typing("print('from', ARGS[1], ARGS[0])")
                        .run("run", "-", "x")
                        .out())
                .isEqualTo("from\tx\t(standard input)\n");
        assertThat(shell().typing("\n\nx x").run("run", "-").error())
                .isEqualTo("Error: (standard input):3: syntax error near 'x'");
    }

    @Test
    void aScriptReadsStandardInput() {
        assertThat(shell().typing("one\ntwo\n")
                        .run("exec", "print(io.read() .. io.read())")
                        .out())
                .isEqualTo("onetwo\n");
    }

    @Test
    void theExitCodeIsTheScripts() {
        assertThat(shell().run("exec", "print('x') os.exit(7)")).isEqualTo(new Shell.Outcome(7, "x\n", ""));
        assertThat(shell().run("exec", "os.exit(true)").code()).isZero();
        assertThat(shell().run("exec", "os.exit(false)").code()).isEqualTo(1);
    }

    @Test
    void aMissingScriptIsNamed() {
        assertThat(shell().run("run", "nope.lua"))
                .isEqualTo(new Shell.Outcome(1, "", "Error: No such script: nope.lua\n"));
        assertThat(shell().run("run", home.toString()).error())
                .isEqualTo("Error: " + home + " is a folder, not a script");
    }

    @Test
    void aSyntaxErrorNamesFileAndLine() throws IOException {
        Path script = script("print('a')\nlocal x = = 1\n");

        Shell.Outcome outcome = shell().run("run", script.toString());

        assertThat(outcome.error()).isEqualTo("Error: " + script + ":2: unexpected symbol near '='");
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void anErrorNamesFileAndLineAndKeepsWhatWasPrinted() throws IOException {
        Path script = script("print('before')\nerror('boom')\n");

        assertThat(shell().run("run", script.toString()))
                .isEqualTo(new Shell.Outcome(1, "before\n", "Error: " + script + ":2: boom\n"));
    }

    @Test
    void traceDebugShowsTheScriptsStack() throws IOException {
        Path script = script("local function inner() error('boom') end\nlocal function outer() inner() end\nouter()\n");

        assertThat(shell().run("--trace", "debug", "run", script.toString()).err())
                .contains(script + ":1: in ", script + ":2: in ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Agent.create({ model = 'x', temprature = 1 }) | temprature | temperature",
                "Agent.create({ model = 'local/x@candle', temperature = 'hot' }) | temperature | number",
                "Agent.create({ model = 'local/x@candle', temperature = 9 }) | temperature | 0 to 2",
                "Agent.create({ model = 'local/x@olama' }) | olama | ollama",
                "Agent.create({ model = 'local/@candle' }) | local/@candle | NAME",
                "Agent.create({ model = 'local/nope:Q4_0@candle' }):complete('x') | nope:Q4_0 | not installed",
                "LocalLLM.list('candel') | candel | candle",
                "LocalLLM.info('nope@candle') | nope | not installed",
            })
    void aMistakeInACallIsOneLineWithItsPlace(String code, String what, String hint) {
        Shell.Outcome outcome = shell().run("exec", code);

        assertThat(outcome.error()).startsWith("Error: (command line):1: ").contains(what, hint);
        assertThat(outcome.err()).doesNotContain("\tat ");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aPromptLongerThanTheContextIsSaid() {
        String model = TestData.path("models/stories260K/stories260K-q8_0.gguf").toString();

        Shell.Outcome outcome =
                shell().run("exec", "Agent.create({ model = ARGS[1] }):complete(('word '):rep(2000))", model);

        assertThat(outcome.error()).startsWith("Error: (command line):1: ").contains("context", "512");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aModelOfAnUnsupportedArchitectureSaysWhichAreSupported() throws IOException {
        Path file = home.resolve("odd.gguf");
        new org.llmspell.gguf.GgufWriter()
                .put("general.architecture", "oddity")
                .put("oddity.block_count", 1)
                .tensor("token_embd.weight", org.llmspell.gguf.BlockFormat.F32, java.util.List.of(4L, 2L), new byte[32])
                .write(file);

        Shell.Outcome outcome = shell().run("exec", "Agent.create({ model = ARGS[1] }):complete('x')", file.toString());

        assertThat(outcome.error()).contains("oddity", "llama");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"models/other/mmproj-tinygemma3.gguf", "tokenizers/gpt-2/vocab.gguf"})
    void aFileThatIsNoLanguageModelSaysSo(String name) {
        String file = TestData.path(name).toString();

        Shell.Outcome outcome = shell().run("exec", "Agent.create({ model = ARGS[1] }):complete('x')", file);

        assertThat(outcome.error()).startsWith("Error: (command line):1: " + file + " is no language model: the file ");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aGreedyStoryIsTheReferencesStory() {
        String model = TestData.path("models/stories260K/stories260K-f32.gguf").toString();

        assertThat(shell().run(
                                "exec",
                                "print(Agent.create({ model = ARGS[1], raw = true, temperature = 0, repeat_penalty = 1,"
                                        + " max_tokens = 16 }):complete('Once upon a time'))",
                                model)
                        .out())
                .startsWith(", there was a little girl named Lily.");
    }

    @Test
    void theSandboxTakesFilesAndProcessesAway() {
        String code = "print(io.open, os.execute, os.getenv)";

        assertThat(shell().run("exec", code).out()).doesNotContain("nil");
        assertThat(shell().run("exec", "--sandbox", "io.open('/etc/passwd')").code())
                .isEqualTo(1);
    }

    @Test
    void theSandboxStopsWhatDoesNotEnd() {
        Shell.Outcome outcome = shell().run("exec", "--sandbox", "--max-instructions", "100000", "while true do end");

        assertThat(outcome.error()).contains("100000 instructions");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(shell().run("exec", "--sandbox", "--max-memory", "2", "local s = ('x'):rep(1 << 24)")
                        .error())
                .contains("not enough memory");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run x.lua --sandbox | --sandbox must stand before the script; after -- it goes to the script",
                "exec --max-memory 5 x | --max-memory needs --sandbox",
                "exec --sandbox --max-memory 0 x | The memory limit must be at least 1048576 bytes, got 0",
                "exec --sandbox --max-instructions x y | Invalid value for option '--max-instructions': 'x' is not a long",
                "run | Missing required parameter: 'SCRIPT'",
            })
    void wrongUseOfTheOptionsIsSaid(String args, String message) {
        Shell.Outcome outcome = shell().run(args.split(" "));

        assertThat(outcome.error()).isEqualTo("Error: " + message);
        assertThat(outcome.code()).isEqualTo(2);
    }
}
