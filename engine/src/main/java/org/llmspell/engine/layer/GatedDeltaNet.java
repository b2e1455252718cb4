package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.StatePages;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.ScanCall;

/**
 * Linear attention by the gated delta rule (Yang, Kautz and Hatamizadeh 2024), as in Qwen3-Next and after: queries, keys and
 * values go through a short convolution, keys and queries are made unit vectors, and each value head keeps a matrix that
 * decays and in which each key's old value is replaced by a part of the new one.
 *
 * @param layer its number, which finds its state
 * @param heads of values
 * @param keyHeads of keys and queries, which value heads share
 * @param neighbours whether value heads that share a key head follow each other, or are {@code keyHeads} apart
 * @param keyDimension elements of a key head
 * @param valueDimension elements of a value head
 * @param weights the matrices
 * @param convolution over queries, keys and values together
 * @param timeBias float32 {@code [heads]}, added to the decay's input
 * @param decay float32 {@code [heads]}, below 0: how fast a head forgets
 * @param unit makes a key or query a unit vector: an RMS norm whose weights are 1/√keyDimension
 * @param norm of each head's result, {@code [valueDimension]}
 */
public record GatedDeltaNet(
        int layer,
        int heads,
        int keyHeads,
        boolean neighbours,
        int keyDimension,
        int valueDimension,
        Weights weights,
        CausalConvolution convolution,
        MemorySegment timeBias,
        MemorySegment decay,
        RmsNorm unit,
        RmsNorm norm)
        implements TokenMixer {

    /**
     * The matrices.
     *
     * @param input {@code [2 · keyHeads · keyDimension + heads · valueDimension][n]}: queries, keys, values
     * @param gate {@code [heads · valueDimension][n]}
     * @param rates what decides how much is learned and forgotten
     * @param output {@code [n][heads · valueDimension]}
     */
    public record Weights(Linear input, Linear gate, Rates rates, Linear output) {}

    /** The matrices of the rates: how much of a value is learned, and how fast is forgotten. */
    public sealed interface Rates {
        /** Each {@code [heads][n]}. */
        record Apart(Linear learn, Linear forget) implements Rates {}

        /** For each key head first what its value heads learn, then what they forget: {@code [2 · heads][n]}. */
        record ByKeyHead(Linear both) implements Rates {}
    }

    @Override
    public KvLayout.Layer kept(int contextLength) {
        return KvLayout.Layer.recurrent(convolution.stateFloats() + heads * keyDimension * valueDimension);
    }

    @Override
    public Widths.Recurrent recurrentWidths() {
        int values = heads * valueDimension;
        return new Widths.Recurrent(2 * keyHeads * keyDimension + values, values, values, 4 * heads);
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        Activations memory = pass.memory;
        Kernels kernels = pass.kernels;
        Rows x = memory.mixed;
        Linear[] products = weights.rates instanceof Rates.Apart apart
                ? new Linear[] {weights.input, weights.gate, apart.learn, apart.forget}
                : new Linear[] {weights.input, weights.gate, ((Rates.ByKeyHead) weights.rates).both};
        Rows[] results = weights.rates instanceof Rates.Apart
                ? new Rows[] {x, memory.mixedGate, memory.rates, memory.rates.from(heads)}
                : new Rows[] {x, memory.mixedGate, memory.rates};
        Linear.run(pass, in, pass.rows(), products, results);
        convolution.apply(
                pass,
                layer,
                x,
                (row, from, to) -> {},
                (row, from, to) -> kernels.silu(x.data(), x.at(row) + from, to - from));
        pass.forRows(pass.rows(), 8L * keyHeads * keyDimension, (from, to) -> {
            for (int row = from; row < to; row++) {
                rates(memory.rates, row);
                for (int head = 0; head < 2 * keyHeads; head++) {
                    long index = x.at(row) + (long) head * keyDimension;
                    unit.normalize(kernels, x.data(), index, x.data(), index, keyDimension);
                }
            }
        });
        scan(pass);
        pass.forRows(pass.rows(), 12L * heads * valueDimension, (from, to) -> {
            for (int row = from; row < to; row++) {
                gate(pass, row);
            }
        });
        weights.output.apply(pass, memory.mixedGate, out);
    }

    /** Turns a row of products into decays, from element 2 · heads on, and after them rates. */
    private void rates(Rows rates, int row) {
        int shared = heads / keyHeads;
        boolean apart = weights.rates instanceof Rates.Apart;
        for (int head = 0; head < heads; head++) {
            int learn = apart ? head : head / shared * 2 * shared + head % shared;
            int forget = learn + (apart ? heads : shared);
            double step = rates.get(row, forget) + timeBias.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * head);
            double softplus = step > 20 ? step : Math.log1p(Math.exp(step));
            double factor = Math.exp(softplus * decay.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * head));
            rates.set(row, 2 * heads + head, (float) factor);
            rates.set(row, 3 * heads + head, Router.sigmoid(rates.get(row, learn)));
        }
    }

    private void scan(ForwardPass pass) {
        Activations memory = pass.memory;
        int slices = pass.batch.slices().size();
        ScanCall[] calls = new ScanCall[slices];
        long state = (long) convolution.stateFloats() * Float.BYTES;
        int keys = keyHeads * keyDimension;
        for (int i = 0; i < slices; i++) {
            Batch.Slice slice = pass.batch.slices().get(i);
            StatePages states = slice.cache().states();
            long first = memory.mixed.at(slice.firstRow());
            long rates = memory.rates.at(slice.firstRow()) + 2L * heads;
            calls[i] = new ScanCall(
                    slice.rows(),
                    heads,
                    keyHeads,
                    neighbours,
                    keyDimension,
                    valueDimension,
                    memory.mixed.data(),
                    memory.mixed.columns(),
                    first,
                    first + keys,
                    first + 2L * keys,
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
                    true,
                    (float) (1 / Math.sqrt(keyDimension)));
        }
        pass.workers.run(slices * heads, (chunk, worker) -> pass.kernels.scan(calls[chunk / heads], chunk % heads));
    }

    /** The normalized results of a row times SiLU of their gates, in place of these. */
    private void gate(ForwardPass pass, int row) {
        Rows results = pass.memory.mixedOut;
        Rows gates = pass.memory.mixedGate;
        for (int head = 0; head < heads; head++) {
            long index = results.at(row) + (long) head * valueDimension;
            norm.normalize(pass.kernels, results.data(), index, results.data(), index, valueDimension);
        }
        pass.kernels.siluMultiply(gates.data(), gates.at(row), results.data(), results.at(row), heads * valueDimension);
    }
}
