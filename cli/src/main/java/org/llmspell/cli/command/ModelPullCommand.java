package org.llmspell.cli.command;

import org.llmspell.cli.output.ProgressLine;
import org.llmspell.cli.output.Readable;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullResult;
import org.llmspell.local.json.Fields;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code model pull}: fetches a model. */
final class ModelPullCommand implements Command {
    private static final String FORCE = "--force";

    @Override
    public CommandSpec spec() {
        return Usage.of("pull", "Fetches a model.")
                .does(this)
                .examples(
                        "llmspell model pull tinyllama:Q4_K_M@candle",
                        "llmspell model pull llama3.1:8b@ollama",
                        "llmspell model pull hf.co/USER/REPO:Q4_K_M@candle")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "NAME:VARIANT@BACKEND or hf.co/USER/REPO:QUANTIZATION"))
                .addOption(Parameters.backend())
                .addOption(Parameters.flag(FORCE, "Fetch it again even if it is there"));
    }

    @Override
    public int run(ParseResult line, Session session) {
        ModelSpec spec = Models.spec(line);
        PullOptions options = new PullOptions(line.hasMatchedOption(FORCE));
        PullResult result;
        try (ProgressLine progress =
                new ProgressLine(session.err(), session.surroundings().screen())) {
            result = session.models().pull(spec, options, progress);
        }
        session.results()
                .show(
                        () -> Fields.of(result),
                        () -> session.results()
                                .line(
                                        result.status().equals("exists")
                                                ? result.modelId() + " is there already"
                                                : result.modelId() + " is installed ("
                                                        + Readable.size(result.bytesTotal()) + ")"));
        return 0;
    }
}
