package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.StatePages;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.ScanCall;

/**
 * The selective state space layer of Mamba 2 (Dao and Gu 2024): values, keys and queries (x, B and C) go through a short
 * convolution; each head keeps a matrix that decays by the token's step and takes up its value times step.
 *
 * @param layer its number, which finds its state
 * @param heads of values
 * @param groups of keys and queries, each for heads that follow each other
 * @param keyDimension elements of a key: the state's size in the paper
 * @param valueDimension elements of a head
 * @param weights the matrices
 * @param convolution over values, keys and queries together
 * @param stepBias float32 {@code [heads]}, added to the steps
 * @param decay float32 {@code [heads]}, below 0: how fast a head forgets
 * @param through float32 {@code [heads]}: how much of a value goes straight to the result
 * @param norms of the result, one for each group: {@code [heads · valueDimension / groups]}; null for none
 */
public record Mamba2(
        int layer,
        int heads,
        int groups,
        int keyDimension,
        int valueDimension,
        Weights weights,
        CausalConvolution convolution,
        MemorySegment stepBias,
        MemorySegment decay,
        MemorySegment through,
        @Nullable QueryKeyNorm norms)
        implements TokenMixer {
    /**
     * The matrices.
     *
     * @param gate {@code [heads · valueDimension][n]}
     * @param input {@code [heads · valueDimension + 2 · groups · keyDimension][n]}: values, keys, queries
     * @param step {@code [heads][n]}
     * @param output {@code [n][heads · valueDimension]}
     */
    public record Weights(Linear gate, Linear input, Linear step, Linear output) {}

    private int values() {
        return heads * valueDimension;
    }

    @Override
    public KvLayout.Layer kept(int contextLength) {
        return KvLayout.Layer.recurrent(convolution.stateFloats() + values() * keyDimension);
    }

    @Override
    public Widths.Recurrent recurrentWidths() {
        return new Widths.Recurrent(convolution.channels(), values(), values(), 3 * heads);
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        Activations memory = pass.memory;
        Kernels kernels = pass.kernels;
        Rows x = memory.mixed;
        Linear[] products = {weights.gate, weights.input, weights.step};
        Linear.run(pass, in, pass.rows(), products, new Rows[] {memory.mixedGate, x, memory.rates});
        convolution.apply(
                pass,
                layer,
                x,
                (row, from, to) -> {},
                (row, from, to) -> kernels.silu(x.data(), x.at(row) + from, to - from));
        pass.forRows(pass.rows(), 64L * heads, (from, to) -> {
            for (int row = from; row < to; row++) {
                rates(memory.rates, row);
            }
        });
        scan(pass);
        pass.forRows(pass.rows(), 12L * values(), (from, to) -> {
            for (int row = from; row < to; row++) {
                finish(pass, row);
            }
        });
        weights.output.apply(pass, memory.mixedGate, out);
    }

    /** Puts a row's decays after its steps, and the steps as they count after these. */
    private void rates(Rows rates, int row) {
        for (int head = 0; head < heads; head++) {
            double input = rates.get(row, head) + stepBias.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * head);
            double step = input > 20 ? input : Math.log1p(Math.exp(input));
            double factor = Math.exp(step * decay.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * head));
            rates.set(row, heads + head, (float) factor);
            rates.set(row, 2 * heads + head, (float) step);
        }
    }

    private void scan(ForwardPass pass) {
        Activations memory = pass.memory;
        int slices = pass.batch.slices().size();
        ScanCall[] calls = new ScanCall[slices];
        long state = (long) convolution.stateFloats() * Float.BYTES;
        for (int i = 0; i < slices; i++) {
            Batch.Slice slice = pass.batch.slices().get(i);
            StatePages states = slice.cache().states();
            long first = memory.mixed.at(slice.firstRow());
            long rates = memory.rates.at(slice.firstRow()) + heads;
            calls[i] = new ScanCall(
                    slice.rows(),
                    heads,
                    groups,
                    true,
                    keyDimension,
                    valueDimension,
                    memory.mixed.data(),
                    memory.mixed.columns(),
                    first + values() + (long) groups * keyDimension,
                    first + values(),
                    first,
                    memory.rates.data(),
                    memory.rates.columns(),
                    rates,
                    rates + heads,
                    memory.mixedOut.data(),
                    memory.mixedOut.at(slice.firstRow()),
                    memory.mixedOut.columns(),
                    states.before(layer).asSlice(state),
                    states.after(layer).asSlice(state),
                    states.keeps() ? states.kept(layer).asSlice(state) : null,
                    states.keeps() ? states.keptRows() : 0,
                    false,
                    1);
        }
        pass.workers.run(slices * heads, (chunk, worker) -> pass.kernels.scan(calls[chunk / heads], chunk % heads));
    }

    /** What goes straight through is added, the result gated and normalized, in place of the gates. */
    private void finish(ForwardPass pass, int row) {
        Rows values = pass.memory.mixed;
        Rows results = pass.memory.mixedOut;
        Rows gates = pass.memory.mixedGate;
        for (int head = 0; head < heads; head++) {
            long offset = (long) head * valueDimension;
            float share = through.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * head);
            pass.kernels.addScaled(
                    results.data(),
                    results.at(row) + offset,
                    values.data(),
                    values.at(row) + offset,
                    share,
                    valueDimension);
        }
        pass.kernels.siluMultiply(gates.data(), gates.at(row), results.data(), results.at(row), values());
        if (norms != null) {
            norms.apply(pass.kernels, gates, row, values());
        }
    }
}
