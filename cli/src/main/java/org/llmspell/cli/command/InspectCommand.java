package org.llmspell.cli.command;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Readable;
import org.llmspell.cli.output.Results;
import org.llmspell.cli.output.Table;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufValue;
import org.llmspell.gguf.TensorInfo;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inspect}: what is in a GGUF file. */
final class InspectCommand implements Command {
    private static final String METADATA = "--metadata";
    private static final String TENSORS = "--tensors";
    private static final String FULL = "--full";

    @Override
    public CommandSpec spec() {
        return Usage.of("inspect", "Shows what is in a GGUF file: metadata and tensors.")
                .does(this)
                .details("Long arrays and texts are shortened, in JSON to an object with their length, unless --full.")
                .examples(
                        "llmspell inspect model.gguf",
                        "llmspell inspect tinyllama:Q4_K_M --tensors",
                        "llmspell inspect model.gguf --metadata --full --output json")
                .spec()
                .addPositional(Parameters.text(0, "FILE", "The .gguf file, or an installed model"))
                .addOption(Parameters.flag(METADATA, "Only the metadata"))
                .addOption(Parameters.flag(TENSORS, "Only the tensors"))
                .addOption(Parameters.flag(FULL, "All of every array and text"));
    }

    @Override
    public int run(ParseResult line, Session session) throws GgufException {
        boolean only = line.hasMatchedOption(METADATA) != line.hasMatchedOption(TENSORS);
        boolean metadata = !only || line.hasMatchedOption(METADATA);
        boolean tensors = !only || line.hasMatchedOption(TENSORS);
        MetadataView view = new MetadataView(line.hasMatchedOption(FULL));
        try (GgufFile file = GgufFile.open(Models.file(Parameters.get(line, 0), session))) {
            Results results = session.results();
            results.show(() -> json(file, metadata, tensors, view), () -> {
                summary(file, results.out());
                if (metadata) {
                    results.out().println();
                    results.table(metadataTable(file, view));
                }
                if (tensors && !file.tensors().isEmpty()) {
                    results.out().println();
                    results.table(tensorTable(file));
                }
            });
        }
        return 0;
    }

    private static void summary(GgufFile file, PrintStream out) {
        long elements = elements(file);
        out.println("GGUF version " + file.version() + ", " + Readable.size(file.fileBytes())
                + (file.files().size() > 1 ? " in " + file.files().size() + " files" : "") + ", "
                + Readable.counted(file.metadata().values().size(), "metadata key") + ", "
                + Readable.counted(file.tensors().size(), "tensor") + ", "
                + Readable.count(elements) + " parameters");
        if (!file.tensors().isEmpty()) {
            out.println("Formats: "
                    + formats(file).entrySet().stream()
                            .map(format -> format.getValue() + " x " + format.getKey())
                            .collect(Collectors.joining(", ")));
        }
    }

    private static long elements(GgufFile file) {
        return file.tensors().stream().mapToLong(TensorInfo::elements).sum();
    }

    private static Map<String, Long> formats(GgufFile file) {
        return file.tensors().stream()
                .collect(Collectors.groupingBy(
                        tensor -> tensor.format().name(), LinkedHashMap::new, Collectors.counting()));
    }

    private static Table metadataTable(GgufFile file, MetadataView view) {
        Table table = new Table().text("KEY").text("TYPE").text("VALUE");
        file.metadata().values().forEach((key, value) -> table.row(key, value.typeLabel(), view.text(value)));
        return table;
    }

    private static Table tensorTable(GgufFile file) {
        Table table = new Table().text("TENSOR").text("FORMAT").text("SHAPE").number("SIZE");
        for (TensorInfo tensor : file.tensors()) {
            table.row(
                    tensor.name(),
                    tensor.format().name(),
                    tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(" x ")),
                    Readable.size(tensor.byteSize()));
        }
        return table;
    }

    private static Map<String, @Nullable Object> json(
            GgufFile file, boolean metadata, boolean tensors, MetadataView view) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("version", file.version());
        document.put("size_bytes", file.fileBytes());
        document.put("files", file.files().stream().map(String::valueOf).toList());
        document.put("metadata_count", file.metadata().values().size());
        document.put("tensor_count", file.tensors().size());
        document.put("parameter_count", elements(file));
        if (metadata) {
            Map<String, @Nullable Object> values = new LinkedHashMap<>();
            for (Map.Entry<String, GgufValue> entry : file.metadata().values().entrySet()) {
                values.put(entry.getKey(), view.json(entry.getValue()));
            }
            document.put("metadata", values);
        }
        if (tensors) {
            List<Object> all = new ArrayList<>();
            for (TensorInfo tensor : file.tensors()) {
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                fields.put("name", tensor.name());
                fields.put("type", tensor.format().name());
                fields.put("shape", tensor.shape());
                fields.put("size_bytes", tensor.byteSize());
                all.add(fields);
            }
            document.put("tensors", all);
        }
        return document;
    }
}
