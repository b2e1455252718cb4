package org.llmspell.bench.kernels;

import java.util.Optional;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.CacheFormat;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What one run of a benchmark has to do at least, by its parameters.
 *
 * @param bytes read of weights or of the cache
 * @param operations additions and multiplications of float32
 */
record Work(double bytes, double operations) {
    /** Nothing for benchmarks that stay within the caches. */
    static Optional<Work> of(BenchmarkParams params) {
        String benchmark = params.getBenchmark();
        if (benchmark.endsWith("Products.multiply")) {
            return Optional.of(product(
                    BlockFormat.valueOf(params.getParam("format")),
                    number(params, "rows"),
                    number(params, "columns"),
                    number(params, "tokens")));
        }
        if (benchmark.endsWith("CausalAttention.attend")) {
            return Optional.of(attention(
                    CacheFormat.valueOf(params.getParam("cache")),
                    number(params, "rows"),
                    number(params, "positions"),
                    number(params, "kvHeads"),
                    number(params, "group"),
                    number(params, "dimension")));
        }
        return Optional.empty();
    }

    static Work product(BlockFormat format, int rows, int columns, int tokens) {
        return new Work((double) format.bytes(columns) * rows, 2.0 * rows * columns * tokens);
    }

    /** Every row sees its own position and all before; keys and values are read once for all rows and heads of a group. */
    static Work attention(CacheFormat format, int rows, int positions, int kvHeads, int group, int dimension) {
        double bytes = 2.0 * kvHeads * positions * format.bytes(dimension);
        double seen = (double) rows * positions - rows * (rows - 1) / 2.0;
        return new Work(bytes, seen * kvHeads * group * 4 * dimension);
    }

    private static int number(BenchmarkParams params, String name) {
        return Integer.parseInt(params.getParam(name));
    }
}
