package org.llmspell.cli.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Writes the tree of commands as completions of the fish shell, which picocli does not know. */
final class FishCompletion {
    private final StringBuilder script = new StringBuilder();

    private FishCompletion() {}

    static String of(CommandLine root) {
        FishCompletion completion = new FishCompletion();
        completion.script.append("complete -c llmspell -f\n");
        completion.add(root, List.of());
        return completion.script.toString();
    }

    /** @param path the names of commands that lead to {@code command} */
    private void add(CommandLine command, List<String> path) {
        for (Map.Entry<String, CommandLine> below : command.getSubcommands().entrySet()) {
            line(command, path, "-a " + below.getKey() + description(summary(below.getValue())));
            List<String> inner = new ArrayList<>(path);
            inner.add(below.getKey());
            add(below.getValue(), inner);
        }
        boolean takesFile = command.getCommandSpec().positionalParameters().stream()
                .anyMatch(parameter -> parameter.completionCandidates() == null);
        if (takesFile && !path.isEmpty()) {
            line(command, path, "-F");
        }
        for (OptionSpec option : command.getCommandSpec().options()) {
            StringBuilder words = new StringBuilder();
            for (String name : option.names()) {
                words.append(name.startsWith("--") ? "-l " + name.substring(2) : "-s " + name.substring(1))
                        .append(' ');
            }
            if (option.arity().max() > 0) {
                words.append("-r ");
                if (option.completionCandidates() == null) {
                    words.append("-F ");
                } else {
                    words.append("-a '")
                            .append(String.join(" ", option.completionCandidates()))
                            .append("' ");
                }
            }
            String text = option.description().length == 0 ? "" : option.description()[0];
            line(command, path, words.toString().strip() + description(text.replaceAll("\\$\\{[^}]*}", "")));
        }
    }

    private void line(CommandLine command, List<String> path, String rest) {
        StringBuilder condition = new StringBuilder();
        for (String name : path) {
            condition
                    .append(condition.isEmpty() ? "" : "; and ")
                    .append("__fish_seen_subcommand_from ")
                    .append(name);
        }
        if (!command.getSubcommands().isEmpty()) {
            condition
                    .append(condition.isEmpty() ? "" : "; and ")
                    .append("not __fish_seen_subcommand_from ")
                    .append(String.join(" ", command.getSubcommands().keySet()));
        }
        script.append("complete -c llmspell -n '")
                .append(condition)
                .append("' ")
                .append(rest)
                .append('\n');
    }

    private static String summary(CommandLine command) {
        return command.getCommandSpec().usageMessage().description()[0].replace("%%", "%");
    }

    private static String description(String text) {
        return " -d '" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
