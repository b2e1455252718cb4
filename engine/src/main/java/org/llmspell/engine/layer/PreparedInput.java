package org.llmspell.engine.layer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.BatchProduct;

/**
 * One input of a pass in the forms in which the products with it take activations, so that each is made once and not by every
 * share of the rows. The next input takes its place. Changed by the thread that runs the pass, between meetings of the workers.
 */
final class PreparedInput {
    private static final int ALIGNMENT = 64;

    private final List<BatchProduct> products = new ArrayList<>();
    private final List<MemorySegment> parts = new ArrayList<>();
    private MemorySegment memory = MemorySegment.NULL;

    /** Takes {@code rows} rows of {@code in} in every form that a product with one of {@code layers} has. */
    void prepare(ForwardPass pass, Rows in, int rows, Linear... layers) {
        products.clear();
        for (Linear layer : layers) {
            BatchProduct product = pass.kernels.batchProduct(layer.weights(), rows);
            if (product != null && !products.contains(product)) {
                products.add(product);
            }
        }
        if (products.isEmpty()) {
            return;
        }
        int columns = layers[0].weights().columns();
        divide(columns, rows);
        for (int i = 0; i < products.size(); i++) {
            fill(pass, in, rows, columns, products.get(i), parts.get(i));
        }
    }

    /** The input as {@code product} takes it, or null if it was not prepared for it. */
    @Nullable
    MemorySegment of(BatchProduct product) {
        int place = products.indexOf(product);
        return place < 0 ? null : parts.get(place);
    }

    private void divide(int columns, int rows) {
        long bytes = 0;
        for (BatchProduct product : products) {
            bytes += aligned(product.preparedBytes(columns, rows));
        }
        if (memory.byteSize() < bytes) {
            memory = Arena.ofAuto().allocate(bytes, ALIGNMENT);
        }
        parts.clear();
        long from = 0;
        for (BatchProduct product : products) {
            long size = aligned(product.preparedBytes(columns, rows));
            parts.add(memory.asSlice(from, size));
            from += size;
        }
    }

    private static void fill(
            ForwardPass pass, Rows in, int rows, int columns, BatchProduct product, MemorySegment part) {
        int together = product.tokensTogether();
        int groups = (rows + together - 1) / together;
        pass.forRows(
                groups,
                4L * together * columns,
                (from, to) -> product.prepare(
                        in.data(),
                        0,
                        in.columns(),
                        columns,
                        rows,
                        from * together,
                        Math.min(rows, to * together),
                        part));
    }

    private static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
