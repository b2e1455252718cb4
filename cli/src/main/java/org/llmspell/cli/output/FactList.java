package org.llmspell.cli.output;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Named facts, one a line, their values below each other; facts that are not known are left out. */
public final class FactList {
    private record Fact(String name, String value) {}

    private final List<Fact> facts = new ArrayList<>();

    /** Adds a fact unless {@code value} is null; a name in snake_case is written as words. */
    public FactList add(String name, @Nullable String value) {
        if (value != null) {
            facts.add(new Fact(words(Readable.line(name)) + ":", Readable.line(value)));
        }
        return this;
    }

    private static String words(String name) {
        String words = name.replace('_', ' ');
        return switch (words) {
            case "url" -> "URL";
            case "sha256" -> "SHA-256";
            case "gguf version" -> "GGUF version";
            case "" -> "";
            default -> Character.toUpperCase(words.charAt(0)) + words.substring(1);
        };
    }

    public void print(PrintStream out) {
        print(out, "");
    }

    /** Prints every line after {@code indent}. */
    public void print(PrintStream out, String indent) {
        int width = facts.stream().mapToInt(fact -> fact.name().length()).max().orElse(0);
        for (Fact fact : facts) {
            out.println(indent + fact.name() + " ".repeat(width - fact.name().length() + 1) + fact.value());
        }
    }
}
