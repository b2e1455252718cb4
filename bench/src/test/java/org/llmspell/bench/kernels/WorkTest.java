package org.llmspell.bench.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.WeightMatrix;

/** What benchmarks work on and how much that is, counted by hand. */
class WorkTest {
    @Test
    void aProductReadsItsBlocksOnceForAllTokens() {
        // 3 rows of two blocks of 34 bytes; 64 multiplications and additions a row and token.
        assertThat(Work.product(BlockFormat.Q8_0, 3, 64, 5)).isEqualTo(new Work(3 * 68, 3 * 5 * 128));
    }

    @Test
    void aRowOfAttentionSeesItsOwnPositionAndThoseBefore() {
        // Rows at positions 3, 4 and 5 see 4 + 5 + 6; a score and a weighted value are 2 · 8 operations each.
        assertThat(Work.attention(CacheFormat.HALF, 3, 6, 2, 4, 8))
                .isEqualTo(new Work(2 * 2 * 6 * 16, 15 * 2 * 4 * 4 * 8));
    }

    @Test
    void matricesTakeTurnsUntilEnoughMemoryIsRead() {
        RandomMatrices matrices = new RandomMatrices(BlockFormat.F32, 4, 8, 300);
        Set<Long> places = new HashSet<>();

        for (int use = 0; use < 6; use++) {
            WeightMatrix matrix = matrices.next();
            places.add(matrix.data().address());
            assertThat(matrix.rows()).isEqualTo(4);
            assertThat(matrix.columns()).isEqualTo(8);
        }

        assertThat(places).hasSize(3); // of 128 bytes
    }

    @Test
    void randomBlocksFillTheirMemory() {
        MemorySegment floats = RandomMatrices.blocks(BlockFormat.F32, 1 << 19); // more than one piece

        float[] tail = new float[100];
        MemorySegment.copy(floats, ValueLayout.JAVA_FLOAT, floats.byteSize() - 400, tail, 0, 100);
        Float[] boxed = new Float[tail.length];
        Arrays.setAll(boxed, i -> tail[i]);
        assertThat(boxed).doesNotHaveDuplicates().allMatch(value -> Math.abs(value) < 10);
    }
}
