package org.llmspell.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes the code blocks out of a document. */
final class Markdown {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");
    private static final Pattern SPAN = Pattern.compile("`((?:\\./)?llmspell [^`]+)`");

    private Markdown() {}

    /** The blocks marked as {@code language}, as they are. */
    static List<String> blocks(Path document, String language) throws IOException {
        List<String> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(Files.readString(document));
        while (matcher.find()) {
            if (matcher.group(1).equals(language)) {
                blocks.add(matcher.group(2));
            }
        }
        return blocks;
    }

    /** The arguments of every {@code llmspell} command in shell blocks. */
    static List<List<String>> commands(Path document) throws IOException {
        List<List<String>> commands = new ArrayList<>();
        for (String language : List.of("bash", "sh", "console")) {
            for (String block : blocks(document, language)) {
                block.lines().forEach(line -> commands.addAll(ShellWords.commands(line)));
            }
        }
        return commands;
    }

    /** The same of those in the running text, which may leave off what a command needs. */
    static List<List<String>> mentions(Path document) throws IOException {
        List<List<String>> commands = new ArrayList<>();
        String text = BLOCK.matcher(Files.readString(document)).replaceAll("").replace("\n", " ");
        Matcher matcher = SPAN.matcher(text);
        while (matcher.find()) {
            commands.addAll(ShellWords.commands(matcher.group(1)));
        }
        return commands;
    }
}
