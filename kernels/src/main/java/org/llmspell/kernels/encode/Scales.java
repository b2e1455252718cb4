package org.llmspell.kernels.encode;

/** Rounding that all encoders share: to integer levels, and of scales to what a half holds. */
final class Scales {
    private static final float LARGEST_HALF = 65504;

    /** 1.5 · 2²³: added to a small float it leaves the nearest integer, ties to even, in the lowest bits. */
    private static final float ROUNDER = 12582912f;

    private Scales() {}

    /** The half nearest to {@code scale}, as bits; finite for every number. */
    static short half(float scale) {
        return Float.floatToFloat16(Math.clamp(scale, -LARGEST_HALF, LARGEST_HALF));
    }

    /** The integer nearest to {@code value}, ties to even, within bounds of less than 2²². */
    static int level(float value, int least, int most) {
        float inside = Math.max(least, Math.min(most, value));
        return Float.floatToRawIntBits(inside + ROUNDER) - Float.floatToRawIntBits(ROUNDER);
    }

    /** The integer nearest to {@code value}, ties away from zero; {@code value} is below 2²² in size. */
    static int roundedAway(float value) {
        int truncated = (int) value;
        float rest = value - truncated;
        return rest >= 0.5f ? truncated + 1 : rest <= -0.5f ? truncated - 1 : truncated;
    }

    /** 1/{@code scale}, or 0 for a scale of 0 or one too small to have an inverse. */
    static float inverse(float scale) {
        float inverse = 1 / scale;
        return Float.isFinite(inverse) ? inverse : 0;
    }

    /** The largest size among {@code count} values. */
    static float largest(float[] values, int at, int count) {
        float most = 0;
        for (int i = 0; i < count; i++) {
            most = Math.max(most, Math.abs(values[at + i]));
        }
        return most;
    }

    /** The value of the largest size among {@code count}, the first of equals. */
    static float extreme(float[] values, int at, int count) {
        float most = 0;
        float extreme = 0;
        for (int i = 0; i < count; i++) {
            float size = Math.abs(values[at + i]);
            if (size > most) {
                most = size;
                extreme = values[at + i];
            }
        }
        return extreme;
    }

    /**
     * Copies {@code count} values divided by the power of two that brings the largest to between 1 and 2, so that squares and
     * cubes of them neither overflow nor vanish.
     *
     * @return that power of two; 1 where all values are zero
     */
    static float normalise(float[] values, int at, int count, float[] normalised) {
        float most = largest(values, at, count);
        float unit = most == 0 ? 1 : Math.scalb(1f, Math.max(Math.getExponent(most), Float.MIN_EXPONENT));
        for (int i = 0; i < count; i++) {
            normalised[i] = values[at + i] / unit;
        }
        return unit;
    }
}
