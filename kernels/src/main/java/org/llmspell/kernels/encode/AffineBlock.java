package org.llmspell.kernels.encode;

/**
 * Finds the numbers of a block of 256 elements that are stored as {@code d · scale · q − dmin · minimum} with small integers
 * scale and minimum for each sub-block and q for each element.
 *
 * <p>For each sub-block several widths of a level are tried around the one that spans its range. Each gives integers q, and
 * for those the best scale and minimum by weighted least squares; the try with the least weighted square error wins, and its minimum
 * is where the levels of the next tries begin. A weight is
 * the element's size plus some of the sub-block's root mean square: large weights matter more to a product.
 * Not thread-safe; one object serves one thread for many blocks.
 */
final class AffineBlock {
    static final int ELEMENTS = 256;

    /** Widths tried: the range divided by limit − 1 … limit + 1 in steps of a tenth. */
    private static final int TRIES = 10;

    private static final float STEP = 0.1f;

    private final int width;
    private final int limit;
    private final int codeLimit;
    private final float evenness;
    private final float[] x = new float[ELEMENTS];
    private final float[] weights;
    private final int[] tried;
    private final float[] scales;
    private final float[] minima;
    private final byte[] scaleCodes;
    private final byte[] minimumCodes;
    private final byte[] quants = new byte[ELEMENTS];
    private short d;
    private short dmin;

    /**
     * @param width elements of a sub-block
     * @param limit the largest q
     * @param codeLimit the largest scale and minimum
     * @param evenness how much of the root mean square each weight gets
     */
    AffineBlock(int width, int limit, int codeLimit, float evenness) {
        this.width = width;
        this.limit = limit;
        this.codeLimit = codeLimit;
        this.evenness = evenness;
        weights = new float[width];
        tried = new int[width];
        scales = new float[ELEMENTS / width];
        minima = new float[ELEMENTS / width];
        scaleCodes = new byte[ELEMENTS / width];
        minimumCodes = new byte[ELEMENTS / width];
    }

    short d() {
        return d;
    }

    short dmin() {
        return dmin;
    }

    int scaleCode(int sub) {
        return scaleCodes[sub];
    }

    int minimumCode(int sub) {
        return minimumCodes[sub];
    }

    /** The integers of all elements; they change with the next {@link #fit}. */
    byte[] quants() {
        return quants;
    }

    /** Fits the 256 values from {@code at}. */
    void fit(float[] values, int at) {
        float unit = Scales.normalise(values, at, ELEMENTS, x);
        for (int sub = 0; sub < scales.length; sub++) {
            fitSub(sub);
        }
        d = codes(scales, scaleCodes, unit);
        dmin = codes(minima, minimumCodes, unit);
        for (int sub = 0; sub < scales.length; sub++) {
            // What the decoder will see, so that rounding the scales costs as little as it can.
            float scale = Float.float16ToFloat(d) * scaleCodes[sub];
            float minimum = Float.float16ToFloat(dmin) * minimumCodes[sub];
            for (int i = sub * width; i < (sub + 1) * width; i++) {
                quants[i] = scale == 0 ? 0 : (byte) Scales.level((values[at + i] + minimum) / scale, 0, limit);
            }
        }
    }

    /** Rounds numbers of at least 0 to integers under one half, which is returned. */
    private short codes(float[] numbers, byte[] codes, float unit) {
        float most = 0;
        for (float number : numbers) {
            most = Math.max(most, number);
        }
        float inverse = most > 0 ? codeLimit / most : 0;
        for (int i = 0; i < numbers.length; i++) {
            codes[i] = (byte) Scales.level(numbers[i] * inverse, 0, codeLimit);
        }
        return Scales.half(most / codeLimit * unit);
    }

    private void fitSub(int sub) {
        int from = sub * width;
        float least = 0;
        float most = x[from];
        float squares = 0;
        for (int i = 0; i < width; i++) {
            float value = x[from + i];
            least = Math.min(least, value);
            most = Math.max(most, value);
            squares += value * value;
        }
        scales[sub] = 0;
        minima[sub] = -least;
        if (most <= least) {
            return;
        }
        float base = evenness * (float) Math.sqrt(squares / width);
        float sumW = 0;
        float sumX = 0;
        for (int i = 0; i < width; i++) {
            weights[i] = base + Math.abs(x[from + i]);
            sumW += weights[i];
            sumX += weights[i] * x[from + i];
        }
        round(from, least, limit / (most - least));
        scales[sub] = (most - least) / limit;
        float best = error(from, scales[sub], least);
        float origin = least;
        for (int k = -TRIES; k <= TRIES; k++) {
            round(from, origin, (limit + STEP * k) / (most - origin));
            float sumQ = 0;
            float sumQq = 0;
            float sumQx = 0;
            for (int i = 0; i < width; i++) {
                float wq = weights[i] * tried[i];
                sumQ += wq;
                sumQq += wq * tried[i];
                sumQx += wq * x[from + i];
            }
            float determinant = sumW * sumQq - sumQ * sumQ;
            if (determinant <= 0) {
                continue;
            }
            float scale = (sumW * sumQx - sumX * sumQ) / determinant;
            float shift = (sumQq * sumX - sumQ * sumQx) / determinant;
            if (shift > 0) {
                // A minimum is stored without sign: the best one allowed is 0.
                shift = 0;
                scale = sumQx / sumQq;
            }
            float error = error(from, scale, shift);
            if (scale > 0 && error < best) {
                best = error;
                scales[sub] = scale;
                minima[sub] = -shift;
                origin = shift;
            }
        }
    }

    private void round(int from, float least, float inverse) {
        for (int i = 0; i < width; i++) {
            tried[i] = Scales.level((x[from + i] - least) * inverse, 0, limit);
        }
    }

    private float error(int from, float scale, float shift) {
        float error = 0;
        for (int i = 0; i < width; i++) {
            float off = scale * tried[i] + shift - x[from + i];
            error += weights[i] * off * off;
        }
        return error;
    }
}
