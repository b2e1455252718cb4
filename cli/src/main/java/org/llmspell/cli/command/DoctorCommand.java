package org.llmspell.cli.command;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.doctor.Check;
import org.llmspell.cli.doctor.Doctor;
import org.llmspell.cli.output.Readable;
import org.llmspell.cli.output.Results;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code doctor}: looks for what is wrong with the installation, and says what to do. */
final class DoctorCommand implements Command {
    @Override
    public CommandSpec spec() {
        return Usage.of("doctor", "Checks that everything models need is there, and says what to do if not.")
                .does(this)
                .details(
                        "Java, processor, configuration, the embedded backend, model directory, Ollama, the Hugging Face Hub",
                        "and Lua. Ends with 1 if the embedded backend cannot work, else with 0.")
                .examples("llmspell doctor", "llmspell doctor --output json")
                .spec();
    }

    @Override
    public int run(ParseResult line, Session session) throws InterruptedException {
        List<Check> checks = new Doctor(session::config, session::models).run();
        boolean works = checks.stream().noneMatch(check -> check.status() == Check.Status.FAIL);
        session.results().show(() -> json(works, checks), () -> text(checks, session.results()));
        return works ? 0 : 1;
    }

    private static Map<String, @Nullable Object> json(boolean works, List<Check> checks) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("ok", works);
        document.put("checks", checks.stream().map(DoctorCommand::json).toList());
        return document;
    }

    private static Map<String, @Nullable Object> json(Check check) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("name", check.name());
        fields.put("status", status(check));
        fields.put("finding", check.finding());
        fields.put("solutions", check.solutions());
        return fields;
    }

    private static String status(Check check) {
        return check.status().name().toLowerCase(Locale.ROOT);
    }

    private static void text(List<Check> checks, Results results) {
        for (Check check : checks) {
            results.line(String.format(
                    Locale.ROOT, "%-4s  %-6s  %s", status(check), check.name(), Readable.line(check.finding())));
            for (int i = 0; i < check.solutions().size(); i++) {
                results.line("              " + (i + 1) + ". "
                        + Readable.line(check.solutions().get(i)));
            }
        }
    }
}
