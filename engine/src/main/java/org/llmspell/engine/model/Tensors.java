package org.llmspell.engine.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WeightMatrix;

/**
 * A file's tensors, by name and with their shapes checked. Matrices stay in place in the mapped file; vectors too where they
 * are float32, else they are copied to the model's arena. What is missing or has another shape is an
 * {@link EngineException} of kind {@code BROKEN_MODEL} naming the tensor.
 */
public final class Tensors {
    private final Function<String, @Nullable TensorInfo> file;
    private final Kernels kernels;
    private final Arena arena;

    /**
     * @param file finds a tensor by its whole name; null for one that is not there
     * @param arena for what has to be copied
     */
    public Tensors(Function<String, @Nullable TensorInfo> file, Kernels kernels, Arena arena) {
        this.file = file;
        this.kernels = kernels;
        this.arena = arena;
    }

    public boolean has(String name) {
        return file.apply(name) != null;
    }

    /** How many outputs the matrix of that name has, at least 1. */
    int outputs(String name) {
        TensorInfo tensor = file.apply(name);
        if (tensor == null || tensor.shape().size() != 2 || tensor.shape().get(1) > Integer.MAX_VALUE) {
            throw broken("tensor " + name + " is missing or no matrix");
        }
        return Math.toIntExact(tensor.shape().get(1));
    }

    /** The matrix {@code [outputs][inputs]}. */
    WeightMatrix matrix(String name, Dimension outputs, Dimension inputs) {
        return matrices(name, outputs, inputs).getFirst();
    }

    /** The matrices {@code [outputs][inputs]} that are stacked in one tensor of rank {@code 2 + outer.length}. */
    List<WeightMatrix> matrices(String name, Dimension outputs, Dimension inputs, Dimension... outer) {
        Dimension[] shape = new Dimension[2 + outer.length];
        shape[0] = inputs;
        shape[1] = outputs;
        System.arraycopy(outer, 0, shape, 2, outer.length);
        TensorInfo tensor = require(name, shape);
        BlockFormat format = requireComputable(tensor).format();
        int rows = Math.toIntExact(outputs.size());
        long bytes = format.bytes(inputs.size()) * rows;
        List<WeightMatrix> matrices = new ArrayList<>();
        for (long offset = 0; offset < tensor.byteSize(); offset += bytes) {
            MemorySegment data = tensor.data().asSlice(offset, bytes);
            matrices.add(new WeightMatrix(format, rows, Math.toIntExact(inputs.size()), data));
        }
        return matrices;
    }

    /** A linear layer: {@code NAME.weight [outputs][inputs]} and, where there is one, {@code NAME.bias [outputs]}. */
    Linear linear(String name, Dimension outputs, Dimension inputs) {
        return new Linear(matrix(name + ".weight", outputs, inputs), bias(name, outputs));
    }

    /**
     * Linear layers that share one tensor, one below the other.
     *
     * @param parts their outputs
     */
    List<Linear> fused(String name, Dimension inputs, Dimension... parts) {
        long total = Arrays.stream(parts).mapToLong(Dimension::size).sum();
        Dimension outputs = new Dimension(
                String.join(" + ", Arrays.stream(parts).map(Dimension::name).toList()), total);
        return cut(linear(name, outputs, inputs), parts);
    }

    /** The layers of so many outputs each that lie in one, one below the other. */
    static List<Linear> cut(Linear layer, Dimension... parts) {
        WeightMatrix whole = layer.weights();
        MemorySegment bias = layer.bias();
        List<Linear> layers = new ArrayList<>();
        long row = 0;
        for (Dimension part : parts) {
            long bytes = part.size() * whole.rowBytes();
            MemorySegment data = whole.data().asSlice(row * whole.rowBytes(), bytes);
            layers.add(new Linear(
                    new WeightMatrix(whole.format(), (int) part.size(), whole.columns(), data),
                    bias == null ? null : bias.asSlice(row * Float.BYTES, part.size() * Float.BYTES)));
            row += part.size();
        }
        return layers;
    }

    /** A linear layer of one output, whose weights are stored as a vector: {@code NAME.weight [inputs]}. */
    Linear row(String name, Dimension inputs) {
        TensorInfo tensor = require(name + ".weight", inputs);
        requireComputable(tensor);
        return new Linear(new WeightMatrix(tensor.format(), 1, Math.toIntExact(inputs.size()), tensor.data()), null);
    }

