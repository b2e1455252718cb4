package org.llmspell.cli.command;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code version} and {@code --version}: which program this is, and on what it runs. */
final class VersionCommand implements Command {
    @Override
    public CommandSpec spec() {
        return Usage.of("version", "Shows the version.")
                .does(this)
                .examples("llmspell version", "llmspell version --output json")
                .spec();
    }

    @Override
    public int run(ParseResult line, Session session) {
        return show(session);
    }

    int show(Session session) {
        Map<String, @Nullable Object> facts = new LinkedHashMap<>();
        facts.put("version", version());
        facts.put("java", System.getProperty("java.version"));
        facts.put("os", System.getProperty("os.name"));
        facts.put("arch", System.getProperty("os.arch"));
        session.results()
                .show(
                        () -> facts,
                        () -> session.results()
                                .line("llmspell " + facts.get("version") + " (Java " + facts.get("java") + ", "
                                        + facts.get("os") + " " + facts.get("arch") + ")"));
        return 0;
    }

    /** The build writes it. */
    private static String version() {
        try (InputStream text = VersionCommand.class.getResourceAsStream("/org/llmspell/cli/version.txt")) {
            return text == null ? "unknown" : new String(text.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
