package org.llmspell.engine.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.RopeTable.Frequencies;

/**
 * Reads a model's rotary embedding with its scaling: none, linear, YaRN, or factors per pair ({@code rope_freqs.weight} of
 * Llama 3, {@code rope_factors_long} and {@code _short} of Phi 3).
 *
 * <p>Sources: position interpolation (Chen et al. 2023), YaRN (Peng et al. 2023), LongRoPE (Ding et al. 2024); keys and
 * defaults as llama.cpp reads them (llama-model.cpp, {@code ggml_rope_ext} in ggml.h).
 */
final class RopeReader {
    private final Hyperparameters parameters;
    private final Tensors tensors;
    private final int keyDimension;
    private final int contextLength;

    RopeReader(ModelSource source, int keyDimension, int contextLength) {
        this.parameters = source.parameters();
        this.tensors = source.tensors();
        this.keyDimension = keyDimension;
        this.contextLength = contextLength;
    }

    /** Elements of a head that turn: {@code rope.dimension_count}, all where the file does not say. */
    int dimensions() {
        int dimensions = parameters.positiveOr("rope.dimension_count", keyDimension);
        if (dimensions % 2 != 0 || dimensions > keyDimension) {
            throw parameters.broken("metadata key %s is %d, expected an even number up to the head's %d"
                    .formatted(parameters.full("rope.dimension_count"), dimensions, keyDimension));
        }
        return dimensions;
    }

    /**
     * The table that the file describes.
     *
     * @param halves whether element i pairs with i + dimensions/2 rather than its neighbour
     */
    RopeTable table(boolean halves) {
        return table(0, halves, parameters.numberOr("rope.freq_base", 10000), true);
    }

    /** A table with its own base, in slot {@code slot}; {@code scaled} false leaves the file's scaling out. */
    RopeTable table(int slot, boolean halves, double base, boolean scaled) {
        int dimensions = dimensions();
        if (!(base > 0)) {
            throw parameters.broken("metadata key %s is %s, expected a positive number"
                    .formatted(parameters.full("rope.freq_base"), base));
        }
        int original = parameters.positiveOr("rope.scaling.original_context_length", contextLength);
        if (!scaled) {
            Frequencies plain = new Frequencies(unscaled(base, dimensions), 1);
            return new RopeTable(slot, halves, plain, null, original);
        }
        if (tensors.has("rope_factors_long.weight") && tensors.has("rope_factors_short.weight")) {
            Frequencies small =
                    frequencies(base, dimensions, factors("rope_factors_short.weight", dimensions), original);
            Frequencies large =
                    frequencies(base, dimensions, factors("rope_factors_long.weight", dimensions), original);
            return new RopeTable(slot, halves, small, large, original);
        }
        boolean llama3 = tensors.has("rope_freqs.weight");
        double[] factors = llama3 ? factors("rope_freqs.weight", dimensions) : ones(dimensions / 2);
        Frequencies frequencies = frequencies(base, dimensions, factors, original);
        return new RopeTable(slot, halves, frequencies, null, original);
    }

    private Frequencies frequencies(double base, int dimensions, double[] factors, int originalContext) {
        String type = parameters.string("rope.scaling.type").orElse("linear");
        double factor = parameters.numberOr("rope.scaling.factor", parameters.numberOr("rope.scale_linear", 1));
        double scale = factor == 0 || type.equals("none") ? 1 : 1 / factor;
        double magnitude = parameters.numberOr("rope.scaling.attn_factor", 1);
        double[] perPair = unscaled(base, dimensions);
        for (int pair = 0; pair < perPair.length; pair++) {
            perPair[pair] /= factors[pair];
        }
        if (!type.equals("yarn")) {
            for (int pair = 0; pair < perPair.length; pair++) {
                perPair[pair] *= scale;
            }
            return new Frequencies(perPair, magnitude);
        }
        // Pairs that turn often enough within the original context keep their frequency, slow ones are interpolated.
        double fast = parameters.numberOr("rope.scaling.yarn_beta_fast", 32);
        double slow = parameters.numberOr("rope.scaling.yarn_beta_slow", 1);
        double low = Math.max(0, Math.floor(pairTurning(fast, base, dimensions, originalContext)));
        double high = Math.min(dimensions - 1, Math.ceil(pairTurning(slow, base, dimensions, originalContext)));
        for (int pair = 0; pair < perPair.length; pair++) {
            double ramp = Math.clamp((pair - low) / Math.max(0.001, high - low), 0, 1);
            perPair[pair] *= scale * ramp + (1 - ramp);
        }
        double logMultiplier = parameters.numberOr("rope.scaling.yarn_log_multiplier", 0);
        double all = logMultiplier == 0 ? 1 : yarnMagnitude(1 / scale, logMultiplier);
        return new Frequencies(perPair, magnitude * yarnMagnitude(1 / scale, 1) / all);
    }

    /** By how much scores of a context stretched by {@code factor} are sharpened. */
    private static double yarnMagnitude(double factor, double multiplier) {
        return factor <= 1 ? 1 : 1 + 0.1 * multiplier * Math.log(factor);
    }

    /** Which pair makes {@code turns} full turns over the original context; fractional. */
    private static double pairTurning(double turns, double base, int dimensions, int originalContext) {
        return dimensions * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }

    private static double[] unscaled(double base, int dimensions) {
        double[] perPair = new double[dimensions / 2];
        for (int pair = 0; pair < perPair.length; pair++) {
            perPair[pair] = Math.pow(base, -2.0 * pair / dimensions);
        }
        return perPair;
    }

    private static double[] ones(int count) {
        double[] ones = new double[count];
        java.util.Arrays.fill(ones, 1);
        return ones;
    }

    private double[] factors(String name, int dimensions) {
        MemorySegment data = tensors.vector(name, new Dimension("rope.dimension_count / 2", dimensions / 2));
        double[] factors = new double[dimensions / 2];
        for (int pair = 0; pair < factors.length; pair++) {
            factors[pair] = data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) pair * Float.BYTES);
            if (!(factors[pair] > 0)) {
                throw parameters.broken("tensor %s holds %s, expected positive factors".formatted(name, factors[pair]));
            }
        }
        return factors;
    }
}
