package org.llmspell.engine.layer;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.WorkerPool;

/** How often a mixture has its inputs prepared, and that this changes no result. */
class ExpertMlpTest {
    private static final int EMBEDDING = 64;
    private static final int EXPERTS = 5;
    private static final int USED = 2;
    /** Several chunks. */
    private static final int WIDTH = 200;

    private static final int SHARED_WIDTH = 136;
    private static final int ROWS = 43;

    private final Arena arena = Arena.ofShared();
    private final WorkerPool workers = new WorkerPool(3);
    private final SplittableRandom random = new SplittableRandom(5);

    @AfterEach
    void close() {
        workers.close();
        arena.close();
    }

    /** Activations as they are, but copied; counts how often each row is. */
    private static final class CopyingProduct implements BatchProduct {
        private final Map<Long, Integer> copies = new ConcurrentHashMap<>();

        @Override
        public int tokensTogether() {
            return 4;
        }

        @Override
        public long preparedBytes(int columns, int tokens) {
            return 4L * columns * tokens;
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
            assertThat(tokenFrom % tokensTogether()).isZero();
            for (int token = tokenFrom; token < tokenTo; token++) {
                long from = 4 * (xIndex + token * xStride);
                copies.merge(x.address() + from, 1, Integer::sum);
                MemorySegment.copy(x, from, prepared, 4L * columns * token, 4L * columns);
            }
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
            int columns = weights.columns();
            KernelProvider.scalar()
                    .multiply(weights, rowFrom, rowTo, prepared, 0, columns, tokens, out, outIndex, outStride);
        }

        /** Scalar kernels with this product for more than one token. */
        Kernels kernels() {
            return (Kernels) Proxy.newProxyInstance(
                    Kernels.class.getClassLoader(),
                    new Class<?>[] {Kernels.class},
                    (proxy, method, arguments) -> method.getName().equals("batchProduct")
                            ? ((int) arguments[1] > 1 ? this : null)
                            : method.invoke(KernelProvider.scalar(), arguments));
        }

        List<Integer> copies(Rows rows, int count) {
            List<Integer> counts = new ArrayList<>();
            for (int row = 0; row < count; row++) {
                counts.add(copies.getOrDefault(rows.data().address() + 4 * rows.at(row), 0));
            }
            return counts;
        }
    }

    private Linear linear(int outputs, int inputs) {
        return new Linear(new WeightMatrix(BlockFormat.F32, outputs, inputs, values(outputs * inputs)), null);
    }

    private MemorySegment values(int count) {
        MemorySegment values = arena.allocate(4L * count, 64);
        for (int i = 0; i < count; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian(0, 0.3));
        }
        return values;
    }

    private GatedMlp expert(int width) {
        return new GatedMlp(
                linear(width, EMBEDDING), linear(width, EMBEDDING), linear(EMBEDDING, width), GatedMlp.Activation.SILU);
    }

    private ExpertMlp mixture(boolean weighInputs) {
        List<GatedMlp> experts = new ArrayList<>();
        for (int i = 0; i < EXPERTS; i++) {
            experts.add(expert(WIDTH));
        }
        Router router = new Router(linear(EXPERTS, EMBEDDING), null, Router.Gating.SOFTMAX, USED, 1, 1, true, 1);
        return new ExpertMlp(router, experts, expert(SHARED_WIDTH), linear(1, EMBEDDING), weighInputs);
    }

    /** Runs the layer on a batch of {@link #ROWS} tokens and gives its results. */
    private float[] run(ExpertMlp mixture, Kernels kernels, MemorySegment input, CopyingProduct counting) {
        Widths widths = new Widths(
                EMBEDDING, 0, 8, 8, 8, 8, 1, SHARED_WIDTH, EXPERTS, USED, WIDTH, 0, 0, 8, 0, Widths.Recurrent.NONE);
        KvLayout layout = new KvLayout(new int[] {1}, 8, 8, KvLayout.Precision.HALF);
        int[] tokens = new int[ROWS];
        try (PagePool pages = new PagePool(layout, ROWS, new int[] {4}, false);
                SequenceCache cache = Objects.requireNonNull(pages.admit(0, tokens, ROWS));
                Activations memory = new Activations(widths, ROWS, 1)) {
            cache.append(tokens, 0, ROWS);
            Batch batch = new Batch(ROWS, 1);
            batch.add(cache, tokens, 0, ROWS, 1, ROWS);
            Rows in = new Rows(input, EMBEDDING);
            Rows out = Rows.allocate(arena, ROWS, EMBEDDING);
            mixture.apply(new ForwardPass(kernels, workers, batch, memory), in, out);
            cache.rollback(ROWS);
            if (!counting.copies.isEmpty()) {
                assertThat(counting.copies(memory.expertInput, ROWS * USED)).containsOnly(1);
                assertThat(counting.copies(memory.expertGate, ROWS * USED)).containsOnly(1);
                assertThat(counting.copies(memory.gate, ROWS)).containsOnly(1);
                // For the router, for the shared expert's score, and for its gate and up.
                assertThat(counting.copies(in, ROWS)).containsOnly(3);
            }
            return out.data().toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachInputIsPreparedOnceForAllProductsAndSharesOfIt(boolean weighInputs) {
        ExpertMlp mixture = mixture(weighInputs);
        MemorySegment input = values(ROWS * EMBEDDING);
        CopyingProduct copying = new CopyingProduct();

        float[] plain = run(mixture, KernelProvider.scalar(), input, copying);
        assertThat(copying.copies).isEmpty();
        float[] prepared = run(mixture, copying.kernels(), input, copying);

        assertThat(prepared).isEqualTo(plain);
        assertThat(copying.copies).isNotEmpty();
        assertThat(plain).doesNotContain(0);
    }
}