    /**
     * Linear layers that are stacked in one tensor: {@code NAME.weight [count][outputs][inputs]} and, where there is one,
     * {@code NAME.bias [count][outputs]}.
     */
    List<Linear> stacked(String name, Dimension outputs, Dimension inputs, Dimension count) {
        List<WeightMatrix> weights = matrices(name + ".weight", outputs, inputs, count);
        List<MemorySegment> biases = has(name + ".bias") ? vectors(name + ".bias", count, outputs) : List.of();
        List<Linear> layers = new ArrayList<>();
        for (int i = 0; i < weights.size(); i++) {
            layers.add(new Linear(weights.get(i), biases.isEmpty() ? null : biases.get(i)));
        }
        return layers;
    }

    /** The norm {@code NAME.weight [size]}. */
    RmsNorm norm(String name, Dimension size, float epsilon) {
        return new RmsNorm(vector(name + ".weight", size), epsilon);
    }

    /** The norm {@code NAME.weight [size]} and, where there is one, {@code NAME.bias [size]}. */
    LayerNorm layerNorm(String name, Dimension size, float epsilon) {
        return new LayerNorm(vector(name + ".weight", size), bias(name, size), epsilon);
    }

    /** The matrix {@code [rows][columns]}, a weight of its own for each head, as vectors of float32. */
    List<MemorySegment> vectors(String name, Dimension rows, Dimension columns) {
        MemorySegment all = floats(require(name, columns, rows));
        List<MemorySegment> vectors = new ArrayList<>();
        for (long row = 0; row < rows.size(); row++) {
            long bytes = columns.size() * Float.BYTES;
            vectors.add(all.asSlice(row * bytes, bytes));
        }
        return vectors;
    }

    /** A vector as float32. */
    MemorySegment vector(String name, Dimension size) {
        return floats(require(name, size));
    }

    /** The matrix {@code [rows][columns]} turned round, {@code [columns][rows]} as float32: a copy, for small ones. */
    MemorySegment transposed(String name, Dimension rows, Dimension columns) {
        MemorySegment source = floats(require(name, columns, rows));
        MemorySegment target = arena.allocate(rows.size() * columns.size() * Float.BYTES, 64);
        for (long row = 0; row < rows.size(); row++) {
            for (long column = 0; column < columns.size(); column++) {
                float value =
                        source.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (row * columns.size() + column) * Float.BYTES);
                target.setAtIndex(ValueLayout.JAVA_FLOAT, column * rows.size() + row, value);
            }
        }
        return target;
    }

    /** A vector of {@code count} equal values, which is in no file. */
    MemorySegment constant(int count, float value) {
        MemorySegment vector = arena.allocate((long) count * Float.BYTES, 64);
        for (int i = 0; i < count; i++) {
            vector.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        return vector;
    }

    private MemorySegment floats(TensorInfo tensor) {
        if (tensor.format() == BlockFormat.F32) {
            return tensor.data();
        }
        requireComputable(tensor);
        int count = Math.toIntExact(tensor.shape().stream().reduce(1L, Math::multiplyExact));
        MemorySegment copy = arena.allocate((long) count * Float.BYTES, 64);
        kernels.dequantize(tensor.format(), tensor.data(), 0, copy, 0, count);
        return copy;
    }

    private TensorInfo requireComputable(TensorInfo tensor) {
        if (!kernels.supports(tensor.format())) {
            throw new EngineException(
                    Problem.UNSUPPORTED_MODEL,
                    "Tensor %s is stored as %s, which this engine cannot compute with"
                            .formatted(tensor.name(), tensor.format()),
                    List.of("Use another quantization of the model, such as Q4_K_M or Q8_0"));
        }
        return tensor;
    }

    /** Whether there is such a tensor, stored as float32. */
    boolean isFloat32(String name) {
        TensorInfo tensor = file.apply(name);
        return tensor != null && tensor.format() == BlockFormat.F32;
    }

    /** The bias {@code NAME.bias [outputs]}, or null. */
    @Nullable
    MemorySegment bias(String name, Dimension outputs) {
        return has(name + ".bias") ? vector(name + ".bias", outputs) : null;
    }

    private TensorInfo require(String name, Dimension... shape) {
        TensorInfo tensor = file.apply(name);
        if (tensor == null) {
            throw broken("tensor " + name + " is missing");
        }
        List<Long> expected = Arrays.stream(shape).map(Dimension::size).toList();
        if (!expected.equals(tensor.shape())) {
            List<String> names = Arrays.stream(shape).map(Dimension::name).toList();
            throw broken("tensor %s has shape %s, expected %s (%s)"
                    .formatted(name, tensor.shape(), expected, String.join(", ", names)));
        }
        return tensor;
    }

    private static EngineException broken(String problem) {
        return new EngineException(
                Problem.BROKEN_MODEL,
                "The model file is damaged or was converted wrongly: " + problem,
                List.of("Fetch the model again"));
    }
}
