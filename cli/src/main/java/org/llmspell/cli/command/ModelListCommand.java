package org.llmspell.cli.command;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Readable;
import org.llmspell.cli.output.Table;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.json.Fields;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code model list}: the models that can be used now. */
final class ModelListCommand implements Command {
    @Override
    public CommandSpec spec() {
        return Usage.of("list", "Lists the installed models, newest first, then the one that is built in.")
                .does(this)
                .examples(
                        "llmspell model list",
                        "llmspell model list --backend candle",
                        "llmspell model list --output json")
                .spec()
                .addOption(Parameters.backend());
    }

    @Override
    public int run(ParseResult line, Session session) {
        @Nullable String backend = line.matchedOptionValue(Parameters.BACKEND, null);
        List<ModelEntry> models = session.models().list(backend);
        session.results().show(() -> models.stream().map(Fields::of).toList(), () -> text(models, session));
        return 0;
    }

    private static void text(List<ModelEntry> models, Session session) {
        if (models.stream().allMatch(ModelEntry::builtIn)) {
            session.err()
                    .println("No models are installed" + (models.isEmpty() ? "" : " but the one that is built in")
                            + ". Get one: llmspell model pull tinyllama:Q4_K_M@candle,"
                            + " or llmspell model import FILE.gguf NAME:VARIANT");
        }
        if (models.isEmpty()) {
            return;
        }
        Instant now = session.surroundings().clock().instant();
        Table table = new Table()
                .text("MODEL")
                .text("BACKEND")
                .number("SIZE")
                .text("QUANTIZATION")
                .text("MODIFIED");
        for (ModelEntry model : models) {
            table.row(
                    model.id(),
                    model.backend(),
                    Readable.size(model.sizeBytes()),
                    model.quantization(),
                    model.builtIn() ? "built in" : Readable.age(model.modifiedAt(), now));
        }
        session.results().table(table);
    }
}
