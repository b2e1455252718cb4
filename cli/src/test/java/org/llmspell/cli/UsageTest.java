package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.cli.command.CommandTree;
import org.llmspell.cli.command.GlobalOptions;
import picocli.CommandLine;

/** How the command line is understood, helped and corrected, whatever the commands do. */
class UsageTest {
    @TempDir
    Path home;

    private Shell.Outcome run(String... args) {
        return new Shell(home).with(new FakeModels()).run(args);
    }

    static Stream<List<String>> commands() {
        List<List<String>> paths = new ArrayList<>();
        collect(CommandTree.of(new GlobalOptions()), List.of(), paths);
        return paths.stream();
    }

    private static void collect(CommandLine at, List<String> path, List<List<String>> into) {
        into.add(path);
        at.getSubcommands().forEach((name, below) -> {
            List<String> inner = new ArrayList<>(path);
            inner.add(name);
            collect(below, inner, into);
        });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithExamples(List<String> path) {
        List<String> args = new ArrayList<>(path);
        args.add("--help");

        Shell.Outcome outcome = run(args.toArray(String[]::new));

        assertThat(outcome.code()).isZero();
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out())
                .startsWith(("Usage: llmspell " + String.join(" ", path)).strip())
                .contains("\nExamples:\n", "--config", "--output", "--trace", "--help")
                .doesNotContain("%n", "${");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyExampleInHelpIsACommandLine(List<String> path) {
        CommandLine command = CommandTree.of(new GlobalOptions());
        for (String name : path) {
            command = command.getSubcommands().get(name);
        }
        List<String> examples = Arrays.stream(
                        command.getCommandSpec().usageMessage().footer())
                .map(line -> line.replace("%%", "%"))
                .toList();

        assertThat(examples).isNotEmpty().allSatisfy(example -> {
            List<List<String>> lines = ShellWords.commands(example.strip());
            assertThat(lines).isNotEmpty();
            lines.forEach(
                    words -> CommandTree.parse(CommandTree.of(new GlobalOptions()), words.toArray(String[]::new)));
        });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpCommandShowsTheSame(List<String> path) {
        List<String> asked = new ArrayList<>(List.of("help"));
        asked.addAll(path);
        List<String> option = new ArrayList<>(path);
        option.add("--help");

        assertThat(run(asked.toArray(String[]::new))).isEqualTo(run(option.toArray(String[]::new)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--output json model list",
                "model --output json list",
                "model list --output json",
                "model list --output=JSON",
                "--output pretty model list --output json",
            })
    void globalOptionsStandAnywhereAndTheLastOneCounts(String args) {
        Shell.Outcome outcome = run(args.split(" "));

        assertThat(outcome.out()).isEqualTo("[]\n");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "modle list | Unknown command \"modle\"; did you mean \"model\"?",
                "model lst | Unknown command \"lst\"; did you mean \"list\"?",
                "model list --bakend x | Unknown option \"--bakend\"; did you mean \"--backend\"?",
                "--ouput=json model list | Unknown option \"--ouput\"; did you mean \"--output\"?",
                "model list --output yaml | Invalid value for option '--output': expected text, json, pretty"
                        + " but got \"yaml\"",
                "model list --trace debgu | Invalid value for option '--trace': expected off, error, warn, info,"
                        + " debug, trace but got \"debgu\"; did you mean \"debug\"?",
                "model info | Missing required parameter: 'MODEL'",
                "model info a b | Unexpected argument \"b\"",
                "model list --backend | Missing required parameter for option '--backend' (NAME)",
                "help modle | Unknown command \"modle\"; did you mean \"model\"?",
                "model import a.gguf b:c --copy --link | Only one of --copy, --link and --symlink can be done",
                "tokenize a --special --no-special | --special and --no-special contradict each other",
                "tokenize a text --jsonl | With --jsonl the texts come from standard input, not from an argument",
            })
    void wrongUsageIsSaidOnStandardErrorWithExitCodeTwo(String args, String message) {
        Shell.Outcome outcome = run(args.split(" "));

        assertThat(outcome.error()).isEqualTo("Error: " + message);
        assertThat(outcome.err()).contains("\nUsage: llmspell ").endsWith(" --help' for all of it.\n");
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.code()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "model", "--output json"})
    void aMissingCommandShowsTheCommandsThereAre(String args) {
        Shell.Outcome outcome = run(args.isEmpty() ? new String[0] : args.split(" "));

        assertThat(outcome.error()).isEqualTo("Error: Missing command");
        assertThat(outcome.err()).contains(args.equals("model") ? "list, info, status" : "run, exec, model");
        assertThat(outcome.code()).isEqualTo(2);
    }

    @Test
    void versionNamesTheProgramAndJava() {
        Shell.Outcome option = run("--version");

        assertThat(option.out())
                .matches("llmspell \\d+\\.\\d+\\.\\d+\\S* \\(Java "
                        + Runtime.version().feature() + ".*\\)\n");
        assertThat(option).isEqualTo(run("version")).isEqualTo(run("-V"));
        assertThat(run("version", "--output", "json").out())
                .startsWith("{\"version\":\"")
                .contains("\"java\":\"");
    }

    @Test
    void completionScriptsKnowEveryCommandAndOption() {
        String bash = run("completion", "bash").out();
        String fish = run("completion", "fish").out();

        assertThat(bash).contains("complete -F _complete_llmspell", "--backend", "import", "tokenize");
        assertThat(run("completion", "zsh").out()).isEqualTo(bash);
        assertThat(fish)
                .contains("-a import -d 'Brings a GGUF file", "-l backend", "-a 'text json pretty'")
                .doesNotContain("${");
        assertThat(run("completion", "tcsh").code()).isEqualTo(2);
    }
}
