package org.llmspell.engine.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.kernels.KernelProvider;

/**
 * Twins of a model file. One has the very same weights in float32: llama.cpp rounds activations to 8 bits before it multiplies them with
 * quantized weights and we do not, which makes other choices of experts; on the twin both compute the same. That
 * weights are dequantized right is shown elsewhere. The other has a tensor for each expert.
 */
final class Expanded {
    private Expanded() {}

    /** Writes a twin with a tensor for each expert, and returns it. */
    static Path expertsApart(Path model, Path twin) throws IOException {
        try (GgufFile file = GgufFile.open(model)) {
            GgufWriter writer = new GgufWriter();
            file.metadata().values().forEach(writer::put);
            for (TensorInfo tensor : file.tensors()) {
                byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
                if (!tensor.name().endsWith("_exps.weight")) {
                    writer.tensor(tensor.name(), tensor.format(), tensor.shape(), bytes);
                    continue;
                }
                int experts = Math.toIntExact(tensor.shape().get(2));
                for (int i = 0; i < experts; i++) {
                    byte[] own =
                            Arrays.copyOfRange(bytes, bytes.length / experts * i, bytes.length / experts * (i + 1));
                    String name = tensor.name().replace("_exps.", "." + i + ".");
                    writer.tensor(name, tensor.format(), tensor.shape().subList(0, 2), own);
                }
            }
            writer.write(twin);
            return twin;
        } catch (GgufException e) {
            throw new IOException(e);
        }
    }

    /** Writes the twin of {@code model} and returns it; {@code model} itself if its weights are float32 already. */
    static Path of(Path model, Path twin) throws IOException {
        try (GgufFile file = GgufFile.open(model);
                Arena arena = Arena.ofConfined()) {
            if (file.tensors().stream().allMatch(tensor -> tensor.format() == BlockFormat.F32)) {
                return model;
            }
            GgufWriter writer = new GgufWriter();
            file.metadata().values().forEach(writer::put);
            for (TensorInfo tensor : file.tensors()) {
                int count = Math.toIntExact(tensor.elements());
                MemorySegment values = arena.allocate(4L * count, 64);
                KernelProvider.scalar().dequantize(tensor.format(), tensor.data(), 0, values, 0, count);
                writer.tensor(tensor.name(), BlockFormat.F32, tensor.shape(), values.toArray(ValueLayout.JAVA_BYTE));
            }
            writer.write(twin);
            return twin;
        } catch (GgufException e) {
            throw new IOException(e);
        }
    }
}
