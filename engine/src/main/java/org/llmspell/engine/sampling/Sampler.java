package org.llmspell.engine.sampling;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.SamplingOptions;

/**
 * Chooses the next token of one sequence from the model's logits.
 *
 * <p>The steps, in order: logit bias, penalties, then either the largest logit (temperature 0; the lowest id on ties) or
 * top-k, temperature, typical-p, top-p, min-p and a draw. The random numbers are the sequence's own, so a seed gives the
 * same choices whatever else runs. Not thread-safe.
 *
 * <p>A {@link TokenFilter} takes tokens away before the cuts and the draw, as if their logits were negative infinity. That
 * takes a look at the whole vocabulary, so it is avoided where the outcome is sure to be the same: if the likeliest token
 * fits (greedy); if the K likeliest tokens that fit are found near the top (top-k); if a token drawn from all fits (no cuts:
 * trying again under the mask only after a refusal gives each token {@code p + (1 − A) p / A = p / A}, where {@code A} is
 * the probability of all that fit, which is the masked distribution). The same random numbers are used whether a mask was
 * known before or not.
 */
public final class Sampler {
    /** How many candidates are tried first where top-k does not bound them; grows until the cuts are satisfied. */
    private static final int FIRST_CANDIDATES = 256;

    /** How many candidates beyond twice K are looked at for K that fit. */
    private static final int SPARE = 16;

    /** A chosen token; {@code alternatives} are the likeliest at its place, likeliest first, where asked for. */
    public record Choice(int id, double logprob, List<Likelihood> alternatives) {}

    /** A token and the natural logarithm of its probability as the model gave it, before bias, penalties and cuts. */
    public record Likelihood(int id, double logprob) {}

    private final SamplingOptions options;
    private final Penalties penalties;
    private final SplittableRandom random;
    private final float[] logits;
    private final TopSelection selection = new TopSelection();
    private double[] weights = new double[FIRST_CANDIDATES];

    /**
     * A sampler with checked options.
     *
     * @param vocabulary number of token ids
     * @throws EngineException of kind {@code INVALID_OPTION} naming the option and its range
     */
    public Sampler(SamplingOptions options, int vocabulary) {
        OptionRanges.check(options, vocabulary);
        this.options = options;
        this.penalties = new Penalties(options, vocabulary);
        this.random =
                options.seed().isPresent() ? new SplittableRandom(options.seed().getAsLong()) : new SplittableRandom();
        this.logits = new float[vocabulary];
    }

    /** Notes a token of the prompt, or one just generated, for the penalties. */
    public void accept(int token) {
        penalties.accept(token);
    }

    /**
     * Chooses a token.
     *
     * @param source float32 logits, one per token id, from byte {@code offset}
     * @throws EngineException of kind {@code BROKEN_MODEL} if the logits are no numbers
     */
    public Choice sample(MemorySegment source, long offset) {
        return sample(source, offset, null);
    }

