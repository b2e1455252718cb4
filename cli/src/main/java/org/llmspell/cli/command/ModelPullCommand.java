package org.llmspell.cli.command;

import org.llmspell.cli.output.JsonProgress;
import org.llmspell.cli.output.OutputFormat;
import org.llmspell.cli.output.Progress;
import org.llmspell.cli.output.Readable;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullResult;
import org.llmspell.local.json.Fields;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code model pull}: fetches a model. */
final class ModelPullCommand implements Command {
    private static final String FORCE = "--force";
    private static final String REVISION = "--revision";

    @Override
    public CommandSpec spec() {
        return Usage.of("pull", "Fetches a model.")
                .does(this)
                .details(
                        "A pull that was interrupted goes on where it stopped, and what is there is whole: its size and SHA-256",
                        "are checked. With --output json each step is a JSON object on a line, the result the last one.")
                .examples(
                        "llmspell model pull tinyllama:Q4_K_M@candle",
                        "llmspell model pull llama3.1:8b@ollama",
                        "llmspell model pull hf.co/USER/REPO:Q4_K_M@candle",
                        "llmspell model pull hf.co/USER/REPO:Q4_K_M@candle --revision v1.0",
                        "llmspell model pull tinyllama:Q4_K_M@candle --output json    a line of JSON for each step")
                .spec()
                .addPositional(Parameters.text(0, "MODEL", "NAME:VARIANT@BACKEND or hf.co/USER/REPO:QUANTIZATION"))
                .addOption(Parameters.backend())
                .addOption(Parameters.flag(FORCE, "Fetch it again even if it is there"))
                .addOption(OptionSpec.builder(REVISION)
                        .paramLabel("REV")
                        .type(String.class)
                        .description("Branch, tag or commit of the Hugging Face repository (default: main)")
                        .build());
    }

    @Override
    public int run(ParseResult line, Session session) {
        ModelSpec spec = Models.spec(line);
        PullOptions options = new PullOptions(line.hasMatchedOption(FORCE), line.matchedOptionValue(REVISION, null));
        PullResult result;
        try (Progress progress = session.options().output() == OutputFormat.JSON
                ? new JsonProgress(
                        session.results().out(), session.surroundings().clock())
                : session.progress()) {
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
