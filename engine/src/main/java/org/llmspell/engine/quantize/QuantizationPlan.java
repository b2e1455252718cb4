package org.llmspell.engine.quantize;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.kernels.encode.Encoders;
import org.llmspell.kernels.format.Codecs;

/**
 * Which tensor of a file goes to which format, known before anything is computed or written. Valid until the file is closed.
 *
 * @param steps one for each tensor, in the file's order
 */
public record QuantizationPlan(GgufFile file, Recipe recipe, List<Step> steps) {
    /**
     * What is done with a tensor.
     *
     * @param format the new one, or the old if it is only copied
     * @param fallback whether another format was wanted, of whose blocks the rows are no whole number
     */
    public record Step(TensorInfo tensor, BlockFormat format, boolean fallback) {
        /** Whether the bytes stay as they are. */
        public boolean isCopy() {
            return tensor.format() == format;
        }

        /** Bytes of the new tensor. */
        public long bytes() {
            return format.bytes(tensor.elements());
        }
    }

    public QuantizationPlan {
        steps = List.copyOf(steps);
    }

    /**
     * Plans the conversion of {@code file}.
     *
     * @param pure the recipe's format for every matrix, instead of the mixture
     * @param requantize allows tensors that are quantized already, whose error then adds up
     * @throws EngineException of kind {@code INVALID_OPTION} if a tensor is quantized already, {@code UNSUPPORTED_MODEL} if it
     *     is in a format that cannot be read, {@code BROKEN_MODEL} if the metadata is
     */
    public static QuantizationPlan of(GgufFile file, Recipe recipe, boolean pure, boolean requantize) {
        ModelTraits traits;
        try {
            traits = ModelTraits.of(file.metadata());
        } catch (GgufException e) {
            throw new EngineException(
                    Problem.BROKEN_MODEL, String.valueOf(e.getMessage()), List.of("Fetch the model again"));
        }
        Map<String, FormatChoice.Choice> choices = choices(recipe, pure, traits, file.tensors());
        List<Step> steps = new ArrayList<>();
        for (TensorInfo tensor : file.tensors()) {
            FormatChoice.Choice chosen = Objects.requireNonNull(choices.get(tensor.name()));
            Step step = new Step(tensor, chosen.format(), chosen.fallback());
            check(step, requantize);
            steps.add(step);
        }
        return new QuantizationPlan(file, recipe, steps);
    }

    /**
     * The formats that a model without experts would have after a conversion, by tensor: for files that are made in them.
     *
     * @param keyValueHeads of the first layer
     * @param tensors of the whole model, in a format that is no quantized one; their bytes are not looked at
     */
    public static Map<String, BlockFormat> formats(
            Recipe recipe, String architecture, int layers, int heads, int keyValueHeads, List<TensorInfo> tensors) {
        ModelTraits traits = new ModelTraits(architecture, layers, heads, heads / keyValueHeads, 0);
        Map<String, BlockFormat> formats = new HashMap<>();
        choices(recipe, false, traits, tensors).forEach((name, choice) -> formats.put(name, choice.format()));
        return formats;
    }

    private static Map<String, FormatChoice.Choice> choices(
            Recipe recipe, boolean pure, ModelTraits traits, List<TensorInfo> tensors) {
        FormatChoice choice = new FormatChoice(recipe, pure, traits, tensors);
        Map<String, FormatChoice.Choice> choices = new HashMap<>();
        for (TensorInfo tensor : inOrderOfLayers(tensors)) {
            choices.put(tensor.name(), choice.next(tensor));
        }
        return choices;
    }

    /** Tensors outside the layers first, then layer by layer, by name: the order in which choices count. */
    private static List<TensorInfo> inOrderOfLayers(List<TensorInfo> tensors) {
        return tensors.stream()
                .sorted(Comparator.comparingInt((TensorInfo tensor) -> layer(tensor.name()))
                        .thenComparing(TensorInfo::name))
                .toList();
    }

    private static int layer(String name) {
        int end = name.indexOf('.', 4);
        if (!name.startsWith("blk.") || end < 5 || end > 10) {
            return -1;
        }
        try {
            return Integer.parseInt(name, 4, end, 10);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static void check(Step step, boolean requantize) {
        BlockFormat from = step.tensor().format();
        if (step.isCopy()) {
            return;
        }
        if (!Codecs.supported().contains(from) || !Encoders.supported().contains(step.format())) {
            throw new EngineException(
                    Problem.UNSUPPORTED_MODEL,
                    "The tensor %s is in the format %s, which cannot be converted to %s"
                            .formatted(step.tensor().name(), from, step.format()),
                    List.of("Convert a file in F32, F16 or BF16"));
        }
        if (from.blockElements() > 1 && !requantize) {
            throw new EngineException(
                    Problem.INVALID_OPTION,
                    "The tensor %s is quantized already, as %s"
                            .formatted(step.tensor().name(), from),
                    List.of(
                            "Convert a file in F32, F16 or BF16, which loses less",
                            "Convert this one all the same: --allow-requantize"));
        }
    }

    /** Bytes of all tensors before. */
    public long bytesBefore() {
        return steps.stream().mapToLong(step -> step.tensor().byteSize()).sum();
    }

    /** Bytes of all tensors after. */
    public long bytesAfter() {
        return steps.stream().mapToLong(Step::bytes).sum();
    }
}
