package org.llmspell.cli.command;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Progress;
import org.llmspell.cli.output.Readable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.store.ModelExport;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code model export}: copies a model into a folder, from which {@code model import} takes it on another machine. */
final class ModelExportCommand implements Command {
    private static final String FORCE = "--force";

    @Override
    public CommandSpec spec() {
        return Usage.of("export", "Copies a model into a folder, to be imported on another machine.")
                .does(this)
                .details(
                        "The folder DIR/NAME/VARIANT holds the model's files and a manifest with their sizes and SHA-256,",
                        "against which `llmspell model import DIR` checks them. Models shared with Ollama can be exported too.")
                .examples(
                        "llmspell model export tinyllama:Q4_K_M /media/stick",
                        "llmspell model import /media/stick                  on the other machine")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "NAME:VARIANT of the embedded backend"))
                .addPositional(Parameters.text(1, "DIR", "The folder; made if it does not exist"))
                .addOption(Parameters.flag(FORCE, "Replace what an earlier export has left there"));
    }

    @Override
    public int run(ParseResult line, Session session) {
        ModelSpec spec = ModelSpec.parse(Parameters.get(line, 0));
        if (spec.backend() != null && !spec.backend().equals("candle")) {
            throw new LocalModelException(
                    LocalModelException.Kind.UNSUPPORTED,
                    "Only models of the embedded backend can be exported, not those of " + spec.backend(),
                    "Name a model that `llmspell model list --backend candle` shows");
        }
        Path directory = Models.path(Parameters.get(line, 1), session);
        ModelExport.Exported exported;
        try (CandleBackend candle = new CandleBackend(
                        session.config().candle(), session.config().download());
                Progress progress = session.progress()) {
            exported = new ModelExport(directory, line.hasMatchedOption(FORCE), progress).run(candle.stored(spec));
        }
        session.results()
                .show(
                        () -> json(exported),
                        () -> session.results()
                                .line(exported.id() + " is exported to " + exported.folder() + " ("
                                        + Readable.size(exported.sizeBytes())
                                        + "): bring it in with llmspell model import "
                                        + exported.folder()));
        return 0;
    }

    private static Map<String, @Nullable Object> json(ModelExport.Exported exported) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("id", exported.id());
        document.put("status", "exported");
        document.put("size_bytes", exported.sizeBytes());
        document.put("path", exported.folder().toString());
        return document;
    }
}
