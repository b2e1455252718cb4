package org.llmspell.engine.layer;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.WorkerPool;

/**
 * A mixture of experts (Shazeer et al. 2017, as in Mixtral and after): each token goes to the few feed-forward layers that the
 * router chooses for it, and their results are summed up by weight. A shared expert works on every token beside them.
 *
 * <p>The tokens of a batch are grouped by expert, and each expert that has any runs them as one matrix product, so that its
 * weights are read once a pass. The workers meet twice: after gate and up of all experts, and after down; before each they meet
 * once more where experts have so many tokens that their inputs are prepared. A token's result does not depend on the other tokens
 * of the batch but for the rounding of products over one and over many tokens.
 *
 * @param router chooses
 * @param experts the feed-forward layers, all of one width
 * @param shared the expert of every token, or null
 * @param sharedGate {@code [1][embedding]}: the shared expert counts by the logistic function of this product; null
 *     for 1
 * @param weighInputs whether the weights multiply what goes into the experts, and not what comes out (Llama 4)
 */
public record ExpertMlp(
        Router router,
        List<GatedMlp> experts,
        @Nullable GatedMlp shared,
        @Nullable Linear sharedGate,
        boolean weighInputs)
        implements FeedForward {

    /** Output rows that one call computes at least, where the workers do not need fewer: what a call costs is little then. */
    private static final int LEAST_ROWS = 64;

    /** Stands for the shared expert where others have their number. */
    private static final int SHARED = -1;

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        int rows = pass.rows();
        Activations memory = pass.memory;
        Routing routing = memory.routing;
        router.score(pass, in);
        if (sharedGate != null) {
            sharedGate.apply(pass, in, memory.sharedWeight);
        }
        pass.forRows(rows, (8L + router.used()) * router.experts(), (from, to) -> {
            for (int row = from; row < to; row++) {
                router.choose(pass, routing, row);
            }
        });
        routing.group(rows);
        // A single row is read where it is, by all its experts.
        boolean gathered = rows > 1 || weighInputs;
        if (gathered) {
            gather(pass, in);
        }
        Rows source = gathered ? memory.expertInput : in;
        prepare(pass, in, source, gathered, expert -> new Linear[] {expert.gate(), expert.up()});
        int width = experts.getFirst().gate().weights().rows();
        int sharedWidth = shared == null ? 0 : shared.gate().weights().rows();
        forChunks(pass, width, sharedWidth, 4L * in.columns(), (number, from, to) -> {
            GatedMlp expert = expert(number);
            if (number == SHARED) {
                expert.raise(pass, number, from, to, in, 0, memory.gate, memory.up, 0, rows);
                return;
            }
            int first = routing.start(number);
            int count = routing.count(number);
            int place = gathered ? first : 0;
            expert.raise(pass, number, from, to, source, place, memory.expertGate, memory.expertUp, first, count);
        });
        prepare(pass, memory.gate, memory.expertGate, true, expert -> new Linear[] {expert.down()});
        forChunks(pass, in.columns(), shared == null ? 0 : in.columns(), 2L * width, (number, from, to) -> {
            Linear down = expert(number).down();
            if (number == SHARED) {
                down.rows(pass, number, from, to, memory.gate, 0, memory.sharedOutput, 0, rows);
                return;
            }
            int first = routing.start(number);
            int count = routing.count(number);
            down.rows(pass, number, from, to, memory.expertGate, first, memory.expertOutput, first, count);
        });
        pass.forRows(rows, 2L * router.used() * in.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                combine(pass, out, row);
            }
        });
    }

    private GatedMlp expert(int number) {
        return number == SHARED ? Objects.requireNonNull(shared) : experts.get(number);
    }

    /** Copies the rows of {@code in} into the groups of the experts they go to. */
    private void gather(ForwardPass pass, Rows in) {
        Routing routing = pass.memory.routing;
        Rows grouped = pass.memory.expertInput;
        pass.forRows(pass.rows() * router.used(), in.columns(), (from, to) -> {
            for (int place = from; place < to; place++) {
                grouped.copyRow(place, in, routing.rowAt(place));
                if (weighInputs) {
                    grouped.scale(place, routing.weightAt(place));
                }
            }
        });
    }

    /**
     * Prepares the inputs of {@code layers} of all experts at work.
     *
     * @param common all rows, for the shared expert
     * @param grouped for each of the others its group of rows, or all of them the first one if not {@code gathered}
     */
    private void prepare(
            ForwardPass pass, Rows common, Rows grouped, boolean gathered, Function<GatedMlp, Linear[]> layers) {
        Routing routing = pass.memory.routing;
        PreparedInput prepared = pass.memory.prepared;
        prepared.clear();
        if (shared != null) {
            prepared.add(pass.kernels, SHARED, common, 0, pass.rows(), layers.apply(shared));
        }
        for (int i = 0; i < routing.activeExperts(); i++) {
            int number = routing.active(i);
            int place = gathered ? routing.start(number) : 0;
            prepared.add(pass.kernels, number, grouped, place, routing.count(number), layers.apply(expert(number)));
        }
        prepared.fill(pass);
    }

    /** Work on outputs {@code from} to {@code to} of the expert of that number, or the {@link #SHARED} one. */
    private interface Chunk {
        void run(int number, int from, int to);
    }

    /**
     * Runs {@code task} over all outputs of all experts that have tokens, one expert after the other, in one meeting of the
     * workers.
     *
     * @param width outputs of an expert
     * @param sharedWidth outputs of the shared expert, or 0
     * @param work operations per output and token
     */
    private void forChunks(ForwardPass pass, int width, int sharedWidth, long work, Chunk task) {
        Routing routing = pass.memory.routing;
        int active = routing.activeExperts();
        long outputs = (long) active * width + sharedWidth;
        long perOutput = work * Math.max(1, (long) pass.rows() * router.used() / active);
        int least = (int) Math.min(outputs, LEAST_ROWS);
        int chunkRows = Math.max(least, pass.chunkRows((int) Math.min(outputs, Integer.MAX_VALUE / 2), perOutput));
        int sharedChunks = (sharedWidth + chunkRows - 1) / chunkRows;
        int expertChunks = (width + chunkRows - 1) / chunkRows;
        int chunks = sharedChunks + active * expertChunks;
        WorkerPool.Task all = (chunk, worker) -> {
            if (chunk < sharedChunks) {
                int from = chunk * chunkRows;
                task.run(SHARED, from, Math.min(sharedWidth, from + chunkRows));
            } else {
                int rest = chunk - sharedChunks;
                int from = rest % expertChunks * chunkRows;
                task.run(routing.active(rest / expertChunks), from, Math.min(width, from + chunkRows));
            }
        };
        if (chunkRows >= outputs) {
            for (int chunk = 0; chunk < chunks; chunk++) {
                all.run(chunk, 0);
            }
        } else {
            pass.workers.run(chunks, all);
        }
    }

    /** Sums up a row's results, best expert first and the shared one last. */
    private void combine(ForwardPass pass, Rows out, int row) {
        Activations memory = pass.memory;
        Routing routing = memory.routing;
        Rows results = memory.expertOutput;
        out.clearRow(row);
        for (int rank = 0; rank < router.used(); rank++) {
            float weight = weighInputs ? 1 : routing.weight(row, rank);
            long result = results.at(routing.place(row, rank));
            pass.kernels.addScaled(out.data(), out.at(row), results.data(), result, weight, out.columns());
        }
        if (shared != null) {
            Rows common = memory.sharedOutput;
            float weight = sharedGate == null ? 1 : Router.sigmoid(memory.sharedWeight.get(row, 0));
            pass.kernels.addScaled(out.data(), out.at(row), common.data(), common.at(row), weight, out.columns());
        }
    }
}
