package org.llmspell.engine.quantize;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.function.LongConsumer;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.TensorData;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.kernels.WorkerPool;
import org.llmspell.kernels.encode.Encoder;
import org.llmspell.kernels.encode.Encoders;
import org.llmspell.kernels.format.Codec;
import org.llmspell.kernels.format.Codecs;

/**
 * Converts one tensor while it is written, a slab at a time, and measures what that costs. The result does not depend on how
 * many workers there are. Used by one thread.
 */
final class TensorConversion implements TensorData {
    /** A multiple of every block; some tens of microseconds of work. */
    private static final int CHUNK = 1 << 14;

    /** Elements that are converted before they are written: 16 MiB as float32. */
    private static final int SLAB = 1 << 22;

    private final TensorInfo tensor;
    private final BlockFormat format;
    private final WorkerPool workers;
    private final LongConsumer progress;
    private final float[][] values;
    private final float[][] decoded;
    private final double[] errors = new double[SLAB / CHUNK];
    private final double[] squares = new double[SLAB / CHUNK];
    private double error;
    private double square;

    /** @param progress told how many bytes of the source were converted since it was last told; on the writing thread */
    TensorConversion(TensorInfo tensor, BlockFormat format, WorkerPool workers, LongConsumer progress) {
        this.tensor = tensor;
        this.format = format;
        this.workers = workers;
        this.progress = progress;
        values = new float[workers.threads()][];
        decoded = new float[workers.threads()][];
    }

    /** The sum of the squares of all errors. */
    double error() {
        return error;
    }

    /** The sum of the squares of all weights. */
    double square() {
        return square;
    }

    @Override
    public void writeTo(WritableByteChannel out) throws IOException {
        long elements = tensor.elements();
        int slab = (int) Math.min(SLAB, elements);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment target = arena.allocate(format.bytes(slab));
            for (long from = 0; from < elements; from += slab) {
                if (Thread.interrupted()) {
                    throw new ClosedByInterruptException();
                }
                int count = (int) Math.min(slab, elements - from);
                convert(from, count, target);
                TensorData.of(target.asSlice(0, format.bytes(count))).writeTo(out);
                progress.accept(tensor.format().bytes(count));
            }
        }
    }

    private void convert(long from, int count, MemorySegment target) {
        int chunks = Math.ceilDiv(count, CHUNK);
        workers.run(chunks, (chunk, worker) -> {
            if (values[worker] == null) {
                values[worker] = new float[CHUNK];
                decoded[worker] = new float[CHUNK];
            }
            int begin = chunk * CHUNK;
            convert(chunk, from + begin, Math.min(CHUNK, count - begin), target, format.bytes(begin), worker);
        });
        for (int chunk = 0; chunk < chunks; chunk++) {
            error += errors[chunk];
            square += squares[chunk];
        }
    }

    private void convert(int chunk, long from, int count, MemorySegment target, long offset, int worker) {
        float[] original = values[worker];
        float[] result = decoded[worker];
        BlockFormat source = tensor.format();
        Codec reader = Codecs.of(source);
        reader.decode(tensor.data(), source.bytes(from), count / source.blockElements(), original, 0);
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += (double) original[i] * original[i];
        }
        if (!Double.isFinite(sum)) {
            refuse(original, original, from);
        }
        Encoder encoder = Encoders.of(format);
        encoder.encode(original, 0, count / format.blockElements(), target, offset);
        Codecs.of(format).decode(target, offset, count / format.blockElements(), result, 0);
        double off = 0;
        for (int i = 0; i < count; i++) {
            double difference = (double) original[i] - result[i];
            off += difference * difference;
        }
        if (!Double.isFinite(off)) {
            refuse(original, result, from);
        }
        errors[chunk] = off;
        squares[chunk] = sum;
    }

    /** The squares of finite float32 numbers have a finite sum in double: there is one among {@code suspects} that is not. */
    private void refuse(float[] original, float[] suspects, long from) {
        int i = 0;
        while (Float.isFinite(suspects[i])) {
            i++;
        }
        long element = from + i;
        String place = "The tensor %s holds %s at row %d, column %d"
                .formatted(tensor.name(), original[i], element / tensor.columns(), element % tensor.columns());
        if (Float.isFinite(original[i])) {
            throw new EngineException(
                    Problem.UNSUPPORTED_MODEL,
                    place + ", which " + format + " cannot hold",
                    List.of("Take a format of larger range, such as BF16"));
        }
        throw new EngineException(
                Problem.BROKEN_MODEL,
                place + ", which is no weight",
                List.of("Fetch the model again", "Report it to whoever published the model"));
    }
}
