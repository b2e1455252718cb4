package org.llmspell.local.store;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufMetadata;
import org.llmspell.gguf.GgufType;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.Quoted;

/**
 * What a GGUF file says of itself. Absent facts are null; none is guessed.
 *
 * @param files the file, or all parts of a split model in their order
 * @param sizeBytes of all of them
 * @param name {@code general.name}
 * @param baseName {@code general.basename}
 * @param sizeLabel {@code general.size_label}, such as {@code 1.1B}
 * @param architecture {@code general.architecture}
 * @param quantization by {@code general.file_type}; where that says nothing, the block format of most weights
 * @param parameterCount elements in all tensors
 * @param contextLength in tokens, as trained
 * @param tokenizer {@code tokenizer.ggml.model}
 * @param notLanguageModel why this is no language model, to follow “the file”; null if it is one
 * @param details further facts for people, in the order to show; control characters escaped
 */
public record GgufFacts(
        List<Path> files,
        long sizeBytes,
        @Nullable String name,
        @Nullable String baseName,
        @Nullable String sizeLabel,
        @Nullable String architecture,
        @Nullable String quantization,
        long parameterCount,
        @Nullable Integer contextLength,
        @Nullable String tokenizer,
        @Nullable String notLanguageModel,
        Map<String, String> details) {

    /**
     * Reads the headers of {@code file}, or of all parts if it is one of a split model.
     *
     * @throws LocalModelException of kind {@code MODEL_NOT_FOUND} if there is no such file, {@code MODEL_UNUSABLE} if it
     *     cannot be read or is no sound GGUF
     */
    public static GgufFacts read(Path file) {
        if (!Files.exists(file)) {
            throw new LocalModelException(
                    LocalModelException.Kind.MODEL_NOT_FOUND,
                    "There is no file " + Quoted.of(file.toString()),
                    "Check the path");
        }
        try (GgufFile gguf = GgufFile.open(file)) {
            return of(gguf);
        } catch (GgufException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.MODEL_UNUSABLE,
                    String.valueOf(e.getMessage()),
                    null,
                    List.of("Get the model again: a GGUF file is needed, whole, and with all its parts if it is split"),
                    e);
        }
    }

    private static GgufFacts of(GgufFile gguf) throws GgufException {
        GgufMetadata metadata = gguf.metadata();
        String architecture = text(metadata, "general.architecture");
        String tokenizer = text(metadata, "tokenizer.ggml.model");
        long parameters = 0;
        for (TensorInfo tensor : gguf.tensors()) {
            parameters += tensor.elements();
        }
        OptionalLong context =
                architecture == null ? OptionalLong.empty() : metadata.longValue(architecture + ".context_length");
        Integer contextLength = context.isPresent() && context.getAsLong() > 0
                ? (Integer) (int) Math.min(context.getAsLong(), Integer.MAX_VALUE)
                : null;

        Map<String, String> details = new LinkedHashMap<>();
        String name = put(details, "name", text(metadata, "general.name"));
        put(details, "license", text(metadata, "general.license"));
        details.put("gguf_version", String.valueOf(gguf.version()));
        details.put("tensors", String.valueOf(gguf.tensors().size()));
        if (!gguf.tensors().isEmpty()) {
            details.put("formats", formats(gguf.tensors()));
        }
        if (gguf.files().size() > 1) {
            details.put("parts", String.valueOf(gguf.files().size()));
        }
        put(details, "tokenizer", tokenizer);
        put(details, "pre_tokenizer", text(metadata, "tokenizer.ggml.pre"));
        metadata.array("tokenizer.ggml.tokens", GgufType.STRING)
                .ifPresent(tokens -> details.put("vocabulary", tokens.size() + " tokens"));
        if (architecture != null) {
            put(details, "pooling", pooling(metadata.longValue(architecture + ".pooling_type")));
        }
        details.put("chat_template", metadata.get("tokenizer.chat_template").isPresent() ? "yes" : "no");
        return new GgufFacts(
                gguf.files(),
                gguf.fileBytes(),
                name,
                text(metadata, "general.basename"),
                text(metadata, "general.size_label"),
                architecture,
                quantization(gguf),
                parameters,
                contextLength,
                tokenizer,
                notLanguageModel(gguf, architecture),
                details);
    }

    private static @Nullable String text(GgufMetadata metadata, String key) throws GgufException {
        return metadata.string(key).map(Quoted::plain).orElse(null);
    }

    private static @Nullable String put(Map<String, String> details, String key, @Nullable String value) {
        if (value != null) {
            details.put(key, value);
        }
        return value;
    }

    /** How many tensors are in each block format, the most used first: {@code 15 x Q4_K, 9 x F32}. */
    private static String formats(List<TensorInfo> tensors) {
        Map<BlockFormat, Integer> counts = new EnumMap<>(BlockFormat.class);
        tensors.forEach(tensor -> counts.merge(tensor.format(), 1, Integer::sum));
        return counts.entrySet().stream()
                .sorted(Map.Entry.<BlockFormat, Integer>comparingByValue().reversed())
                .map(count -> count.getValue() + " x " + count.getKey())
                .collect(Collectors.joining(", "));
    }

    /** How an embedding model makes one vector of a text's, by llama.cpp's numbers. */
    private static @Nullable String pooling(OptionalLong type) {
        if (type.isEmpty()) {
            return null;
        }
        return switch (Math.clamp(type.getAsLong(), -1, 5)) {
            case 0 -> "none";
            case 1 -> "mean";
            case 2 -> "cls";
            case 3 -> "last";
            case 4 -> "rank";
            default -> "unknown (" + type.getAsLong() + ")";
        };
    }

    private static @Nullable String quantization(GgufFile gguf) throws GgufException {
        OptionalLong fileType = gguf.metadata().longValue("general.file_type");
        Optional<String> label = fileType.isPresent() ? FileTypes.label(fileType.getAsLong()) : Optional.empty();
        return label.orElseGet(() -> mostUsed(gguf.tensors()));
    }

    /** The format with most elements among the matrices: norms and biases stay in F32 whatever the quantization. */
    private static @Nullable String mostUsed(List<TensorInfo> tensors) {
        Map<BlockFormat, Long> elements = new EnumMap<>(BlockFormat.class);
        for (TensorInfo tensor : tensors) {
            if (tensor.shape().size() > 1) {
                elements.merge(tensor.format(), tensor.elements(), Long::sum);
            }
        }
        return elements.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(most -> most.getKey().name())
                .orElse(null);
    }

    private static @Nullable String notLanguageModel(GgufFile gguf, @Nullable String architecture)
            throws GgufException {
        if (architecture == null) {
            return "names no architecture";
        }
        String type = text(gguf.metadata(), "general.type");
        if (type != null && !type.equals("model")) {
            return "is a " + Quoted.of(type) + " of architecture " + Quoted.of(architecture);
        }
        if (gguf.tensors().isEmpty()) {
            return "holds a vocabulary and no weights";
        }
        if (gguf.tensor("token_embd.weight").isEmpty()
                || gguf.metadata().get(architecture + ".block_count").isEmpty()) {
            return "holds other weights, of architecture " + Quoted.of(architecture);
        }
        return null;
    }
}
