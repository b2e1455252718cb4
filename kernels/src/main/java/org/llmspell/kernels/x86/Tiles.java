package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WeightMatrix;

/** Whether the tiles of AMX can be used: the processor has them, the system lends them, and they multiply as they should. */
final class Tiles {
    // More than one panel of rows and of columns, and more than one step of tokens, none of them whole.
    private static final int ROWS = 41;
    private static final int COLUMNS = 531;
    private static final int TOKENS = 41;

    /** Both factors are rounded to 8 bits of mantissa. */
    private static final double BOUND = 1e-2;

    private Tiles() {}

    /** Why there are none, or null. Asks the system for them. */
    static @Nullable String unavailable(CpuFeatures features) {
        if (!features.amxBf16() || !features.avx512Bf16()) {
            return "the processor has no AMX with bfloat16";
        }
        if (!features.tilesSaved()) {
            return "the system does not save the tiles of AMX";
        }
        return TilePermission.request();
    }

    /**
     * Computes a small product of random numbers both ways.
     *
     * @param scalar what is right
     * @return what is wrong with {@code product}, or null
     */
    static @Nullable String disagreement(BatchProduct product, Kernels scalar) {
        try (Arena arena = Arena.ofConfined()) {
            Random random = new Random(1);
            MemorySegment data = gaussians(arena, ROWS * COLUMNS, random);
            MemorySegment x = gaussians(arena, TOKENS * COLUMNS, random);
            MemorySegment expected = arena.allocate(4L * ROWS * TOKENS, 64);
            MemorySegment actual = arena.allocate(4L * ROWS * TOKENS, 64);
            WeightMatrix weights = new WeightMatrix(BlockFormat.F32, ROWS, COLUMNS, data);
            scalar.multiply(weights, 0, ROWS, x, 0, COLUMNS, TOKENS, expected, 0, ROWS);
            MemorySegment prepared = arena.allocate(product.preparedBytes(COLUMNS, TOKENS), 64);
            product.prepare(x, 0, COLUMNS, COLUMNS, TOKENS, 0, TOKENS, prepared);
            product.multiply(weights, 0, ROWS, prepared, TOKENS, actual, 0, ROWS);
            // The sum of the magnitudes of normal factors is 2/π times their number.
            double tolerance = BOUND * 2 / Math.PI * COLUMNS;
            for (int i = 0; i < ROWS * TOKENS; i++) {
                float right = expected.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                float found = actual.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                if (!(Math.abs(right - found) <= tolerance)) {
                    return "AMX computed %s where %s is right".formatted(found, right);
                }
            }
            return null;
        }
    }

    private static MemorySegment gaussians(Arena arena, int count, Random random) {
        MemorySegment floats = arena.allocate(4L * count, 64);
        for (int i = 0; i < count; i++) {
            floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return floats;
    }
}
