package org.llmspell.cli.command;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.server.Server;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code serve}: the server, until it is told to end. */
final class ServeCommand implements Command {
    /** The options and the keys of the configuration that they stand for. */
    private static final Map<String, String> KEYS = Map.of(
            "--host",
            ConfigKey.SERVER_HOST,
            "--port",
            ConfigKey.SERVER_PORT,
            "--api-key",
            ConfigKey.SERVER_API_KEY,
            "--allow-origin",
            ConfigKey.SERVER_ORIGINS);

    @Override
    public CommandSpec spec() {
        return Usage.of("serve", "Serves the models over HTTP, for clients of Ollama, OpenAI and Anthropic.")
                .does(this)
                .details(
                        "Listens on this machine alone unless told otherwise, and then needs an API key. Ctrl-C or SIGTERM ends it:",
                        "replies under way get some seconds to finish. The routes and the rest are in docs/server.md.")
                .examples(
                        "llmspell serve",
                        "llmspell serve --port 8080",
                        "llmspell serve --host 0.0.0.0 --api-key correct-horse-battery",
                        "llmspell serve --allow-origin https://chat.example")
                .spec()
                .addOption(text("--host", "ADDRESS", "Address to listen on (default: 127.0.0.1)"))
                .addOption(text("--port", "PORT", "Port to listen on; 0 for any free one (default: 11435)"))
                .addOption(text(
                        "--api-key",
                        "KEY",
                        "What clients must send; others on this machine can see it here, so LLMSPELL_API_KEY is safer"))
                .addOption(
                        text(
                                "--allow-origin",
                                "ORIGINS",
                                "Web pages that may use the server, such as https://chat.example, with commas between; * for all"));
    }

    private static OptionSpec text(String name, String label, String description) {
        return OptionSpec.builder(name)
                .paramLabel(label)
                .type(String.class)
                .description(description)
                .build();
    }

    @Override
    public int run(ParseResult line, Session session) {
        Map<String, String> flags = new LinkedHashMap<>();
        KEYS.forEach((option, key) -> {
            @Nullable String value = line.matchedOptionValue(option, null);
            if (value != null) {
                flags.put(key, value);
            }
        });
        Config config = session.config(flags);
        session.cancellation().allow(config.server().shutdownGrace().plusSeconds(5));
        try (Server server = Server.start(session.models(), config.server())) {
            session.results()
                    .show(
                            () -> Map.of("url", server.url()),
                            () -> session.results().line("Listening on " + server.url()));
            session.surroundings().out().flush();
            forEver();
        }
        return 0;
    }

    /** Waits for the interrupt that is Ctrl-C or SIGTERM. */
    private static void forEver() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            // Told to end. What is under way is waited for, which an interrupt passed on would prevent.
            System.getLogger(ServeCommand.class.getName()).log(System.Logger.Level.DEBUG, "told to end");
        }
    }
}
