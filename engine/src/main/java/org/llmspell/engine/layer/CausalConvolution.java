package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.StatePages;
import org.llmspell.kernels.ConvolutionCall;

/**
 * A short convolution of each channel over the last tokens of its sequence, whose state are the inputs of these tokens
 * (as in H3, Fu et al. 2023).
 *
 * @param channels how many
 * @param taps tokens that a result depends on, its own included
 * @param weights float32 {@code [taps][channels]}, the newest token's last
 * @param bias float32 {@code [channels]}, or null
 */
public record CausalConvolution(
        int channels,
        int taps,
        MemorySegment weights,
        @Nullable MemorySegment bias) {
    /** Elements of the state, which comes first in a layer's. */
    public int stateFloats() {
        return (taps - 1) * channels;
    }

    /** What surrounds the convolution of some channels of a row. */
    interface Step {
        void run(int row, int from, int to);
    }

    /** Convolves all rows of {@code x} in place; {@code before} and {@code after} are run on each row, in pieces. */
    void apply(ForwardPass pass, int layer, Rows x, Step before, Step after) {
        int perChunk = pass.chunkRows(channels, 2L * (taps + 8) * pass.rows());
        int chunks = (channels + perChunk - 1) / perChunk;
        int slices = pass.batch.slices().size();
        pass.workers.run(chunks * slices, (chunk, worker) -> {
            Batch.Slice slice = pass.batch.slices().get(chunk / chunks);
            int from = chunk % chunks * perChunk;
            int to = Math.min(channels, from + perChunk);
            int end = slice.firstRow() + slice.rows();
            for (int row = slice.firstRow(); row < end; row++) {
                before.run(row, from, to);
            }
            pass.kernels.convolution(call(slice, layer, x), from, to);
            for (int row = slice.firstRow(); row < end; row++) {
                after.run(row, from, to);
            }
        });
    }

    private ConvolutionCall call(Batch.Slice slice, int layer, Rows x) {
        StatePages states = slice.cache().states();
        return new ConvolutionCall(
                slice.rows(),
                channels,
                taps,
                x.data(),
                x.at(slice.firstRow()),
                x.columns(),
                weights,
                bias,
                states.before(layer),
                states.after(layer),
                states.keeps() ? states.kept(layer) : null,
                states.keeps() ? states.keptRows() : 0);
    }
}
