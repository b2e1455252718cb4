package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.format.Codecs;

/**
 * Arithmetic on tensors: one interface, several implementations, chosen once at start by {@link KernelProvider}. Stateless
 * and thread-safe; a call works on the calling thread alone, and callers split work over a {@link WorkerPool} by rows.
 *
 * <p>Activations are float32 in native byte order in <em>native</em> memory that the caller owns, addressed by element
 * index. Weights are GGUF blocks in place, usually a mapped file. Every method checks all bounds before it touches memory and
 * throws {@link IndexOutOfBoundsException}.
 */
public interface Kernels {
    /** {@code scalar} or {@code vector}, with what was chosen within it. */
    String name();

    /**
     * Whether weights in {@code format} can be computed with. The other methods refuse a format that cannot with an {@link
     * org.llmspell.kernels.format.UnsupportedFormatException} that lists those that can.
     */
    default boolean supports(BlockFormat format) {
        return Codecs.supported().contains(format);
    }

    /**
     * Dequantizes {@code count} elements (a whole number of blocks) that start at byte {@code sourceOffset}.
     *
     * @param target receives {@code count} floats from element {@code targetIndex}; bit-exact with ggml
     */
    void dequantize(
            BlockFormat format,
            MemorySegment source,
            long sourceOffset,
            MemorySegment target,
            long targetIndex,
            int count);

    /**
     * {@code out[t·outStride + r] = Σ_k weights[r][k] · x[t·xStride + k]} for rows {@code rowFrom ≤ r < rowTo} and tokens
     * {@code 0 ≤ t < tokens}. One token is the decode product; more share each weight that is read.
     *
     * @param weights row-major, {@code weights.columns()} a row
     * @param x activations; {@code xIndex} is the first element
     * @param out products; {@code outIndex} is the element of token 0, row 0
     */
    void multiply(
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            MemorySegment x,
            long xIndex,
            long xStride,
            int tokens,
            MemorySegment out,
            long outIndex,
            long outStride);

    /**
     * The product by which {@link #multiply(WeightMatrix, int, int, MemorySegment, long, long, int, MemorySegment, long, long)
     * multiply} computes {@code weights} with that many tokens, if it is one that takes prepared activations: the same object for
     * all matrices that can share them. Null where activations are taken as they are.
     */
    default @Nullable BatchProduct batchProduct(WeightMatrix weights, int tokens) {
        return null;
    }

    /** {@code Σ_k a[k] · b[k]} over {@code count} floats. */
    float dot(MemorySegment a, long aIndex, MemorySegment b, long bIndex, int count);

    /** {@code out[i] = x[i] / sqrt(mean(x²) + epsilon) · weight[i]} over {@code count} floats; {@code out} may be {@code x}. */
    void rmsNorm(
            MemorySegment out,
            long outIndex,
            MemorySegment x,
            long xIndex,
            MemorySegment weight,
            int count,
            float epsilon);

    /**
     * {@code out[i] = (x[i] − mean(x)) / sqrt(variance(x) + epsilon) · weight[i] + bias[i]} over {@code count} floats;
     * {@code out} may be {@code x}.
     *
     * @param weight null for all ones
     * @param bias null for none
     */
    void layerNorm(
            MemorySegment out,
            long outIndex,
            MemorySegment x,
            long xIndex,
            @Nullable MemorySegment weight,
            @Nullable MemorySegment bias,
            int count,
            float epsilon);

    /** {@code x[i] = exp(x[i] − max) / Σ exp} in place over {@code count} floats. */
    void softmax(MemorySegment x, long index, int count);

    /** {@code x[i] += y[i]} over {@code count} floats. */
    void add(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count);

    /** {@code x[i] += scale · y[i]} over {@code count} floats. */
    void addScaled(MemorySegment x, long xIndex, MemorySegment y, long yIndex, float scale, int count);

    /** {@code gate[i] = silu(gate[i]) · up[i]} over {@code count} floats. */
    void siluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count);

    /** {@code gate[i] = gelu(gate[i]) · up[i]}, the tanh form of GELU, over {@code count} floats. */
    void geluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count);

    /** {@code x[i] = gelu(x[i])}, the tanh form of GELU, over {@code count} floats. */
    void gelu(MemorySegment x, long index, int count);

    /** {@code x[i] = max(0, x[i])²} over {@code count} floats. */
    void reluSquared(MemorySegment x, long index, int count);

    /**
     * xIELU (Huang and Schlag 2024) over {@code count} floats: {@code x[i] = positive·x² + beta·x} where x is above 0, else
     * {@code negative·(exp(min(x, epsilon)) − 1 − x) + beta·x}.
     */
    void xielu(MemorySegment x, long index, int count, float negative, float positive, float beta, float epsilon);

    /** {@code gate[i] = σ(gate[i]) · up[i]} over {@code count} floats, σ being the logistic function. */
    void sigmoidMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count);

    /** {@code x[i] = silu(x[i])} over {@code count} floats. */
    void silu(MemorySegment x, long index, int count);

    /** {@code x[i] *= y[i]} over {@code count} floats. */
    void multiply(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count);

    /**
     * The gate of gpt-oss over {@code count} floats: {@code gate[i] = g · σ(alpha·g) · (u + 1)} with {@code g = min(gate[i], limit)}
     * and {@code u} being {@code up[i]} held within ±{@code limit}. What {@code up} holds afterwards is not said.
     */
    void clampedSiluMultiply(
            MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count, float alpha, float limit);

    /**
     * Rotates the first {@code dimensions} elements of each head of one position in place.
     *
     * @param index the first head's first element
     * @param heads how many there are, at least 0
     * @param stride elements from one head to the next, at least 0
     * @param cos {@code dimensions / 2} cosines for this position, likewise {@code sin}
     * @param halves false pairs neighbours (2i, 2i+1), as llama does; true pairs i with i + dimensions/2, as NeoX does
     */
    void rotate(
            MemorySegment x,
            long index,
            int heads,
            long stride,
            MemorySegment cos,
            long cosIndex,
            MemorySegment sin,
            long sinIndex,
            int dimensions,
            boolean halves);

    /** Rounds {@code count} floats to IEEE half precision, to nearest even, from {@code x} to halves from element {@code targetIndex}. */
    void toHalf(MemorySegment x, long index, MemorySegment target, long targetIndex, int count);

    /**
     * Rounds {@code count} floats to 8 bits as {@link CacheFormat#BYTES} has it: the scale of a block is its largest magnitude / 127,
     * and each element goes to the nearest multiple of it, ties to even. A block that holds no number, or one too large
     * for a half, reads back as no numbers.
     *
     * @param target receives {@code CacheFormat.BYTES.bytes(count)} bytes from byte {@code targetOffset}
     */
    void toBytes(MemorySegment x, long index, MemorySegment target, long targetOffset, int count);

    /**
     * Causal attention of query rows of <em>one</em> sequence over one group of heads that share key-value head
     * {@code kvHead}, by online softmax over the pages of its cache.
     */
    void attention(AttentionCall call, int kvHead, int rowFrom, int rowTo);

    /** The causal convolution of channels {@code from} to {@code to}. */
    void convolution(ConvolutionCall call, int from, int to);

    /** The recurrence of one head. */
    void scan(ScanCall call, int head);
}
