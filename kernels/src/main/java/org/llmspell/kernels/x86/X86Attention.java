package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.llmspell.kernels.AttentionCall;

/**
 * Attention in assembled code: takes the queries of some rows through the pages of the cache, each page being widened once for all
 * of them. Code is made for each size of heads when it is first asked for. Thread-safe, each thread with scratch memory of its
 * own. Arguments must be checked before.
 */
final class X86Attention {
    /** Query vectors (rows times heads of the group) that share a widened page; their states stay in the second cache. */
    private static final int QUERIES = 64;

    private record Code(Routine page, Routine finish) {}

    private final Map<AttentionCode, Code> codes = new ConcurrentHashMap<>();
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    /** Whether there can be code for heads and pages of these sizes. */
    boolean supports(AttentionCall call) {
        return AttentionCode.possible(call.keyDimension(), call.valueDimension(), call.pageTokens());
    }

    void run(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        AttentionCode shape = new AttentionCode(
                call.keyDimension(), call.valueDimension(), call.pageTokens(), call.format(), call.softcap() != 0);
        Code code = codes.computeIfAbsent(shape, X86Attention::assemble);
        int blockRows = Math.min(rowTo - rowFrom, Math.max(1, QUERIES / call.group()));
        Scratch memory = scratch.get();
        memory.reserve(shape, blockRows * call.group());
        for (int row = rowFrom; row < rowTo; row += blockRows) {
            new Block(call, kvHead, row, Math.min(rowTo, row + blockRows), shape, code, memory).run();
        }
    }

    private static Code assemble(AttentionCode shape) {
        try {
            return new Code(shape.page(), shape.finish());
        } catch (ExecutableMemory.Refused e) {
            throw new IllegalStateException("no more executable memory, though there was some at start", e);
        }
    }

