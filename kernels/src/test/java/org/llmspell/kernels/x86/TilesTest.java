package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.Native;
import org.llmspell.kernels.WeightMatrix;

class TilesTest {
    private static final CpuFeatures ALL = new CpuFeatures(true, true, true, true, true, true);
    private static final Kernels SCALAR = KernelProvider.scalar();

    private CpuFeatures here;

    @BeforeEach
    void detect() throws Exception {
        here = CpuFeatures.detect();
    }

    @Test
    void whatIsMissingIsNamed() {
        assertThat(Tiles.unavailable(new CpuFeatures(true, true, true, true, false, true)))
                .contains("processor has no AMX");
        assertThat(Tiles.unavailable(new CpuFeatures(true, true, true, false, true, true)))
                .contains("processor has no AMX");
        assertThat(Tiles.unavailable(new CpuFeatures(true, true, true, true, true, false)))
                .contains("system does not save");
    }

    @Test
    void aSystemThatRefusesTilesIsToldOfWithItsError() {
        Assumptions.assumeTrue(here.avx512Vnni() && !here.amxBf16(), "the processor has AMX, or is no x86-64");
        assertThat(Tiles.unavailable(ALL))
                .matches("the system refuses .*arch_prctl: error \\d+.*|AMX is used on Linux.*");
    }

    @Test
    void aProductThatComesOutRightIsTaken() throws Exception {
        assertThat(Tiles.disagreement(vectors(), SCALAR)).isNull();
    }

    @Test
    void aProductWithOneWrongResultIsRefused() throws Exception {
        for (float wrong : new float[] {1000, Float.NaN}) {
            assertThat(Tiles.disagreement(new Spoiled(vectors(), wrong), SCALAR))
                    .startsWith("AMX computed " + wrong);
        }
    }

    private DenseProduct vectors() throws ExecutableMemory.Refused {
        Assumptions.assumeTrue(here.avx512Bf16(), "the processor has no AVX-512 BF16");
        return DenseProduct.vectors(DenseElement.BFLOAT16, SCALAR);
    }

    /** The last row's product with the last token is another number. */
    private record Spoiled(BatchProduct product, float number) implements BatchProduct {
        @Override
        public int tokensTogether() {
            return product.tokensTogether();
        }

        @Override
        public long preparedBytes(int columns, int tokens) {
            return product.preparedBytes(columns, tokens);
        }

        @Override
        public void prepare(
                MemorySegment x,
                long xIndex,
                long xStride,
                int columns,
                int tokens,
                int tokenFrom,
                int tokenTo,
                MemorySegment prepared) {
            product.prepare(x, xIndex, xStride, columns, tokens, tokenFrom, tokenTo, prepared);
        }

        @Override
        public void multiply(
                WeightMatrix weights,
                int rowFrom,
                int rowTo,
                MemorySegment prepared,
                int tokens,
                MemorySegment out,
                long outIndex,
                long outStride) {
            product.multiply(weights, rowFrom, rowTo, prepared, tokens, out, outIndex, outStride);
            long last = outIndex + (tokens - 1) * outStride + rowTo - 1;
            out.set(Native.FLOAT, Float.BYTES * last, number);
        }
    }
}
