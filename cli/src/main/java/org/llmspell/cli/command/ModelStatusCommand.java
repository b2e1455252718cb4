package org.llmspell.cli.command;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.FactList;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.json.Fields;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code model status}: whether the backends work. A backend that is down is an answer, not an error. */
final class ModelStatusCommand implements Command {
    @Override
    public CommandSpec spec() {
        return Usage.of("status", "Shows whether the backends work, and what they have.")
                .does(this)
                .examples(
                        "llmspell model status",
                        "llmspell model status --backend ollama",
                        "llmspell model status --output json")
                .spec()
                .addOption(Parameters.backend());
    }

    @Override
    public int run(ParseResult line, Session session) {
        @Nullable String backend = line.matchedOptionValue(Parameters.BACKEND, null);
        Map<String, BackendStatus> statuses = session.models().status(backend);
        session.results().show(() -> json(statuses), () -> text(statuses, session));
        return 0;
    }

    private static Map<String, Object> json(Map<String, BackendStatus> statuses) {
        Map<String, Object> document = new LinkedHashMap<>();
        statuses.forEach((name, status) -> document.put(name, Fields.of(status)));
        return document;
    }

    private static void text(Map<String, BackendStatus> statuses, Session session) {
        boolean first = true;
        for (BackendStatus status : statuses.values()) {
            if (!first) {
                session.results().out().println();
            }
            first = false;
            FactList facts = new FactList()
                    .add(status.backend().equals("candle") ? "Ready" : "Running", status.available() ? "yes" : "no")
                    .add("Models", String.valueOf(status.models()))
                    .add("Version", status.version())
                    .add("Error", status.error());
            status.details().forEach(facts::add);
            session.results().out().println(status.backend() + ":");
            facts.print(session.results().out(), "  ");
        }
        if (statuses.isEmpty()) {
            session.err().println("Every backend is disabled in the configuration.");
        }
    }
}
