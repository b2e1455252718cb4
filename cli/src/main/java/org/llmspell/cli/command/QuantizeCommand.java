package org.llmspell.cli.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Progress;
import org.llmspell.cli.output.Readable;
import org.llmspell.cli.output.Results;
import org.llmspell.cli.output.Table;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.quantize.QuantizationReport;
import org.llmspell.engine.quantize.Recipe;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.store.QuantizedCopy;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code quantize}: writes a model in smaller formats, and says what that costs. */
final class QuantizeCommand implements Command {
    private static final String FORCE = "--force";
    private static final String REQUANTIZE = "--allow-requantize";
    private static final String PURE = "--pure";

    @Override
    public CommandSpec spec() {
        return Usage.of("quantize", "Writes a model in smaller formats, and shows what that costs in precision.")
                .does(this)
                .details(
                        "The formats: " + Recipe.names() + ".",
                        "Mixed ones such as Q4_K_M give more bits to the tensors that need them, the same ones as in llama.cpp.",
                        "The error of a tensor is the root mean square of all changes, relative to that of the weights.")
                .examples(
                        "llmspell quantize model-f16.gguf model-q4.gguf Q4_K_M",
                        "llmspell quantize mymodel:F16 small.gguf Q3_K_M --output json",
                        "llmspell quantize model-q8.gguf model-q4.gguf Q4_0 --allow-requantize --force")
                .spec()
                .addPositional(
                        Parameters.text(0, "IN", "The .gguf file, any part of a split one, or an installed model"))
                .addPositional(Parameters.text(1, "OUT", "The .gguf file to write"))
                .addPositional(Parameters.text(2, "FORMAT", "What to convert to, such as Q4_K_M"))
                .addOption(Parameters.flag(FORCE, "Replace OUT if it exists"))
                .addOption(Parameters.flag(REQUANTIZE, "Convert also what is quantized already, which loses more"))
                .addOption(Parameters.flag(PURE, "The one format for every matrix, instead of a mixture"));
    }

    @Override
    public int run(ParseResult line, Session session) {
        Recipe recipe = recipe(Parameters.get(line, 2));
        Path source = Models.file(Parameters.get(line, 0), session);
        Path target = Models.path(Parameters.get(line, 1), session);
        QuantizationReport report;
        try (Progress progress = session.progress()) {
            report = new QuantizedCopy(
                            recipe,
                            line.hasMatchedOption(PURE),
                            line.hasMatchedOption(REQUANTIZE),
                            line.hasMatchedOption(FORCE),
                            session.config().candle().threads(),
                            progress)
                    .write(source, target);
        }
        session.results().show(() -> json(report, source, target), () -> text(report, target, session.results()));
        return 0;
    }

    private static Recipe recipe(String name) {
        try {
            return Recipe.of(name);
        } catch (EngineException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST, String.valueOf(e.getMessage()), null, e.advice(), e);
        }
    }

    private static void text(QuantizationReport report, Path target, Results results) {
        Table table = new Table()
                .text("TENSOR")
                .text("FROM")
                .text("TO")
                .number("BEFORE")
                .number("AFTER")
                .number("ERROR");
        boolean fallbacks = false;
        for (QuantizationReport.Tensor tensor : report.tensors()) {
            fallbacks |= tensor.fallback();
            table.row(
                    tensor.name(),
                    tensor.from().name(),
                    tensor.to().name() + (tensor.fallback() ? "*" : ""),
                    Readable.size(tensor.bytesBefore()),
                    Readable.size(tensor.bytesAfter()),
                    percent(tensor.relativeError()));
        }
        results.table(table);
        if (fallbacks) {
            results.line("* another format was wanted, of whose blocks the rows are no whole number");
        }
        @Nullable String error = percent(report.relativeError());
        results.line(report.recipe() + ": " + Readable.size(report.bytesBefore()) + " became "
                + Readable.size(report.bytesAfter())
                + (error == null ? "; nothing was to be converted" : ", error " + error) + ": " + target);
    }

    private static @Nullable String percent(OptionalDouble error) {
        return error.isEmpty() ? null : String.format(Locale.ROOT, "%.3f%%", 100 * error.getAsDouble());
    }

    private static Map<String, @Nullable Object> json(QuantizationReport report, Path source, Path target) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("input", source.toString());
        document.put("output", target.toString());
        document.put("format", report.recipe().name());
        document.put("bytes_before", report.bytesBefore());
        document.put("bytes_after", report.bytesAfter());
        document.put("relative_rmse", number(report.relativeError()));
        List<Object> tensors = new ArrayList<>();
        for (QuantizationReport.Tensor tensor : report.tensors()) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("name", tensor.name());
            fields.put("shape", tensor.shape());
            fields.put("from", tensor.from().name());
            fields.put("to", tensor.to().name());
            fields.put("fallback", tensor.fallback());
            fields.put("bytes_before", tensor.bytesBefore());
            fields.put("bytes_after", tensor.bytesAfter());
            fields.put("relative_rmse", number(tensor.relativeError()));
            tensors.add(fields);
        }
        document.put("tensors", tensors);
        return document;
    }

    private static @Nullable Double number(OptionalDouble value) {
        return value.isEmpty() ? null : (Double) value.getAsDouble();
    }
}
