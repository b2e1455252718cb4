package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.Mamba2;
import org.llmspell.engine.layer.Norm;
import org.llmspell.engine.layer.QueryKeyNorm;
import org.llmspell.engine.layer.RmsNorm;

/**
 * The sizes of recurrent layers, read from {@code ssm.*}.
 *
 * @param heads of values, from {@code ssm.time_step_rank}
 * @param groups heads of keys and queries, from {@code ssm.group_count}; divides {@code heads}
 * @param keyDimension elements of a key head, from {@code ssm.state_size}
 * @param valueDimension elements of a value head
 * @param taps tokens that the convolution sees, from {@code ssm.conv_kernel}
 */
record RecurrentShape(int heads, int groups, int keyDimension, int valueDimension, int taps) {
    /** More than any model has by far: keeps the size of the state within range. */
    private static final int MOST = 1 << 14;

    private static final long MOST_STATE = 1 << 28;

    /** Of a delta net, whose key and value heads are of one size. */
    static RecurrentShape deltaNet(Hyperparameters p) {
        int dimension = required(p, "ssm.state_size");
        return read(p, dimension, dimension);
    }

    /** Of Mamba 2, whose value heads share {@code ssm.inner_size}. */
    static RecurrentShape mamba2(Hyperparameters p) {
        int inner = p.positive("ssm.inner_size");
        int heads = required(p, "ssm.time_step_rank");
        if (inner % heads != 0) {
            throw p.broken("%s %d is not a multiple of %s %d"
                    .formatted(p.full("ssm.inner_size"), inner, p.full("ssm.time_step_rank"), heads));
        }
        return read(p, required(p, "ssm.state_size"), inner / heads);
    }

    private static RecurrentShape read(Hyperparameters p, int keyDimension, int valueDimension) {
        RecurrentShape shape = new RecurrentShape(
                required(p, "ssm.time_step_rank"),
                required(p, "ssm.group_count"),
                keyDimension,
                valueDimension,
                required(p, "ssm.conv_kernel"));
        if (shape.heads % shape.groups != 0) {
            throw p.broken("%s %d is not a multiple of %s %d"
                    .formatted(p.full("ssm.time_step_rank"), shape.heads, p.full("ssm.group_count"), shape.groups));
        }
        if ((long) shape.heads * keyDimension * valueDimension > MOST_STATE) {
            throw p.broken("%d states of %d × %d are more than any model has"
                    .formatted(shape.heads, keyDimension, valueDimension));
        }
        return shape;
    }

    private static int required(Hyperparameters p, String key) {
        int value = p.positive(key, MOST, 0);
        if (value == 0) {
            throw p.broken("metadata key " + p.full(key) + " is missing");
        }
        return value;
    }

    /** All values side by side. */
    Dimension values() {
        return new Dimension("heads · elements of ssm", (long) heads * valueDimension);
    }

    /** What goes through the convolution: values, keys and queries. */
    Dimension mixed() {
        return new Dimension(
                "ssm: values + 2 · ssm.group_count · ssm.state_size", values().size() + 2L * groups * keyDimension);
    }

    /** The Mamba 2 layer of that number; files may leave its norms out. */
    Mamba2 mamba2(DecoderParts parts, int layer) {
        Tensors t = parts.source().tensors();
        Dimension n = parts.shape().embeddingDimension();
        String block = "blk." + layer + ".";
        Dimension steps = new Dimension("ssm.time_step_rank", heads);
        Dimension one = new Dimension("1", 1);
        // [values + mixed + heads][n]
        List<Linear> input = t.fused(block + "ssm_in", n, values(), mixed(), steps);
        return new Mamba2(
                layer,
                heads,
                groups,
                keyDimension,
                valueDimension,
                new Mamba2.Weights(
                        input.get(0),
                        input.get(1),
                        input.get(2),
                        t.linear(block + "ssm_out", n, values())), // [n][values]
                parts.convolution(layer, "ssm_conv1d", mixed(), taps), // [mixed][taps]
                t.vector(block + "ssm_dt.bias", steps), // [heads]
                t.transposed(block + "ssm_a", steps, one), // [heads][1]
                t.transposed(block + "ssm_d", steps, one), // [heads][1]
                t.has(block + "ssm_norm.weight") ? norms(parts, block) : null);
    }

    private QueryKeyNorm norms(DecoderParts parts, String block) {
        Dimension count = new Dimension("ssm.group_count", groups);
        int width = Math.toIntExact(values().size() / groups);
        Dimension size = new Dimension("ssm.inner_size / ssm.group_count", width);
        float epsilon = parts.shape().epsilon();
        // [groups][values / groups]
        return new QueryKeyNorm(
                parts.source().tensors().vectors(block + "ssm_norm.weight", count, size).stream()
                        .<Norm>map(weight -> new RmsNorm(weight, epsilon))
                        .toList(),
                width);
    }
}
