package org.llmspell.engine.layer;

import java.util.Arrays;

/**
 * Which expert each token of a pass goes to, and the tokens grouped by expert: place 0 and on hold the tokens of the first
 * expert that has any, then those of the next. Filled by {@link Router}, row by row and from any worker, then grouped by one
 * thread; the memory serves one layer after the other.
 */
final class Routing {
    private final int used;
    private final int[] chosen;
    private final float[] weights;
    private final int[] places;
    private final int[] pickAt;
    private final int[] starts;
    private final int[] active;
    private int activeExperts;

    /** For passes of at most {@code rows} tokens that go to {@code used} of {@code experts} each. */
    Routing(int rows, int experts, int used) {
        this.used = used;
        int most = Math.multiplyExact(rows, used);
        chosen = new int[most];
        weights = new float[most];
        places = new int[most];
        pickAt = new int[most];
        starts = new int[experts + 1];
        active = new int[experts];
    }

    void put(int row, int rank, int expert, float weight) {
        chosen[row * used + rank] = expert;
        weights[row * used + rank] = weight;
    }

    float weight(int row, int rank) {
        return weights[row * used + rank];
    }

    void weight(int row, int rank, float weight) {
        weights[row * used + rank] = weight;
    }

    /** Groups the tokens of {@code rows} rows by expert, in the order of the rows. */
    void group(int rows) {
        Arrays.fill(starts, 0);
        int count = rows * used;
        for (int i = 0; i < count; i++) {
            starts[chosen[i] + 1]++;
        }
        activeExperts = 0;
        for (int expert = 0; expert < active.length; expert++) {
            if (starts[expert + 1] > 0) {
                active[activeExperts++] = expert;
            }
            starts[expert + 1] += starts[expert];
        }
        for (int i = 0; i < count; i++) {
            // Counts the group's start up to its end, which is where the next one started.
            int place = starts[chosen[i]]++;
            places[i] = place;
            pickAt[place] = i;
        }
        for (int expert = active.length; expert > 0; expert--) {
            starts[expert] = starts[expert - 1];
        }
        starts[0] = 0;
    }

    /** Experts that have tokens. */
    int activeExperts() {
        return activeExperts;
    }

    /** The {@code i}-th expert that has tokens, by number. */
    int active(int i) {
        return active[i];
    }

    /** The place of an expert's first token. */
    int start(int expert) {
        return starts[expert];
    }

    /** How many tokens go to an expert. */
    int count(int expert) {
        return starts[expert + 1] - starts[expert];
    }

    /** The place of a row's token with the expert of that rank. */
    int place(int row, int rank) {
        return places[row * used + rank];
    }

    /** The row whose token is at {@code place}. */
    int rowAt(int place) {
        return pickAt[place] / used;
    }

    /** The weight of the token at {@code place} with its expert. */
    float weightAt(int place) {
        return weights[pickAt[place]];
    }
}
