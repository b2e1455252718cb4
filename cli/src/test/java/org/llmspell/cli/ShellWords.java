package org.llmspell.cli;

import java.util.ArrayList;
import java.util.List;

/** Finds the {@code llmspell} commands in a line of shell as documentation prints it, and splits them into words. */
final class ShellWords {
    private ShellWords() {}

    /** The arguments of each command in {@code line}; what a pipe, a redirection, a comment or wide space ends is left off. */
    static List<List<String>> commands(String line) {
        List<List<String>> commands = new ArrayList<>();
        List<String> words = words(line);
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("llmspell") || word.equals("./llmspell") || word.equals("<(llmspell")) {
                List<String> args = new ArrayList<>();
                while (++i < words.size() && !List.of("|", ">", "<", "&&", "\0").contains(words.get(i))) {
                    args.add(word.startsWith("<(") ? words.get(i).replace(")", "") : words.get(i));
                }
                commands.add(args);
            }
        }
        return commands;
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        StringBuilder word = null;
        char quote = 0;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else {
                    word.append(c);
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
                word = word == null ? new StringBuilder() : word;
            } else if (c == '#' && word == null || line.startsWith("   ", i)) {
                // a comment, or the column of explanations beside an example
                break;
            } else if (c == ' ') {
                if (word != null) {
                    words.add(word.toString());
                }
                word = null;
            } else {
                word = (word == null ? new StringBuilder() : word).append(c);
            }
        }
        if (word != null) {
            words.add(word.toString());
        }
        return words;
    }
}
