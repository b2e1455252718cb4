package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Which experts a token goes to, and how much each of them counts: a score per expert, made a share by {@code gating}; the
 * {@code used} experts of the greatest shares, the lower number on ties; their shares, if {@code renormalized} divided by
 * their sum, times {@code scale}.
 *
 * <p>With a {@code bias} the choice is made by share plus bias, but weighed by the share alone (DeepSeek-AI 2024, V3). With
 * {@code groups} only experts of the {@code groupsUsed} best groups are chosen, a group being as good as its two best
 * experts together.
 *
 * @param scores {@code [experts][embedding]}
 * @param bias float32 {@code [experts]}, or null
 * @param groups of equally many consecutive experts, at least two; 1 for none
 */
public record Router(
        Linear scores,
        @Nullable MemorySegment bias,
        Gating gating,
        int used,
        int groups,
        int groupsUsed,
        boolean renormalized,
        float scale) {

    /** What makes a share of a score. */
    public enum Gating {
        /** Softmax over all experts. */
        SOFTMAX,
        /** The logistic function of each score alone. */
        SIGMOID,
        /** Softmax over the chosen experts only. */
        SOFTMAX_OF_CHOSEN
    }

    /** What the sum of shares is held at or above before they are divided by it, as llama.cpp does: the least normal half. */
    private static final float LEAST_SUM = 0x1p-14f;

    int experts() {
        return scores.weights().rows();
    }

    /** Writes the row's chosen experts and their weights to {@code routing}, best first. */
    void choose(ForwardPass pass, Routing routing, int row) {
        Rows shares = pass.memory.router;
        Rows choice = pass.memory.routerChoice;
        choice.copyRow(row, shares, row);
        share(pass, shares, row);
        if (bias != null || groups > 1) {
            // The shares grow with the scores, so that these are as good to choose by as long as nothing is added.
            if (gating != Gating.SOFTMAX_OF_CHOSEN) {
                choice.copyRow(row, shares, row);
            }
            if (bias != null) {
                pass.kernels.add(choice.data(), choice.at(row), bias, 0, experts());
            }
            if (groups > 1) {
                keepBestGroups(choice, row);
            }
        }
        float total = 0;
        for (int rank = 0; rank < used; rank++) {
            int expert = takeBest(choice, row, 0, experts());
            float share = get(shares, row, expert);
            routing.put(row, rank, expert, share);
            total += share;
        }
        weigh(routing, row, total);
    }

    private void share(ForwardPass pass, Rows shares, int row) {
        switch (gating) {
            case SOFTMAX -> pass.kernels.softmax(shares.data(), shares.at(row), experts());
            case SIGMOID -> {
                for (int expert = 0; expert < experts(); expert++) {
                    set(shares, row, expert, sigmoid(get(shares, row, expert)));
                }
            }
            case SOFTMAX_OF_CHOSEN -> {}
        }
    }

    static float sigmoid(float x) {
        return (float) (1 / (1 + Math.exp(-x)));
    }

    private void weigh(Routing routing, int row, float total) {
        float sum = total;
        if (gating == Gating.SOFTMAX_OF_CHOSEN) {
            float greatest = Float.NEGATIVE_INFINITY;
            for (int rank = 0; rank < used; rank++) {
                greatest = Math.max(greatest, routing.weight(row, rank));
            }
            sum = 0;
            for (int rank = 0; rank < used; rank++) {
                float power = (float) Math.exp(routing.weight(row, rank) - greatest);
                routing.weight(row, rank, power);
                sum += power;
            }
        }
        float factor = scale;
        if (gating == Gating.SOFTMAX_OF_CHOSEN) {
            factor /= sum;
        } else if (renormalized) {
            factor /= Math.max(sum, LEAST_SUM);
        }
        for (int rank = 0; rank < used; rank++) {
            routing.weight(row, rank, routing.weight(row, rank) * factor);
        }
    }

    /** Leaves the experts of the best groups in the choice and puts the others below all. */
    private void keepBestGroups(Rows choice, int row) {
        int size = experts() / groups;
        for (int dropped = groups; dropped > groupsUsed; dropped--) {
            int worst = -1;
            float least = Float.POSITIVE_INFINITY;
            for (int group = 0; group < groups; group++) {
                float worth = worth(choice, row, group * size, size);
                // Of equal groups the later one goes; a group that is gone already is worth less than any number.
                if (worth > Float.NEGATIVE_INFINITY && (worst < 0 || worth <= least)) {
                    worst = group;
                    least = worth;
                }
            }
            for (int i = 0; i < size && worst >= 0; i++) {
                set(choice, row, worst * size + i, Float.NEGATIVE_INFINITY);
            }
        }
    }

    /** The sum of the two greatest choices of {@code size} experts. */
    private static float worth(Rows choice, int row, int from, int size) {
        float first = Float.NEGATIVE_INFINITY;
        float second = Float.NEGATIVE_INFINITY;
        for (int expert = from; expert < from + size; expert++) {
            float value = get(choice, row, expert);
            if (value > first) {
                second = first;
                first = value;
            } else if (value > second) {
                second = value;
            }
        }
        return first + second;
    }

    /** The expert of the greatest choice, which is then out of it. Numbers that are none (NaN) lose to all. */
    private static int takeBest(Rows choice, int row, int from, int to) {
        int best = from;
        float most = Float.NEGATIVE_INFINITY;
        for (int expert = from; expert < to; expert++) {
            float value = get(choice, row, expert);
            if (value > most) {
                best = expert;
                most = value;
            }
        }
        set(choice, row, best, Float.NEGATIVE_INFINITY);
        return best;
    }

    private static float get(Rows rows, int row, int expert) {
        return rows.data().getAtIndex(ValueLayout.JAVA_FLOAT, rows.at(row) + expert);
    }

    private static void set(Rows rows, int row, int expert, float value) {
        rows.data().setAtIndex(ValueLayout.JAVA_FLOAT, rows.at(row) + expert, value);
    }
}
