package org.llmspell.cli.command;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Progress;
import org.llmspell.cli.output.Readable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.quantize.QuantizationPlan;
import org.llmspell.engine.quantize.Recipe;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.Preset;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.TensorSpec;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.PullProgress;
import org.llmspell.local.store.NewFile;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code bench synth}: writes a model of a real shape with random weights. */
final class BenchSynthCommand implements Command {
    private static final String FORCE = "--force";

    /** Tensors' formats by the name that was given, and llama.cpp's number of that. */
    private record Formats(String name, OptionalInt fileType, Function<TensorSpec, BlockFormat> of) {}

    @Override
    public CommandSpec spec() {
        return Usage.of("synth", "Writes a model with random weights in the shape of a real one, to measure with.")
                .does(this)
                .details(
                        "It says nothing sensible, and is as fast and as large as the real one in the same format.",
                        "The shapes: " + shapes() + ".",
                        "The formats: " + Recipe.names() + ", and every other block format for all matrices.")
                .examples(
                        "llmspell bench synth tinyllama-1.1b Q4_K_M /tmp/tinyllama-q4.gguf",
                        "llmspell bench synth mistral-7b Q8_0 /tmp/mistral-q8.gguf --force")
                .spec()
                .addPositional(Parameters.text(0, "SHAPE", "Which model's shape, such as llama-3.2-1b"))
                .addPositional(Parameters.text(1, "FORMAT", "The weights' format, such as Q4_K_M"))
                .addPositional(Parameters.text(2, "OUT", "The .gguf file to write"))
                .addOption(Parameters.flag(FORCE, "Replace OUT if it exists"));
    }

    @Override
    public int run(ParseResult line, Session session) throws IOException {
        Preset preset = preset(Parameters.get(line, 0));
        SyntheticModel model = preset.model(WeightMix.uniform(BlockFormat.F32));
        Formats formats = formats(Parameters.get(line, 1), model);
        Path path = Models.path(Parameters.get(line, 2), session);
        NewFile target = new NewFile(path, line.hasMatchedOption(FORCE));
        List<TensorSpec> tensors = model.architecture().tensors(model.shape());
        long bytes = tensors.stream()
                .mapToLong(tensor -> formats.of.apply(tensor).bytes(tensor.elements()))
                .sum();
        target.check();
        target.requireSpace(bytes);
        try (Progress progress = session.progress()) {
            Written written = new Written(bytes, progress);
            target.write("The writing", () -> {
                model.writer(formats.of, formats.fileType, written::more).write(path);
                return bytes;
            });
        }
        session.results()
                .show(
                        () -> json(preset, formats, path, bytes, tensors.size()),
                        () -> session.results()
                                .line(path + ": " + preset.label() + " in " + formats.name + ", "
                                        + Readable.size(bytes)));
        return 0;
    }

    private static Preset preset(String name) {
        return Preset.named(name)
                .orElseThrow(() -> new LocalModelException(
                        LocalModelException.Kind.INVALID_REQUEST,
                        "\"" + Readable.line(name) + "\" is no shape",
                        "Take one of " + shapes()));
    }

    private static String shapes() {
        return Arrays.stream(Preset.values()).map(Preset::label).collect(Collectors.joining(", "));
    }

    private static Formats formats(String name, SyntheticModel model) {
        try {
            Recipe recipe = Recipe.of(name);
            ModelShape shape = model.shape();
            Map<String, BlockFormat> formats = QuantizationPlan.formats(
                    recipe,
                    model.architecture().name(),
                    shape.layers(),
                    shape.heads(),
                    shape.kvHeads(),
                    model.architecture().tensors(shape).stream()
                            .map(BenchSynthCommand::unwritten)
                            .toList());
            return new Formats(
                    recipe.name(),
                    OptionalInt.of(recipe.fileType()),
                    tensor -> formats.getOrDefault(tensor.name(), BlockFormat.F32));
        } catch (EngineException noRecipe) {
            try {
                WeightMix uniform = WeightMix.uniform(BlockFormat.valueOf(name.toUpperCase(Locale.ROOT)));
                return new Formats(uniform.name(), uniform.fileType(), tensor -> uniform.format(tensor, model.shape()));
            } catch (IllegalArgumentException e) {
                throw new LocalModelException(
                        LocalModelException.Kind.INVALID_REQUEST,
                        "\"" + Readable.line(name) + "\" is no format of weights",
                        null,
                        List.of("Take one of " + Recipe.names()),
                        noRecipe);
            }
        }
    }

    private static TensorInfo unwritten(TensorSpec tensor) {
        return new TensorInfo(tensor.name(), BlockFormat.F32, tensor.shape(), MemorySegment.NULL);
    }

    private static Map<String, @Nullable Object> json(
            Preset preset, Formats formats, Path path, long bytes, int tensors) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("output", path.toString());
        document.put("shape", preset.label());
        document.put("format", formats.name);
        document.put("bytes", bytes);
        document.put("tensors", tensors);
        return document;
    }

    /** Counts what has been written, for whoever watches. */
    private static final class Written {
        private final long total;
        private final Progress progress;
        private long done;

        Written(long total, Progress progress) {
            this.total = total;
            this.progress = progress;
        }

        void more(long bytes) {
            done += bytes;
            progress.accept(new PullProgress("writing", 100.0 * done / total, done, total));
        }
    }
}
