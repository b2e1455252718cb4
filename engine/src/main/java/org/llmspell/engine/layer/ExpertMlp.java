package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.llmspell.kernels.Kernels;

/**
 * A mixture of experts (as in Mixtral): a router picks {@code used} of the gated feed-forward layers for each token and
 * weighs their results by its softmax over all experts, renormalized to sum to 1 over the picked. Tokens are grouped by
 * expert, so that each expert's weights are read once a pass.
 *
 * @param router {@code [experts][embedding]}
 * @param experts the feed-forward layers
 * @param used how many each token uses
 */
public record ExpertMlp(Linear router, List<GatedMlp> experts, int used) implements FeedForward {
    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        int rows = pass.rows();
        Rows scores = pass.memory.router;
        router.apply(pass, in, scores);
        int[] picked = new int[rows * used];
        float[] weights = new float[rows * used];
        for (int row = 0; row < rows; row++) {
            pick(pass.kernels, scores, row, picked, weights);
        }
        int[] starts = starts(picked);
        int[] places = gather(pass, in, picked, starts);
        int width = experts.getFirst().gate().weights().rows();
        int chunkRows = pass.chunkRows(width, 4L * picked.length * in.columns());
        int widthChunks = (width + chunkRows - 1) / chunkRows;
        int outRows = pass.chunkRows(in.columns(), 2L * picked.length * width);
        int outChunks = (in.columns() + outRows - 1) / outRows;
        pass.workers.run(experts.size() * widthChunks, (chunk, worker) -> {
            int from = chunk % widthChunks * chunkRows;
            gate(pass, chunk / widthChunks, starts, from, Math.min(width, from + chunkRows));
        });
        pass.workers.run(experts.size() * outChunks, (chunk, worker) -> {
            int from = chunk % outChunks * outRows;
            lower(pass, chunk / outChunks, starts, from, Math.min(in.columns(), from + outRows));
        });
        pass.forRows(rows, (long) used * in.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                combine(pass.memory.expertOutput, out, row, places, weights);
            }
        });
    }

    /** The {@code used} likeliest experts of a row, the lower number on ties, and their shares. */
    private void pick(Kernels kernels, Rows scores, int row, int[] picked, float[] weights) {
        kernels.softmax(scores.data(), scores.at(row), experts.size());
        float total = 0;
        for (int rank = 0; rank < used; rank++) {
            int best = -1;
            float bestScore = Float.NEGATIVE_INFINITY;
            for (int expert = 0; expert < experts.size(); expert++) {
                float score = scores.data().getAtIndex(ValueLayout.JAVA_FLOAT, scores.at(row) + expert);
                if (best < 0 || score > bestScore) {
                    best = expert;
                    bestScore = score;
                }
            }
            picked[row * used + rank] = best;
            weights[row * used + rank] = bestScore;
            total += bestScore;
            scores.data().setAtIndex(ValueLayout.JAVA_FLOAT, scores.at(row) + best, Float.NEGATIVE_INFINITY);
        }
        for (int rank = 0; rank < used; rank++) {
            weights[row * used + rank] /= total;
        }
    }

    /** Where each expert's group of rows starts, and where the last one ends. */
    private int[] starts(int[] picked) {
        int[] starts = new int[experts.size() + 1];
        for (int expert : picked) {
            starts[expert + 1]++;
        }
        for (int expert = 0; expert < experts.size(); expert++) {
            starts[expert + 1] += starts[expert];
        }
        return starts;
    }

    /** Copies the input rows into the groups of the experts they go to; the place of each pick. */
    private int[] gather(ForwardPass pass, Rows in, int[] picked, int[] starts) {
        int[] next = starts.clone();
        int[] places = new int[picked.length];
        for (int pick = 0; pick < picked.length; pick++) {
            places[pick] = next[picked[pick]]++;
            pass.memory.expertInput.copyRow(places[pick], in, pick / used);
        }
        return places;
    }

    private void gate(ForwardPass pass, int expert, int[] starts, int from, int to) {
        int first = starts[expert];
        int rows = starts[expert + 1] - first;
        if (rows == 0) {
            return;
        }
        GatedMlp mlp = experts.get(expert);
        Activations memory = pass.memory;
        mlp.gate().rows(pass.kernels, from, to, memory.expertInput, memory.expertGate, first, rows);
        mlp.up().rows(pass.kernels, from, to, memory.expertInput, memory.expertUp, first, rows);
        for (int row = first; row < first + rows; row++) {
            mlp.activation().multiply(pass.kernels, memory.expertGate, memory.expertUp, row, from, to);
        }
    }

    private void lower(ForwardPass pass, int expert, int[] starts, int from, int to) {
        int first = starts[expert];
        int rows = starts[expert + 1] - first;
        if (rows > 0) {
            Activations memory = pass.memory;
            experts.get(expert)
                    .down()
                    .rows(pass.kernels, from, to, memory.expertGate, memory.expertOutput, first, rows);
        }
    }

    private void combine(Rows results, Rows out, int row, int[] places, float[] weights) {
        MemorySegment target = out.data();
        for (int i = 0; i < out.columns(); i++) {
            float sum = 0;
            for (int pick = row * used; pick < (row + 1) * used; pick++) {
                sum += weights[pick] * results.data().getAtIndex(ValueLayout.JAVA_FLOAT, results.at(places[pick]) + i);
            }
            target.setAtIndex(ValueLayout.JAVA_FLOAT, out.at(row) + i, sum);
        }
    }
}
