package org.llmspell.engine.layer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.Kernels;

/**
 * The inputs of the products at work in the forms in which those take activations, so that each is made once and not by every
 * share of the rows. There is one input, or as many as experts are at work, each with a number. The next ones take their place.
 * Changed by the thread that runs the pass, between meetings of the workers.
 */
final class PreparedInput {
    /** The number of an input that is the only one. */
    static final int ONLY = 0;

    private static final int ALIGNMENT = 64;

    private final List<Part> parts = new ArrayList<>();
    private MemorySegment memory = MemorySegment.NULL;

    /** Rows of an input in the form of one product, which begins at byte {@code at} of the memory. */
    private record Part(int input, BatchProduct product, Rows in, int inRow, int rows, int columns, long at) {
        long end() {
            return at + Math.ceilDiv(product.preparedBytes(columns, rows), ALIGNMENT) * ALIGNMENT;
        }

        /** Shares that it can be made in. */
        int shares() {
            return Math.ceilDiv(rows, product.tokensTogether());
        }

        long workOfShare() {
            return 4L * product.tokensTogether() * columns;
        }

        void prepare(MemorySegment memory, int from, int to) {
            int together = product.tokensTogether();
            product.prepare(
                    in.data(),
                    in.at(inRow),
                    in.columns(),
                    columns,
                    rows,
                    from * together,
                    Math.min(rows, to * together),
                    memory.asSlice(at, end() - at));
        }
    }

    /** Takes the first {@code rows} rows of {@code in}, the only input, in every form that a product with one of {@code layers} has. */
    void prepare(ForwardPass pass, Rows in, int rows, Linear... layers) {
        clear();
        add(pass.kernels, ONLY, in, 0, rows, layers);
        fill(pass);
    }

    /** Forgets all inputs. */
    void clear() {
        parts.clear();
    }

    /** Adds {@code rows} rows of {@code in} from {@code inRow} on as an input for {@code layers}; {@link #fill} prepares them. */
    void add(Kernels kernels, int input, Rows in, int inRow, int rows, Linear... layers) {
        for (Linear layer : layers) {
            BatchProduct product = kernels.batchProduct(layer.weights(), rows);
            if (product != null && part(input, product) == null) {
                int columns = layer.weights().columns();
                long at = parts.isEmpty() ? 0 : parts.getLast().end();
                parts.add(new Part(input, product, in, inRow, rows, columns, at));
            }
        }
    }

    /** Prepares all that was added, in one meeting of the workers. */
    void fill(ForwardPass pass) {
        if (parts.isEmpty()) {
            return;
        }
        long bytes = parts.getLast().end();
        if (memory.byteSize() < bytes) {
            memory = Arena.ofAuto().allocate(bytes, ALIGNMENT);
        }
        int shares = 0;
        long work = 0;
        for (Part part : parts) {
            shares += part.shares();
            work = Math.max(work, part.workOfShare());
        }
        pass.forRows(shares, work, this::prepare);
    }

    /** Shares {@code from} to {@code to} of all parts, one part after the other. */
    private void prepare(int from, int to) {
        int before = 0;
        for (Part part : parts) {
            int first = Math.max(0, from - before);
            int last = Math.min(part.shares(), to - before);
            if (first < last) {
                part.prepare(memory, first, last);
            }
            before += part.shares();
        }
    }

    /** The input of that number as {@code product} takes it, or null if it was not prepared for it. */
    @Nullable
    MemorySegment of(int input, BatchProduct product) {
        Part part = part(input, product);
        return part == null ? null : memory.asSlice(part.at, part.end() - part.at);
    }

    private @Nullable Part part(int input, BatchProduct product) {
        // There are one or two of each expert at work; the one just added is at the end.
        for (int i = parts.size() - 1; i >= 0; i--) {
            Part part = parts.get(i);
            if (part.input == input && part.product.equals(product)) {
                return part;
            }
        }
        return null;
    }
}
