package org.llmspell.kernels.x86;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.NativeMemory;
import org.llmspell.kernels.WeightMatrix;

/** The table of the products with many tokens: which one each format has on this processor, and from how many tokens on. */
final class BatchProducts {
    /** Tokens from which on expanding the weights pays; a group of 16 costs the same whether it is full or not. */
    private static final int FEWEST = 9;

    /** The same for F32, which is read in place at the speed of memory otherwise. */
    private static final int FEWEST_PLAIN = 16;

    /** @param rounds whether activations are rounded, which small matrices are spared */
    private record Choice(BatchProduct product, int fewestTokens, boolean rounds) {}

    private final Map<BlockFormat, Choice> choices = new EnumMap<>(BlockFormat.class);

    private BatchProducts() {}

    /**
     * For a processor without AMX: activations of 8 bits for the formats in common use, else float32 where weights may be kept that
     * exactly, and bfloat16 for BF16 and for rare formats.
     *
     * @param few the products with few tokens
     * @param others expand what has no code
     */
    static BatchProducts vectors(CpuFeatures features, X86Products few, Kernels others) {
        BatchProducts products = new BatchProducts();
        Choice exact = new Choice(DenseProduct.vectors(DenseElement.FLOAT32, others), FEWEST, false);
        Choice brain = features.avx512Bf16()
                ? new Choice(DenseProduct.vectors(DenseElement.BFLOAT16, others), FEWEST, true)
                : exact;
        PanelProducts panels = new PanelProducts(PanelIsa.AVX512);
        products.choose(panels, few, others, brain);
        products.choices.put(BlockFormat.F16, exact);
        products.choices.put(BlockFormat.F32, new Choice(exact.product, FEWEST_PLAIN, false));
        return products;
    }

    /** For a processor without AVX-512: activations of 8 bits likewise, else float32. */
    static BatchProducts avx2(boolean vnni, X86Products few, Kernels others) {
        BatchProducts products = new BatchProducts();
        Choice exact = new Choice(DenseProduct.avx2(others), FEWEST, false);
        PanelProducts panels = new PanelProducts(vnni ? PanelIsa.AVX2_VNNI : PanelIsa.AVX2);
        products.choose(panels, few, others, exact);
        products.choices.put(BlockFormat.F32, new Choice(exact.product, FEWEST_PLAIN, false));
        return products;
    }

    /** Panels for the formats that have them, {@code rest} for all others that are not rounded when tokens are few. */
    private void choose(PanelProducts panels, X86Products few, Kernels others, Choice rest) {
        for (BlockFormat format : BlockFormat.values()) {
            RoundedProduct rounded = panels.product(format);
            if (rounded != null) {
                choices.put(format, new Choice(rounded, FEWEST, true));
            } else if (others.supports(format) && !(few.supports(format) && few.rounds(format))) {
                choices.put(format, rest);
            }
        }
    }

    /** For a processor with AMX: tiles for all. */
    static BatchProducts tiles(DenseProduct tiles, Kernels others) {
        BatchProducts products = new BatchProducts();
        for (BlockFormat format : BlockFormat.values()) {
            if (others.supports(format)) {
                products.choices.put(format, new Choice(tiles, FEWEST, true));
            }
        }
        return products;
    }

    /**
     * The product for {@code weights} and that many tokens, or null if it is not one of these.
     *
     * @param smallest matrices of fewer weights are multiplied without rounding
     */
    @Nullable
    BatchProduct of(WeightMatrix weights, int tokens, long smallest) {
        Choice choice = choices.get(weights.format());
        return choice != null
                        && tokens >= choice.fewestTokens
                        && weights.columns() > 0
                        && (!choice.rounds || (long) weights.rows() * weights.columns() >= smallest)
                        && NativeMemory.reachable(weights.data())
                ? choice.product
                : null;
    }
}
