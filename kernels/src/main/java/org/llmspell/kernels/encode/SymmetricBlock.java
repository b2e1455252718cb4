package org.llmspell.kernels.encode;

/**
 * Finds the numbers of a block of 256 elements that are stored as {@code d · scale · level(q)} with a small integer scale for
 * each sub-block, where the levels are those of a {@link Levels}.
 *
 * <p>For each sub-block several scales are tried around those that take the extreme value to the lowest or highest level. Each gives a
 * level for every element, and for those the best scale by weighted least squares; the try that explains most wins. A weight is the
 * square of the element plus some of their mean square: large weights matter more to a product. Not thread-safe; one object serves one thread for many
 * blocks.
 */
final class SymmetricBlock {
    static final int ELEMENTS = 256;

    /** How much of the mean square each weight gets. */
    private static final float EVENNESS = 0.1f;

    /** How often the best scale is rounded with and fitted again. */
    private static final int REFINEMENTS = 4;

    private final int width;
    private final Levels levels;
    private final int lowestCode;
    private final int tries;
    private final float step;
    private final float[] x = new float[ELEMENTS];
    private final float[] scales;
    private final byte[] codes;
    private final byte[] quants = new byte[ELEMENTS];
    private short d;

    /** Which values an integer q can stand for, in units of the scale. */
    interface Levels {
        /** The q whose level is nearest to {@code value}. */
        int nearest(float value);

        /** What q stands for. */
        int level(int q);

        /** The level of largest size, which is negative. */
        int lowest();

        /** The largest level. */
        int highest();
    }

    /**
     * @param width elements of a sub-block
     * @param lowestCode the lowest scale, −32 or −128; the highest is −lowestCode − 1
     * @param tries scales tried on each side of the first
     * @param step by how much the lowest level is moved from one to the next
     */
    SymmetricBlock(int width, Levels levels, int lowestCode, int tries, float step) {
        this.width = width;
        this.levels = levels;
        this.lowestCode = lowestCode;
        this.tries = tries;
        this.step = step;
        scales = new float[ELEMENTS / width];
        codes = new byte[ELEMENTS / width];
    }

    short d() {
        return d;
    }

    int scaleCode(int sub) {
        return codes[sub];
    }

    /** The integers of all elements; they change with the next {@link #fit}. */
    byte[] quants() {
        return quants;
    }

    /** Fits the 256 values from {@code at}. */
    void fit(float[] values, int at) {
        float unit = Scales.normalise(values, at, ELEMENTS, x);
        for (int sub = 0; sub < scales.length; sub++) {
            scales[sub] = scale(levels, x, sub * width, width, tries, step);
        }
        float extreme = Scales.extreme(scales, 0, scales.length);
        d = Scales.half(extreme / lowestCode * unit);
        float inverse = Scales.inverse(extreme) * lowestCode;
        for (int sub = 0; sub < scales.length; sub++) {
            codes[sub] = (byte) Scales.level(scales[sub] * inverse, lowestCode, -lowestCode - 1);
            // What the decoder will see, so that rounding the scales costs as little as it can.
            float scale = Float.float16ToFloat(d) * codes[sub];
            for (int i = sub * width; i < (sub + 1) * width; i++) {
                quants[i] = (byte) levels.nearest(scale == 0 ? 0 : values[at + i] / scale);
            }
        }
    }

    /** The scale for {@code width} normalised values; 0 if they are all 0. */
    static float scale(Levels levels, float[] x, int from, int width, int tries, float step) {
        float extreme = Scales.extreme(x, from, width);
        if (extreme == 0) {
            return 0;
        }
        float squares = 0;
        for (int i = from; i < from + width; i++) {
            squares += x[i] * x[i];
        }
        float base = EVENNESS * squares / width;
        Fit best = Fit.NONE;
        for (int k = -tries; k <= tries; k++) {
            best = best.or(fit(levels, x, from, width, base, (levels.lowest() + step * k) / extreme));
            best = best.or(fit(levels, x, from, width, base, (levels.highest() + step * k) / extreme));
        }
        for (int i = 0; i < REFINEMENTS; i++) {
            Fit refined = fit(levels, x, from, width, base, 1 / best.scale);
            if (refined.explained <= best.explained) {
                break;
            }
            best = refined;
        }
        return best.scale;
    }

    /** A scale and how much of the weighted squares it explains. */
    private record Fit(float scale, float explained) {
        static final Fit NONE = new Fit(0, 0);

        Fit or(Fit other) {
            return other.explained > explained ? other : this;
        }
    }

    /** The best scale for the levels that {@code inverse} rounds to. */
    private static Fit fit(Levels levels, float[] x, int from, int width, float base, float inverse) {
        float sumXq = 0;
        float sumQq = 0;
        for (int i = from; i < from + width; i++) {
            float level = levels.level(levels.nearest(inverse * x[i]));
            float weighted = (base + x[i] * x[i]) * level;
            sumXq += weighted * x[i];
            sumQq += weighted * level;
        }
        return sumQq > 0 ? new Fit(sumXq / sumQq, sumXq * sumXq / sumQq) : Fit.NONE;
    }
}
