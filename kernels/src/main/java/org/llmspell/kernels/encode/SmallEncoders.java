package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.format.LittleEndian;

/**
 * The formats of 32 elements under one scale. The scale comes from the extreme values alone, as in ggml, whose bytes these
 * are; see {@link org.llmspell.kernels.format} for the layouts.
 */
final class SmallEncoders {
    private static final int ELEMENTS = 32;
    private static final int HALF = 16;

    private SmallEncoders() {}

    static void q40(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 18) {
            float d = Scales.extreme(values, at, ELEMENTS) / -8;
            float inverse = Scales.inverse(d);
            LittleEndian.put16(target, offset, Scales.half(d));
            for (int j = 0; j < HALF; j++) {
                int low = Math.min(15, (int) (values[at + j] * inverse + 8.5f));
                int high = Math.min(15, (int) (values[at + j + HALF] * inverse + 8.5f));
                LittleEndian.put8(target, offset + 2 + j, low | high << 4);
            }
        }
    }

    static void q41(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 20) {
            float least = least(values, at);
            float d = span(values, at, least) / 15;
            float inverse = Scales.inverse(d);
            LittleEndian.put16(target, offset, Scales.half(d));
            LittleEndian.put16(target, offset + 2, Scales.half(least));
            for (int j = 0; j < HALF; j++) {
                int low = Math.min(15, (int) ((values[at + j] - least) * inverse + 0.5f));
                int high = Math.min(15, (int) ((values[at + j + HALF] - least) * inverse + 0.5f));
                LittleEndian.put8(target, offset + 4 + j, low | high << 4);
            }
        }
    }

    static void q50(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 22) {
            float d = Scales.extreme(values, at, ELEMENTS) / -16;
            float inverse = Scales.inverse(d);
            LittleEndian.put16(target, offset, Scales.half(d));
            int fifth = 0;
            for (int j = 0; j < HALF; j++) {
                int low = Math.min(31, (int) (values[at + j] * inverse + 16.5f));
                int high = Math.min(31, (int) (values[at + j + HALF] * inverse + 16.5f));
                LittleEndian.put8(target, offset + 6 + j, (low & 15) | (high & 15) << 4);
                fifth |= (low >> 4) << j | (high >> 4) << (j + HALF);
            }
            LittleEndian.put32(target, offset + 2, fifth);
        }
    }

    static void q51(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 24) {
            float least = least(values, at);
            float d = span(values, at, least) / 31;
            float inverse = Scales.inverse(d);
            LittleEndian.put16(target, offset, Scales.half(d));
            LittleEndian.put16(target, offset + 2, Scales.half(least));
            int fifth = 0;
            for (int j = 0; j < HALF; j++) {
                int low = Math.min(31, (int) ((values[at + j] - least) * inverse + 0.5f));
                int high = Math.min(31, (int) ((values[at + j + HALF] - least) * inverse + 0.5f));
                LittleEndian.put8(target, offset + 8 + j, (low & 15) | (high & 15) << 4);
                fifth |= (low >> 4) << j | (high >> 4) << (j + HALF);
            }
            LittleEndian.put32(target, offset + 4, fifth);
        }
    }

    static void q80(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 34) {
            float d = Scales.largest(values, at, ELEMENTS) / 127;
            float inverse = Scales.inverse(d);
            LittleEndian.put16(target, offset, Scales.half(d));
            for (int j = 0; j < ELEMENTS; j++) {
                LittleEndian.put8(target, offset + 2 + j, Scales.roundedAway(values[at + j] * inverse));
            }
        }
    }

    private static float least(float[] values, int at) {
        float least = values[at];
        for (int j = 1; j < ELEMENTS; j++) {
            least = Math.min(least, values[at + j]);
        }
        return least;
    }

    /** From {@code least} to the largest; finite also where the difference overflows. */
    private static float span(float[] values, int at, float least) {
        float most = values[at];
        for (int j = 1; j < ELEMENTS; j++) {
            most = Math.max(most, values[at + j]);
        }
        return Math.min(most - least, Float.MAX_VALUE);
    }
}
