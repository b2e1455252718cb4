package org.llmspell.kernels.format;

/**
 * Unpacks the twelve bytes in which Q4_K and Q5_K keep eight six-bit scales and eight six-bit minima. Four bytes each hold the
 * low six bits of scales 0–3 and of minima 0–3; the last four hold the low nibbles of scales and minima 4–7, whose upper two
 * bits are the top bits of the first eight bytes. Taken as three 32-bit words, all eight of a kind come out at once, a byte
 * each.
 */
public final class SixBitScales {
    private SixBitScales() {}

    /** Scale j in byte j, from the first and third little-endian word. */
    public static long scales(int first, int third) {
        long low = first & 0x3F3F3F3FL;
        int high = (third & 0x0F0F0F0F) | ((first >>> 6) & 0x03030303) << 4;
        return low | ((long) high << 32);
    }

    /** Minimum j in byte j, from the second and third little-endian word. */
    public static long minima(int second, int third) {
        long low = second & 0x3F3F3F3FL;
        int high = ((third >>> 4) & 0x0F0F0F0F) | ((second >>> 6) & 0x03030303) << 4;
        return low | ((long) high << 32);
    }

    /** Byte {@code j} of {@code packed}. */
    public static int at(long packed, int j) {
        return (int) (packed >>> (8 * j)) & 63;
    }
}
