package org.llmspell.kernels.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One thread's working memory, allocated when the thread first computes and reused by every later call. All parts are 64-byte
 * aligned native memory, given as addresses; the garbage collector frees them after their thread.
 */
final class Scratch {
    /** Elements of a row that are unpacked at a time: 4 KiB of quants and 16 KiB of activations stay in the first cache. */
    static final int SLAB = 4096;

    /** Rows and columns of the panel that the batched product dequantizes at a time: 64 KiB, within the second cache. */
    static final int PANEL_ROWS = 16;

    static final int PANEL_COLUMNS = 1024;

    // Scales are written eight at a time and quants read eight at a time: there is room behind the last.
    private static final int SCALES = (SLAB / 16 + 16) * Float.BYTES;

    private final MemorySegment fixed =
            Arena.ofAuto().allocate(SLAB + 2L * SCALES + (long) PANEL_ROWS * PANEL_COLUMNS * Float.BYTES, 64);
    private final float[] decoded = new float[SLAB];
    private MemorySegment sums = Arena.ofAuto().allocate(1024, 64);
    private MemorySegment work = Arena.ofAuto().allocate(1024, 64);

    /** {@link #SLAB} signed bytes. */
    long quants() {
        return fixed.address();
    }

    /** A float32 per 16 elements of a slab. */
    long scales() {
        return fixed.address() + SLAB;
    }

    /** A float32 per 16 elements of a slab. */
    long minima() {
        return scales() + SCALES;
    }

    /** {@link #PANEL_ROWS} rows of {@link #PANEL_COLUMNS} float32. */
    long panel() {
        return minima() + SCALES;
    }

    /** {@link #SLAB} floats on the heap, for codecs. */
    float[] decoded() {
        return decoded;
    }

    /** At least {@code count} float32 for sums of activations. */
    long sums(int count) {
        if (sums.byteSize() < 4L * count) {
            sums = Arena.ofAuto().allocate(4L * count, 64);
        }
        return sums.address();
    }

    /** At least {@code count} float32 for attention. */
    long work(long count) {
        if (work.byteSize() < 4 * count) {
            work = Arena.ofAuto().allocate(4 * count, 64);
        }
        return work.address();
    }
}
