package org.llmspell.cli.command;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code completion SHELL}: the script by which a shell completes this command's words. */
final class CompletionCommand implements Command {
    private enum Shell {
        BASH,
        ZSH,
        FISH
    }

    @Override
    public CommandSpec spec() {
        return Usage.of("completion", "Writes a script that completes llmspell's commands and options in a shell.")
                .does(this)
                .examples(
                        "source <(llmspell completion bash)          in ~/.bashrc",
                        "source <(llmspell completion zsh)           in ~/.zshrc",
                        "llmspell completion fish > ~/.config/fish/completions/llmspell.fish")
                .spec()
                .addPositional(Choice.parameter(Shell.class, 0)
                        .paramLabel("SHELL")
                        .description("bash, zsh or fish")
                        .build());
    }

    @Override
    public int run(ParseResult line, Session session) {
        Shell shell = line.matchedPositionalValue(0, Shell.BASH);
        CommandLine root = line.commandSpec().root().commandLine();
        String script = switch (shell) {
            // picocli's script knows when zsh reads it, and turns on zsh's understanding of bash completions
            case BASH, ZSH -> AutoComplete.bash("llmspell", root);
            case FISH -> FishCompletion.of(root);
        };
        session.results().out().print(script.endsWith("\n") ? script : script + "\n");
        return 0;
    }
}
