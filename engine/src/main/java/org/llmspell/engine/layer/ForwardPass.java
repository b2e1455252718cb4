package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.WorkerPool;

/**
 * One trip of a batch through a model: what to compute, on which memory, with which kernels and workers. The small
 * operations between the layers are methods here; each returns when all workers are done. Used by one thread.
 */
public final class ForwardPass {
    /** Below this many float operations a step is not worth waking the workers (some µs). */
    private static final long WORTH_SHARING = 1 << 15;

    /** Output rows come in multiples of this, so that kernels which work on several rows at once have no remainders. */
    private static final int ROW_ALIGNMENT = 32;

    /** Chunks per thread: more balance better between fast and slow cores, and cost a few hundred nanoseconds each. */
    private static final int CHUNKS_PER_THREAD = 4;

    /** Work on consecutive rows of the batch. */
    interface RowTask {
        void run(int from, int to);
    }

    final Kernels kernels;
    final WorkerPool workers;
    public final Batch batch;
    public final Activations memory;

    public ForwardPass(Kernels kernels, WorkerPool workers, Batch batch, Activations memory) {
        this.kernels = kernels;
        this.workers = workers;
        this.batch = batch;
        this.memory = memory;
    }

    /** Tokens in the pass. */
    public int rows() {
        return batch.rows();
    }

    /** Whether nobody waits for the result any more; a model asks before each layer. */
    public boolean abandoned() {
        return batch.abandoned();
    }

    /** {@code stream[row] = table[token(row)] · scale}. */
    public void embed(WeightMatrix table, float scale) {
        Rows stream = memory.stream;
        forRows(rows(), table.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                long source = batch.token(row) * table.rowBytes();
                kernels.dequantize(
                        table.format(), table.data(), source, stream.data(), stream.at(row), table.columns());
                stream.scale(row, scale);
            }
        });
    }

    /** {@code stream[row] += table[position(row)]}; spoils {@code normed}. */
    void addPositions(WeightMatrix table) {
        Rows stream = memory.stream;
        Rows scratch = memory.normed;
        forRows(rows(), table.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                long source = batch.position(row) * table.rowBytes();
                kernels.dequantize(
                        table.format(), table.data(), source, scratch.data(), scratch.at(row), table.columns());
                kernels.add(stream.data(), stream.at(row), scratch.data(), scratch.at(row), stream.columns());
            }
        });
    }

    /** {@code stream[row] += addend}. */
    void addToAll(MemorySegment addend) {
        Rows stream = memory.stream;
        forRows(rows(), stream.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                kernels.add(stream.data(), stream.at(row), addend, 0, stream.columns());
            }
        });
    }

    /** Puts the cosines and sines of every row's position where {@link RopeTable}'s users find them. */
    public void prepare(RopeTable table) {
        Rows cosines = memory.cosines[table.slot()];
        Rows sines = memory.sines[table.slot()];
        for (int row = 0; row < rows(); row++) {
            table.write(batch.position(row), batch.contextLength(row), cosines, sines, row);
        }
    }

    /** {@code stream[row] += addend[row] · scale}; spoils {@code addend} unless the scale is 1. */
    public void add(Rows addend, float scale) {
        Rows stream = memory.stream;
        forRows(rows(), stream.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                addend.scale(row, scale);
                kernels.add(stream.data(), stream.at(row), addend.data(), addend.at(row), stream.columns());
            }
        });
    }

    /**
     * The output head, for the rows whose logits are wanted: {@code logits = output · norm(stream) · scale}, then
     * {@code cap · tanh(logits / cap)} if {@code cap} is not 0.
     */
    public void logits(Norm norm, Linear output, float scale, float cap) {
        int wanted = batch.logits();
        Rows input = memory.logitInput;
        for (int place = 0; place < wanted; place++) {
            input.copyRow(place, memory.stream, batch.logitRow(place));
            norm.row(kernels, input, place, input, place);
        }
        Linear.run(this, input, wanted, new Linear[] {output}, new Rows[] {memory.logits});
        if (scale != 1 || cap != 0) {
            Rows logits = memory.logits;
            forRows(wanted, logits.columns() * 8L, (from, to) -> {
                for (int row = from; row < to; row++) {
                    logits.scale(row, scale);
                    capRow(logits, row, cap);
                }
            });
        }
    }

    /** Runs {@code task} over all of {@code rows}, shared out if {@code work} operations per row make that worthwhile. */
    void forRows(int rows, long work, RowTask task) {
        int threads = workers.threads();
        if (threads == 1 || rows == 1 || rows * work < WORTH_SHARING) {
            task.run(0, rows);
            return;
        }
        int perChunk = Math.max(1, (rows + threads * 2 - 1) / (threads * 2));
        workers.run(
                (rows + perChunk - 1) / perChunk,
                (chunk, worker) -> task.run(chunk * perChunk, Math.min(rows, (chunk + 1) * perChunk)));
    }

    /** Output rows of a product of {@code rows} with {@code work} operations each that one chunk computes. */
    int chunkRows(int rows, long work) {
        int threads = workers.threads();
        if (threads == 1 || rows * work < WORTH_SHARING) {
            return Math.max(1, rows);
        }
        int even = (rows + threads * CHUNKS_PER_THREAD - 1) / (threads * CHUNKS_PER_THREAD);
        return (even + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
    }

    private static void capRow(Rows rows, int row, float cap) {
        if (cap == 0) {
            return;
        }
        MemorySegment data = rows.data();
        for (long i = rows.at(row); i < rows.at(row + 1); i++) {
            float capped = cap * (float) Math.tanh(data.getAtIndex(ValueLayout.JAVA_FLOAT, i) / cap);
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, capped);
        }
    }
}