    /** Consecutive rows that go through the pages together. */
    private record Block(
            AttentionCall call, int kvHead, int rowFrom, int rowTo, AttentionCode shape, Code code, Scratch memory) {
        void run() {
            begin();
            int pageTokens = call.pageTokens();
            int last = call.firstPosition() + rowTo - 1;
            for (int page = call.firstVisible(rowFrom) / pageTokens; page <= last / pageTokens; page++) {
                page(page);
            }
            MemorySegment arguments = memory.arguments;
            long out = call.outIndex()
                    + ((long) rowFrom * call.heads() + (long) kvHead * call.group()) * call.valueDimension();
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.QUERY, call.out().address() + Float.BYTES * out);
            arguments.set(
                    ValueLayout.JAVA_LONG,
                    AttentionCode.QUERY_STRIDE,
                    (long) Float.BYTES * call.heads() * call.valueDimension());
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.ROWS, rowTo - rowFrom);
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.STATES, memory.states.address());
            code.finish.call(arguments.address());
        }

        /** Empty sums, and maxima below every score; or the sinks, which are scores without values. */
        private void begin() {
            MemorySegment states = memory.states;
            int count = (rowTo - rowFrom) * call.group();
            states.asSlice(0, (long) count * shape.stateBytes()).fill((byte) 0);
            for (int i = 0; i < count; i++) {
                long state = (long) i * shape.stateBytes();
                float[] sinks = call.sinks();
                states.set(
                        ValueLayout.JAVA_FLOAT,
                        state + AttentionCode.STATE_MAXIMUM,
                        sinks == null ? Float.NEGATIVE_INFINITY : sinks[kvHead * call.group() + i % call.group()]);
                states.set(ValueLayout.JAVA_FLOAT, state + AttentionCode.STATE_SUMS, sinks == null ? 0 : 1);
            }
            MemorySegment arguments = memory.arguments;
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.WIDE_KEYS, memory.keys.address());
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.WIDE_VALUES, memory.values.address());
            arguments.set(
                    ValueLayout.JAVA_LONG,
                    AttentionCode.QUERY_STRIDE,
                    (long) Float.BYTES * call.heads() * call.keyDimension());
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.GROUP, call.group());
            arguments.set(ValueLayout.JAVA_FLOAT, AttentionCode.SCALE, call.scale());
            arguments.set(ValueLayout.JAVA_FLOAT, AttentionCode.CAP, call.softcap());
            arguments.set(ValueLayout.JAVA_FLOAT, AttentionCode.TWO_BY_CAP, 2 / call.softcap());
        }

        /** One page: at once for the rows that see all of it, row by row where only a part is seen. */
        private void page(int page) {
            int start = page * call.pageTokens();
            int end = start + call.pageTokens();
            int lastSeen = Math.min(end, call.firstPosition() + rowTo) - start;
            MemorySegment arguments = memory.arguments;
            long heads = (long) kvHead * call.pageTokens();
            long keys = heads * call.format().bytes(call.keyDimension());
            long values = heads * call.format().bytes(call.valueDimension());
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.KEYS, call.keyPages()[page].address() + keys);
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.VALUES, call.valuePages()[page].address() + values);
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.WIDENED, lastSeen);
            int row = rowFrom;
            while (row < rowTo) {
                int from = seenFrom(row, start);
                int to = seenTo(row, end);
                int next = row + 1;
                while (next < rowTo && seenFrom(next, start) == from && seenTo(next, end) == to) {
                    next++;
                }
                if (from < to) {
                    rows(row, next, from - start, to - start);
                    arguments.set(ValueLayout.JAVA_LONG, AttentionCode.WIDENED, 0);
                }
                row = next;
            }
        }

        private int seenFrom(int row, int start) {
            return Math.max(start, call.firstVisible(row));
        }

        private int seenTo(int row, int end) {
            return Math.min(end, call.firstPosition() + row + 1);
        }

        /** Rows that all see the positions {@code from} to {@code to} of the page. */
        private void rows(int first, int next, int from, int to) {
            MemorySegment arguments = memory.arguments;
            long query = call.queryIndex()
                    + ((long) first * call.heads() + (long) kvHead * call.group()) * call.keyDimension();
            arguments.set(
                    ValueLayout.JAVA_LONG, AttentionCode.QUERY, call.query().address() + Float.BYTES * query);
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.ROWS, next - first);
            long state = (long) (first - rowFrom) * call.group() * shape.stateBytes();
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.STATES, memory.states.address() + state);
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.VISIBLE, to);
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.VISIBLE_BITS, (-1L >>> (64 - to)) & (-1L << from));
            arguments.set(
                    ValueLayout.JAVA_LONG,
                    AttentionCode.FIRST_VALUE,
                    memory.values.address() + (long) Float.BYTES * from * call.valueDimension());
            arguments.set(
                    ValueLayout.JAVA_LONG,
                    AttentionCode.FIRST_WEIGHT,
                    arguments.address() + AttentionCode.SCORES + (long) Float.BYTES * from);
            arguments.set(ValueLayout.JAVA_LONG, AttentionCode.SEEN, to - from);
            code.page.call(arguments.address());
        }
    }

    /** A thread's argument block, its widened page and its query vectors' states. */
    private static final class Scratch {
        final MemorySegment arguments = Arena.ofAuto().allocate(AttentionCode.ARGUMENT_BYTES, 64);
        MemorySegment keys = MemorySegment.NULL;
        MemorySegment values = MemorySegment.NULL;
        MemorySegment states = MemorySegment.NULL;

        void reserve(AttentionCode shape, int queries) {
            keys = atLeast(keys, 4L * shape.pageTokens() * shape.keyDimension());
            values = atLeast(values, 4L * shape.pageTokens() * shape.valueDimension());
            states = atLeast(states, (long) queries * shape.stateBytes());
        }

        private static MemorySegment atLeast(MemorySegment held, long bytes) {
            return held.byteSize() >= bytes ? held : Arena.ofAuto().allocate(bytes, 64);
        }
    }
}
