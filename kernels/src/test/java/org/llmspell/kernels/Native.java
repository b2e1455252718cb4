package org.llmspell.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Test arrays in native memory that is freed with the segment. */
public final class Native {
    public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    public static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private Native() {}

    public static MemorySegment floats(float... values) {
        MemorySegment segment = Arena.ofAuto().allocate(values.length * 4L, 4);
        MemorySegment.copy(values, 0, segment, FLOAT, 0, values.length);
        return segment;
    }

    public static MemorySegment bytes(byte... values) {
        MemorySegment segment = Arena.ofAuto().allocate(values.length, 1);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_BYTE, 0, values.length);
        return segment;
    }

    public static MemorySegment halves(float... values) {
        MemorySegment segment = Arena.ofAuto().allocate(values.length * 2L, 2);
        for (int i = 0; i < values.length; i++) {
            segment.set(SHORT, i * 2L, Float.floatToFloat16(values[i]));
        }
        return segment;
    }

    public static float[] array(MemorySegment segment) {
        float[] values = new float[(int) (segment.byteSize() / 4)];
        MemorySegment.copy(segment, FLOAT, 0, values, 0, values.length);
        return values;
    }
}