    /**
     * Chooses a token that {@code filter} allows; null allows all.
     *
     * @param source float32 logits, one per token id, from byte {@code offset}
     * @throws EngineException of kind {@code BROKEN_MODEL} if the logits are no numbers, {@code INVALID_OPTION} if no token fits
     */
    public Choice sample(MemorySegment source, long offset, @Nullable TokenFilter filter) {
        MemorySegment.copy(source, ValueLayout.JAVA_FLOAT, offset, logits, 0, logits.length);
        float max = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            if (Float.isNaN(logit) || logit == Float.POSITIVE_INFINITY) {
                throw new EngineException(
                        Problem.BROKEN_MODEL,
                        "The model computed logits that are not numbers (NaN or infinity); its weights are damaged",
                        List.of("Fetch the model again, or use another quantization of it"));
            }
            max = Math.max(max, logit);
        }
        if (max == Float.NEGATIVE_INFINITY) {
            throw new EngineException(
                    Problem.BROKEN_MODEL,
                    "The model gave every token the probability 0; its weights are damaged",
                    List.of("Fetch the model again, or use another quantization of it"));
        }
        double logTotal = 0;
        List<Likelihood> alternatives = List.of();
        if (options.logprobs() >= 0) {
            logTotal = max + Math.log(exponentialSum(max));
            alternatives = alternatives(logTotal);
        }
        for (Map.Entry<Integer, Double> bias : options.logitBias().entrySet()) {
            logits[bias.getKey()] += bias.getValue().floatValue();
        }
        penalties.apply(logits);
        int id = filter == null ? choose() : choose(filter);
        float original = source.get(ValueLayout.JAVA_FLOAT, offset + (long) id * Float.BYTES);
        return new Choice(id, options.logprobs() >= 0 ? original - logTotal : 0, alternatives);
    }

    private int choose() {
        return options.temperature() == 0 ? argmax() : draw();
    }

    private int choose(TokenFilter filter) {
        if (options.temperature() == 0) {
            int best = argmax();
            if (filter.allows(best)) {
                return best;
            }
        } else if (isBounded()) {
            int wanted = options.topK();
            selection.select(logits, logits.length, (int) Math.min(logits.length, 2L * wanted + SPARE));
            if (selection.keep(filter, wanted) == wanted) {
                return drawFromBest(wanted);
            }
        } else if (isUncut()) {
            int id = drawFromAll();
            if (filter.allows(id)) {
                return id;
            }
        }
        if (!filter.mask(logits) || logits[argmax()] == Float.NEGATIVE_INFINITY) {
            throw new EngineException(
                    Problem.INVALID_OPTION,
                    "No token of the model's vocabulary fits the grammar or format at this place of the reply",
                    List.of("Change the grammar so that something can follow"));
        }
        return choose();
    }

    private boolean isBounded() {
        return options.topK() > 0 && options.topK() < logits.length;
    }

    private boolean isUncut() {
        return !isBounded() && options.typicalP() >= 1 && options.topP() >= 1 && options.minP() <= 0;
    }

    private int argmax() {
        int best = 0;
        for (int id = 1; id < logits.length; id++) {
            if (logits[id] > logits[best]) {
                best = id;
            }
        }
        return best;
    }

    private double exponentialSum(float max) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return sum;
    }

    private List<Likelihood> alternatives(double logTotal) {
        if (options.logprobs() == 0) {
            return List.of();
        }
        selection.select(logits, logits.length, options.logprobs());
        List<Likelihood> result = new ArrayList<>(selection.size());
        for (int rank = 0; rank < selection.size(); rank++) {
            int id = selection.id(rank);
            result.add(new Likelihood(id, logits[id] - logTotal));
        }
        return result;
    }

    private int draw() {
        int vocabulary = logits.length;
        if (isUncut()) {
            return drawFromAll();
        }
        if (isBounded()) {
            selection.select(logits, vocabulary, options.topK());
            return drawFromBest(options.topK());
        }
        int candidates = options.typicalP() < 1 ? vocabulary : FIRST_CANDIDATES;
        double total = temperedSum();
        while (true) {
            selection.select(logits, vocabulary, candidates);
            int count = selection.size();
            weigh(count);
            int kept = keep(count, total);
            // A cut that falls inside the selection is exact; one that does not may have wanted tokens further down.
            if (count == vocabulary || kept < count) {
                return drawFrom(kept);
            }
            candidates = (int) Math.min(vocabulary, candidates * 8L);
        }
    }

    /** Draws from the first {@code count} of the selection, which are all that there is to choose from. */
    private int drawFromBest(int count) {
        double total = weigh(count);
        return drawFrom(keep(count, total));
    }

    private int keep(int count, double total) {
        return options.typicalP() < 1 ? keepTypical(count, total) : keepLikely(count, total);
    }

    /** Puts the candidates' unnormalized probabilities into {@link #weights}; their sum. */
    private double weigh(int count) {
        if (weights.length < count) {
            weights = new double[count];
        }
        double max = logits[selection.id(0)];
        double sum = 0;
        for (int rank = 0; rank < count; rank++) {
            weights[rank] = Math.exp((logits[selection.id(rank)] - max) / options.temperature());
            sum += weights[rank];
        }
        return sum;
    }

    /** The unnormalized probabilities of all tokens together. */
    private double temperedSum() {
        double max = logits[argmax()];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp((logit - max) / options.temperature());
        }
        return sum;
    }

    /** How many of the candidates, likeliest first, top-p and min-p leave; at least one. */
    private int keepLikely(int count, double total) {
        double wanted = options.topP() * total;
        double floor = options.minP() * weights[0];
        double reached = 0;
        int kept = 0;
        while (kept < count && (kept == 0 || weights[kept] >= floor)) {
            reached += weights[kept++];
            if (options.topP() < 1 && reached >= wanted) {
                break;
            }
        }
        return kept;
    }

    /** Reorders to the typical tokens (Meister et al. 2022, locally typical sampling), then applies top-p and min-p. */
    private int keepTypical(int count, double total) {
        double expected = 0; // the entropy
        for (int rank = 0; rank < count; rank++) {
            double p = weights[rank] / total;
            expected -= p > 0 ? p * Math.log(p) : 0;
        }
        double[] distance = new double[count];
        Integer[] order = new Integer[count];
        for (int rank = 0; rank < count; rank++) {
            distance[rank] = weights[rank] > 0
                    ? Math.abs(-Math.log(weights[rank] / total) - expected)
                    : Double.POSITIVE_INFINITY;
            order[rank] = rank;
        }
        Arrays.sort(order, Comparator.comparingDouble(rank -> distance[rank]));
        double reached = 0;
        int typical = 0;
        while (typical < count && (typical == 0 || reached < options.typicalP() * total)) {
            reached += weights[order[typical++]];
        }
        int[] ranks = new int[typical];
        for (int i = 0; i < typical; i++) {
            ranks[i] = order[i];
        }
        Arrays.sort(ranks); // back to likeliest first
        double remaining = 0;
        for (int i = 0; i < typical; i++) {
            selection.move(ranks[i], i);
            weights[i] = weights[ranks[i]];
            remaining += weights[i];
        }
        return keepLikely(typical, remaining);
    }

    private int drawFrom(int cut) {
        int kept = cut;
        while (kept > 1 && weights[kept - 1] == 0) {
            kept--; // a rounding error in the sum must not end at a token that cannot come
        }
        double total = 0;
        for (int rank = 0; rank < kept; rank++) {
            total += weights[rank];
        }
        double target = random.nextDouble() * total;
        for (int rank = 0; rank < kept - 1; rank++) {
            target -= weights[rank];
            if (target < 0) {
                return selection.id(rank);
            }
        }
        return selection.id(kept - 1);
    }

    /** Without cuts nothing needs an order. */
    private int drawFromAll() {
        double max = logits[argmax()];
        double target = random.nextDouble() * temperedSum();
        int last = 0;
        for (int id = 0; id < logits.length; id++) {
            double weight = Math.exp((logits[id] - max) / options.temperature());
            if (weight > 0) {
                last = id;
                target -= weight;
                if (target < 0) {
                    return id;
                }
            }
        }
        return last;
    }
}
