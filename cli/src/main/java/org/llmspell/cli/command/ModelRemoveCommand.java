package org.llmspell.cli.command;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.Backend;
import org.llmspell.local.ModelSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code model remove}: deletes a model. */
final class ModelRemoveCommand implements Command {
    @Override
    public CommandSpec spec() {
        return Usage.of("remove", "Deletes a model.")
                .does(this)
                .details("Of a file that was imported by link only the link goes.")
                .examples("llmspell model remove tinyllama:Q4_K_M@candle")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "NAME:VARIANT@BACKEND"))
                .addOption(Parameters.backend());
    }

    @Override
    public int run(ParseResult line, Session session) {
        ModelSpec spec = Models.spec(line);
        Backend backend = session.models().resolve(spec);
        backend.remove(spec);
        session.results()
                .show(
                        () -> json(spec, backend),
                        () -> session.results().line(spec.id() + " is removed from " + backend.name()));
        return 0;
    }

    private static Map<String, @Nullable Object> json(ModelSpec spec, Backend backend) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("id", spec.id());
        document.put("backend", backend.name());
        document.put("status", "removed");
        return document;
    }
}
