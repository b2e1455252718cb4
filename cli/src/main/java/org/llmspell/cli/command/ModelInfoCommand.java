package org.llmspell.cli.command;

import org.llmspell.cli.output.FactList;
import org.llmspell.cli.output.Readable;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.json.Fields;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code model info}: what is known of one model. */
final class ModelInfoCommand implements Command {
    @Override
    public CommandSpec spec() {
        return Usage.of("info", "Shows what is known of one model.")
                .does(this)
                .examples(
                        "llmspell model info tinyllama:Q4_K_M@candle",
                        "llmspell model info ./model.gguf",
                        "llmspell model info tinyllama:Q4_K_M@candle --output json")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "NAME:VARIANT@BACKEND, or the path of a .gguf file"))
                .addOption(Parameters.backend());
    }

    @Override
    public int run(ParseResult line, Session session) {
        ModelSpec spec = Models.spec(line);
        ModelInfo info = session.models().info(spec);
        session.results()
                .show(
                        () -> Fields.of(info),
                        () -> facts(info).print(session.results().out()));
        return 0;
    }

    private static FactList facts(ModelInfo info) {
        FactList facts = new FactList()
                .add("Model", info.id())
                .add("Backend", info.backend())
                .add("Size", Readable.size(info.sizeBytes()) + " (" + info.sizeBytes() + " bytes)")
                .add("Format", info.format())
                .add("Architecture", info.architecture())
                .add("Quantization", info.quantization())
                .add("Parameters", info.parameterCount() == null ? null : parameters(info.parameterCount()))
                .add("Context length", info.contextLength() == null ? null : info.contextLength() + " tokens")
                .add("Loaded", info.loaded() ? "yes" : "no")
                .add("File", info.path());
        info.details().forEach(facts::add);
        return facts;
    }

    private static String parameters(long count) {
        return count < 1000 ? String.valueOf(count) : Readable.count(count) + " (" + count + ")";
    }
}
