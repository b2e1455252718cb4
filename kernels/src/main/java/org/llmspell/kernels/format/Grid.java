package org.llmspell.kernels.format;

/**
 * The codebook of one of the IQ1, IQ2 and IQ3 formats: short vectors of levels, chosen by ggml for how often quantized weights
 * come near them. Immutable.
 */
public final class Grid {
    static final Grid IQ2_XXS = new Grid(GridCodes.IQ2_XXS, 8, 8, 25, 43);
    static final Grid IQ2_XS = new Grid(GridCodes.IQ2_XS, 8, 8, 25, 43);
    static final Grid IQ2_S = new Grid(GridCodes.IQ2_S, 8, 8, 25, 43);
    static final Grid IQ3_XXS = new Grid(GridCodes.IQ3_XXS, 4, 4, 12, 20, 28, 36, 44, 52, 62);
    /** Entries of four levels 1, 3 … 15. */
    public static final Grid IQ3_S = new Grid(GridCodes.IQ3_S, 4, 1, 3, 5, 7, 9, 11, 13, 15);

    static final Grid IQ1 = new Grid(GridCodes.IQ1, 8, -1, 0, 1);

    private final byte[] values;
    private final float[] floats;
    private final int width;

    /**
     * @param codes as {@link GridCodes} describes them
     * @param width elements of an entry, 4 or 8
     * @param levels what the digits of a code stand for
     */
    private Grid(String codes, int width, int... levels) {
        String digits = codes.replace("\n", "");
        int bits = width == 8 ? 2 : 3;
        int perEntry = width == 8 ? 4 : 3;
        int entries = digits.length() / perEntry;
        this.width = width;
        values = new byte[entries * width];
        for (int entry = 0; entry < entries; entry++) {
            int code = Integer.parseInt(digits, entry * perEntry, (entry + 1) * perEntry, 16);
            for (int j = 0; j < width; j++) {
                values[entry * width + j] = (byte) levels[(code >> (bits * j)) & ((1 << bits) - 1)];
            }
        }
        floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = values[i];
        }
    }

    /** All entries' elements, one entry after the other; not to be written to. */
    float[] floats() {
        return floats;
    }

    /** How many entries there are. */
    public int entries() {
        return values.length / width;
    }

    /** Element {@code j} of entry {@code entry}. */
    public int at(int entry, int j) {
        return values[entry * width + j];
    }
}
