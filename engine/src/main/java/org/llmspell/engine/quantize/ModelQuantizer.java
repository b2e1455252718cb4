package org.llmspell.engine.quantize;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.llmspell.engine.EngineException;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufValue;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.gguf.TensorData;
import org.llmspell.kernels.WorkerPool;

/**
 * Carries out a {@link QuantizationPlan}: writes the new file tensor by tensor, in memory that does not grow with the model,
 * with all metadata of the old one. A split model becomes one file.
 */
public final class ModelQuantizer {
    /** The version of ggml's block layouts. */
    private static final int QUANTIZATION_VERSION = 2;

    /** Told how far a conversion is, on the thread that runs it. */
    public interface Listener {
        /** {@code done} of {@code total} bytes of the old tensors are converted. */
        void converted(long done, long total);
    }

    private final QuantizationPlan plan;
    private final WorkerPool workers;
    private final Listener listener;
    private final List<QuantizationReport.Tensor> done = new ArrayList<>();
    private long bytesDone;
    private double error;
    private double square;

    private ModelQuantizer(QuantizationPlan plan, WorkerPool workers, Listener listener) {
        this.plan = plan;
        this.workers = workers;
        this.listener = listener;
    }

    /**
     * Writes the new file, replacing what is at {@code target} once it is complete. Interrupting the thread cancels it.
     *
     * @param threads that compute, the caller among them; 0 for one per core
     * @throws IOException if it cannot be written; nothing is left then
     * @throws EngineException of kind {@code BROKEN_MODEL} if a weight is no finite number; nothing is left then
     */
    public static QuantizationReport run(QuantizationPlan plan, Path target, int threads, Listener listener)
            throws IOException {
        int chosen = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        try (WorkerPool workers = new WorkerPool(chosen)) {
            return new ModelQuantizer(plan, workers, listener).write(target);
        }
    }

    private QuantizationReport write(Path target) throws IOException {
        GgufWriter writer = new GgufWriter();
        metadata(writer);
        for (QuantizationPlan.Step step : plan.steps()) {
            writer.tensor(step.tensor().name(), step.format(), step.tensor().shape(), out -> {
                if (step.isCopy()) {
                    copy(step, TensorData.of(step.tensor().data()), out);
                } else {
                    convert(step, out);
                }
            });
        }
        writer.write(target);
        boolean copied = plan.steps().stream().allMatch(QuantizationPlan.Step::isCopy);
        OptionalDouble relativeError = copied ? OptionalDouble.empty() : relative(error, square);
        return new QuantizationReport(plan.recipe(), done, plan.bytesBefore(), plan.bytesAfter(), relativeError);
    }

    private void metadata(GgufWriter writer) throws GgufException {
        for (Map.Entry<String, GgufValue> entry :
                plan.file().metadata().values().entrySet()) {
            switch (entry.getKey()) {
                case "general.alignment" -> {
                    OptionalInt alignment = plan.file().metadata().intValue("general.alignment");
                    alignment.ifPresent(writer::alignment);
                }
                case "general.file_type", "general.quantization_version" -> {}
                case "split.no", "split.count", "split.tensors.count" -> {}
                default -> writer.put(entry.getKey(), entry.getValue());
            }
        }
        writer.put("general.quantization_version", QUANTIZATION_VERSION)
                .put("general.file_type", plan.recipe().fileType());
    }

    private void copy(QuantizationPlan.Step step, TensorData data, WritableByteChannel out) throws IOException {
        data.writeTo(out);
        progress(step.tensor().byteSize());
        finished(step, OptionalDouble.empty());
    }

    private void convert(QuantizationPlan.Step step, WritableByteChannel out) throws IOException {
        TensorConversion conversion = new TensorConversion(step.tensor(), step.format(), workers, this::progress);
        conversion.writeTo(out);
        error += conversion.error();
        square += conversion.square();
        finished(step, relative(conversion.error(), conversion.square()));
    }

    private void progress(long bytes) {
        bytesDone += bytes;
        listener.converted(bytesDone, plan.bytesBefore());
    }

    private void finished(QuantizationPlan.Step step, OptionalDouble relativeError) {
        MemorySegment data = step.tensor().data();
        QuantizationReport.Tensor tensor = new QuantizationReport.Tensor(
                step.tensor().name(),
                step.tensor().shape(),
                step.tensor().format(),
                step.format(),
                step.fallback(),
                data.byteSize(),
                step.bytes(),
                relativeError);
        done.add(tensor);
    }

    /** √(error / square); 0 where all weights are 0, which stay so. */
    private static OptionalDouble relative(double error, double square) {
        return OptionalDouble.of(square == 0 ? 0 : Math.sqrt(error / square));
    }
}
