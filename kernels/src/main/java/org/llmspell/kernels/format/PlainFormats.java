package org.llmspell.kernels.format;

import java.lang.foreign.MemorySegment;

/** The formats without blocks: float32, IEEE half, bfloat16. */
final class PlainFormats {
    private PlainFormats() {}

    static void f32(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int i = 0; i < blocks; i++) {
            out[at + i] = LittleEndian.f32(source, offset + 4L * i);
        }
    }

    static void f16(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int i = 0; i < blocks; i++) {
            out[at + i] = LittleEndian.half(source, offset + 2L * i);
        }
    }

    static void bf16(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int i = 0; i < blocks; i++) {
            out[at + i] = LittleEndian.bf16(source, offset + 2L * i);
        }
    }
}
