package org.llmspell.cli.output;

import java.io.PrintStream;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.console.Screen;
import org.llmspell.local.json.JsonText;

/** Writes a command's result to standard output: as one JSON document, or as text, whichever was asked for. */
public final class Results {
    private final PrintStream out;
    private final OutputFormat format;
    private final Screen screen;

    public Results(PrintStream out, OutputFormat format, Screen screen) {
        this.out = out;
        this.format = format;
        this.screen = screen;
    }

    /** Whether text is wanted, so that what is only for people can be left out otherwise. */
    public boolean isText() {
        return format == OutputFormat.TEXT;
    }

    /** Standard output, for text. */
    public PrintStream out() {
        return out;
    }

    /**
     * Writes the result.
     *
     * @param json makes the document of maps, lists and plain values
     * @param text writes the text to {@link #out}
     */
    public void show(Supplier<? extends @Nullable Object> json, Runnable text) {
        switch (format) {
            case TEXT -> text.run();
            case JSON -> out.println(JsonText.compact(json.get()));
            case PRETTY -> out.println(JsonText.pretty(json.get()));
        }
    }

    /** Writes one line of text, in the form of JSON as well as of text the only output. */
    public void line(String text) {
        out.println(text);
    }

    /** Writes a table that fits the screen, headings in bold where the screen can. */
    public void table(Table table) {
        boolean first = true;
        for (String line : table.lines(screen.columns())) {
            out.println(first && screen.outputTerminal() && screen.colour() ? "\u001b[1m" + line + "\u001b[0m" : line);
            first = false;
        }
    }
}
