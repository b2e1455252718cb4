package org.llmspell.cli.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Builds a command's specification with the parts that every command's help has: what it does, and examples. */
final class Usage {
    private final String name;
    private final String summary;
    private @Nullable Command command;
    private final List<String> details = new ArrayList<>();
    private final List<String> examples = new ArrayList<>();

    private Usage(String name, String summary) {
        this.name = name;
        this.summary = summary;
    }

    /** @param summary one sentence */
    static Usage of(String name, String summary) {
        return new Usage(name, summary);
    }

    /** Which command it is; without one it only has subcommands. */
    Usage does(Command action) {
        command = action;
        return this;
    }

    /** Lines of further explanation. */
    Usage details(String... lines) {
        details.addAll(Arrays.asList(lines));
        return this;
    }

    Usage examples(String... lines) {
        examples.addAll(Arrays.asList(lines));
        return this;
    }

    CommandSpec spec() {
        CommandSpec spec = command == null ? CommandSpec.create() : CommandSpec.wrapWithoutInspection(command);
        spec.name(name);
        List<String> description = new ArrayList<>();
        description.add(literal(summary));
        details.forEach(line -> description.add(literal(line)));
        spec.usageMessage(new UsageMessageSpec()
                .abbreviateSynopsis(true)
                .sortOptions(false)
                .synopsisHeading("Usage: ")
                .descriptionHeading("%n")
                .description(description.toArray(String[]::new))
                .parameterListHeading("%nParameters:%n")
                .optionListHeading("%nOptions:%n")
                .commandListHeading("%nCommands:%n")
                .footerHeading("%nExamples:%n")
                .footer(examples.stream().map(line -> "  " + literal(line)).toArray(String[]::new)));
        return spec;
    }

    /** Keeps picocli from reading per cent signs as formats. */
    private static String literal(String text) {
        return text.replace("%", "%%");
    }
}
