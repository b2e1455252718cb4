package org.llmspell.engine.quantize;

import java.util.List;
import java.util.OptionalDouble;
import org.llmspell.gguf.BlockFormat;

/**
 * What a conversion did and what it cost.
 *
 * @param tensors in the file's order
 * @param bytesBefore of all tensors
 * @param bytesAfter of all tensors
 * @param relativeError root of the sum of all squared errors over the sum of all squared weights, of the converted tensors;
 *     nothing if none was
 */
public record QuantizationReport(
        Recipe recipe, List<Tensor> tensors, long bytesBefore, long bytesAfter, OptionalDouble relativeError) {
    /**
     * One tensor.
     *
     * @param shape the length of a row first
     * @param fallback whether another format was wanted, of whose blocks the rows are no whole number
     * @param relativeError as of all; nothing if it was copied
     */
    public record Tensor(
            String name,
            List<Long> shape,
            BlockFormat from,
            BlockFormat to,
            boolean fallback,
            long bytesBefore,
            long bytesAfter,
            OptionalDouble relativeError) {}

    public QuantizationReport {
        tensors = List.copyOf(tensors);
    }
}
