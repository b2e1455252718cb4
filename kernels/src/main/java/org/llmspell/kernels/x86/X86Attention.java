package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.AttentionCall;

/**
 * Attention in assembled code: takes the queries of some rows through the pages of the cache, each page being widened once for all
 * of them. Code is made for each size of heads when it is first asked for. Thread-safe, each thread with scratch memory of its
 * own. Arguments must be checked before.
 */
final class X86Attention {
    /** Query vectors (rows times heads of the group) that share a widened page; their states stay in the second cache. */
    private static final int QUERIES = 64;

    /** The same where they go through tiles. */
    private static final int TILED_QUERIES = 256;

    /** Rows that are computed as one alone is: a token gets the same result among a few others, such as guesses of the next ones. */
    private static final int FEW_ROWS = 8;

    private record Code(Routine page, Routine finish) {}

    private record TileCode(Routine widen, Routine tiles) {}

    private final AttentionCodes set;
    private final Map<AttentionCode, Code> codes = new ConcurrentHashMap<>();
    private final Map<AttentionTileCode, TileCode> tileCodes = new ConcurrentHashMap<>();
    private final Routine scaleQueries;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    X86Attention(AttentionCodes set) {
        this.set = set;
        scaleQueries = set.scaleQueries();
    }

    /** Whether there can be code for heads and pages of these sizes. */
    boolean supports(AttentionCall call) {
        return set.possible(call.keyDimension(), call.valueDimension(), call.pageTokens());
    }

    void run(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        AttentionCode shape = new AttentionCode(
                call.keyDimension(), call.valueDimension(), call.pageTokens(), call.format(), call.softcap() != 0);
        Code code = codes.computeIfAbsent(shape, this::assemble);
        int rows = rowTo - rowFrom;
        boolean tiled = (rows <= FEW_ROWS ? 1 : rows) * call.group() >= 2 * set.tileQueries()
                && set.tilesPossible(call.keyDimension(), call.valueDimension(), call.pageTokens());
        TileCode tiles = tiled ? tileCodes.computeIfAbsent(tileShape(call), this::assemble) : null;
        int most = tiled ? TILED_QUERIES : QUERIES;
        int blockRows = Math.min(rowTo - rowFrom, Math.max(1, most / call.group()));
        Scratch memory = scratch.get();
        memory.reserve(shape, blockRows * call.group());
        for (int row = rowFrom; row < rowTo; row += blockRows) {
            int end = Math.min(rowTo, row + blockRows);
            new Block(set, call, kvHead, row, end, shape, code, tiles, scaleQueries, memory).run();
        }
    }

    private static AttentionTileCode tileShape(AttentionCall call) {
        return new AttentionTileCode(call.keyDimension(), call.valueDimension(), call.format(), call.softcap() != 0);
    }

    private TileCode assemble(AttentionTileCode shape) {
        return new TileCode(set.widen(shape), set.tiles(shape));
    }

    private Code assemble(AttentionCode shape) {
        return new Code(set.page(shape), set.finish(shape));
    }

    /** Consecutive rows that go through the pages together: in tiles, if there is code for these. */
    private record Block(
            AttentionCodes set,
            AttentionCall call,
            int kvHead,
            int rowFrom,
            int rowTo,
            AttentionCode shape,
            Code code,
            @Nullable TileCode tiles,
            Routine scaleQueries,
            Scratch memory) {
        void run() {
            begin();
            int pageTokens = call.pageTokens();
            int last = call.firstPosition() + rowTo - 1;
            if (tiles != null) {
                beginTiles();
            }
            for (int page = call.firstVisible(rowFrom) / pageTokens; page <= last / pageTokens; page++) {
                if (tiles == null) {
                    page(page);
                } else {
                    tiledPage(tiles, page);
                }
            }
            Arguments arguments = memory.arguments;
            long out = call.outIndex()
                    + ((long) rowFrom * call.heads() + (long) kvHead * call.group()) * call.valueDimension();
            arguments.set(AttentionCode.QUERY, call.out().address() + Float.BYTES * out);
            arguments.set(AttentionCode.QUERY_STRIDE, (long) Float.BYTES * call.heads() * call.valueDimension());
            arguments.set(AttentionCode.ROWS, rowTo - rowFrom);
            arguments.set(AttentionCode.STATES, memory.states.address());
            arguments.call(code.finish);
        }

        /** Empty sums, and maxima below every score; or the sinks, which are scores without values. */
        private void begin() {
            memory.begin(shape, (rowTo - rowFrom) * call.group(), lowest());
            float[] sinks = call.sinks();
            for (int i = 0; sinks != null && i < (rowTo - rowFrom) * call.group(); i++) {
                long state = (long) i * shape.stateBytes();
                float sink = sinks[kvHead * call.group() + i % call.group()];
                memory.states.set(ValueLayout.JAVA_FLOAT, state + AttentionCode.STATE_MAXIMUM, sink);
                memory.states.set(ValueLayout.JAVA_FLOAT, state + AttentionCode.STATE_SUMS, 1);
            }
            Arguments arguments = memory.arguments;
            arguments.set(AttentionCode.WIDE_KEYS, memory.keys.address());
            arguments.set(AttentionCode.WIDE_VALUES, memory.values.address());
            arguments.set(AttentionCode.QUERY_STRIDE, (long) Float.BYTES * call.heads() * call.keyDimension());
            arguments.set(AttentionCode.GROUP, call.group());
            arguments.setFloat(AttentionCode.SCALE, call.scale());
            arguments.setFloat(AttentionCode.CAP, call.softcap());
            arguments.setFloat(AttentionCode.TWO_BY_CAP, 2 / call.softcap());
        }

        /** Below every score. In tiles a state goes through positions that it does not see, so that the difference of two must be 0. */
        private float lowest() {
            return tiles == null ? Float.NEGATIVE_INFINITY : -Float.MAX_VALUE;
        }

        private void beginTiles() {
            Arguments arguments = memory.arguments;
            long query = call.queryIndex()
                    + ((long) rowFrom * call.heads() + (long) kvHead * call.group()) * call.keyDimension();
            arguments.set(AttentionCode.QUERY, call.query().address() + Float.BYTES * query);
            arguments.set(AttentionCode.ROWS, rowTo - rowFrom);
            arguments.set(AttentionTileCode.ROW_VECTORS, call.group() * call.keyDimension() / set.lanes());
            arguments.set(AttentionTileCode.SCALED_QUERIES, memory.queries.address());
            arguments.call(scaleQueries);
            arguments.set(AttentionTileCode.TURNED_KEYS, memory.turnedKeys.address());
            arguments.set(AttentionTileCode.WIDE_VALUES, memory.tileValues.address());
            arguments.set(AttentionTileCode.WEIGHTS, memory.weights.address());
        }

        private void tiledPage(TileCode code, int page) {
            int start = page * call.pageTokens();
            for (int from = start; from < start + call.pageTokens(); from += AttentionTileCode.KEYS) {
                int to = Math.min(from + AttentionTileCode.KEYS, call.firstPosition() + rowTo);
                if (to <= Math.max(from, call.firstVisible(rowFrom))) {
                    continue;
                }
                Arguments arguments = memory.arguments;
                long first = (long) kvHead * call.pageTokens() + from - start;
                arguments.set(
                        AttentionTileCode.STORED_KEYS,
                        call.keyPages()[page].address() + first * call.format().bytes(call.keyDimension()));
                arguments.set(
                        AttentionTileCode.STORED_VALUES,
                        call.valuePages()[page].address()
                                + first * call.format().bytes(call.valueDimension()));
                arguments.set(AttentionTileCode.SEEN, to - from);
                arguments.call(code.widen);
                if (arguments.result(AttentionTileCode.FINITE) == 0) {
                    tiles(code, from, to);
                } else {
                    positions(page, from, to);
                }
            }
        }

        /** All tiles of query vectors that see any of the positions. */
        private void tiles(TileCode code, int from, int to) {
            int firstRow = Math.max(rowFrom, from - call.firstPosition());
            int endRow = firstRow;
            int group = call.group();
            for (int row = firstRow; row < rowTo && call.firstVisible(row) < to; row++) {
                int seenFrom = seenFrom(row, from) - from;
                int seenTo = seenTo(row, to) - from;
                int bits = (int) ((-1L >>> (64 - seenTo)) & (-1L << seenFrom));
                for (int head = 0; head < group; head++) {
                    memory.visible.setAtIndex(ValueLayout.JAVA_INT, (long) (row - firstRow) * group + head, bits);
                }
                endRow = row + 1;
            }
            if (endRow == firstRow) {
                return;
            }
            int queries = (endRow - firstRow) * group;
            int count = Math.ceilDiv(queries, set.tileQueries());
            for (int query = queries; query < count * set.tileQueries(); query++) {
                memory.visible.setAtIndex(ValueLayout.JAVA_INT, query, 0);
            }
            Arguments arguments = memory.arguments;
            long before = (long) (firstRow - rowFrom) * group;
            arguments.set(
                    AttentionTileCode.SCALED_QUERIES,
                    memory.queries.address() + before * Float.BYTES * call.keyDimension());
            arguments.set(AttentionTileCode.STATES, memory.states.address() + before * shape.stateBytes());
            arguments.set(AttentionTileCode.VISIBLE, memory.visible.address());
            arguments.set(AttentionTileCode.TILES, count);
            arguments.call(code.tiles);
        }

        /** One page: at once for the rows that see all of it, row by row where only a part is seen. */
        private void page(int page) {
            positions(page, page * call.pageTokens(), (page + 1) * call.pageTokens());
        }

        /** Some positions of a page. */
        private void positions(int page, int from, int to) {
            int start = page * call.pageTokens();
            int lastSeen = Math.min(to, call.firstPosition() + rowTo) - start;
            Arguments arguments = memory.arguments;
            long heads = (long) kvHead * call.pageTokens();
            long keys = heads * call.format().bytes(call.keyDimension());
            long values = heads * call.format().bytes(call.valueDimension());
            arguments.set(AttentionCode.KEYS, call.keyPages()[page].address() + keys);
            arguments.set(AttentionCode.VALUES, call.valuePages()[page].address() + values);
            arguments.set(AttentionCode.WIDENED, lastSeen);
            int row = rowFrom;
            while (row < rowTo) {
                int seenFrom = seenFrom(row, from);
                int seenTo = seenTo(row, to);
                int next = row + 1;
                while (next < rowTo && seenFrom(next, from) == seenFrom && seenTo(next, to) == seenTo) {
                    next++;
                }
                if (seenFrom < seenTo) {
                    rows(row, next, seenFrom - start, seenTo - start);
                    arguments.set(AttentionCode.WIDENED, 0);
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
            Arguments arguments = memory.arguments;
            long query = call.queryIndex()
                    + ((long) first * call.heads() + (long) kvHead * call.group()) * call.keyDimension();
            arguments.set(AttentionCode.QUERY, call.query().address() + Float.BYTES * query);
            arguments.set(AttentionCode.ROWS, next - first);
            long state = (long) (first - rowFrom) * call.group() * shape.stateBytes();
            arguments.set(AttentionCode.STATES, memory.states.address() + state);
            arguments.set(AttentionCode.VISIBLE, to);
            arguments.set(AttentionCode.VISIBLE_BITS, (-1L >>> (64 - to)) & (-1L << from));
            arguments.set(AttentionCode.FIRST_VALUE, memory.values.address() + (long) from * shape.wideValueBytes());
            arguments.set(
                    AttentionCode.FIRST_WEIGHT, arguments.address() + AttentionCode.SCORES + (long) Float.BYTES * from);
            arguments.set(AttentionCode.SEEN, to - from);
            arguments.call(code.page);
        }
    }

    /** A thread's argument block, its widened page and its query vectors' states. */
    private static final class Scratch {
        final Arguments arguments = new Arguments(AttentionTileCode.ARGUMENT_BYTES);
        MemorySegment keys = MemorySegment.NULL;
        MemorySegment values = MemorySegment.NULL;
        MemorySegment states = MemorySegment.NULL;
        private MemorySegment empty = MemorySegment.NULL;
        private int emptyStates;
        private int emptyStateBytes;
        private float emptyMaximum;
        MemorySegment queries = MemorySegment.NULL;
        MemorySegment visible = MemorySegment.NULL;
        MemorySegment turnedKeys = MemorySegment.NULL;
        MemorySegment tileValues = MemorySegment.NULL;
        final MemorySegment weights =
                Arena.ofAuto().allocate(4L * AttentionTileCode.KEYS * AttentionTileCode.QUERIES, 64);

        void reserve(AttentionCode shape, int queryVectors) {
            // Room for a last tile that is not full.
            long queries = (long) queryVectors + AttentionTileCode.QUERIES;
            keys = atLeast(keys, (long) shape.pageTokens() * shape.wideKeyBytes());
            values = atLeast(values, (long) shape.pageTokens() * shape.wideValueBytes());
            states = atLeast(states, queries * shape.stateBytes());
            this.queries = atLeast(this.queries, queries * Float.BYTES * shape.keyDimension());
            visible = atLeast(visible, (queries + 1) * Integer.BYTES);
            turnedKeys = atLeast(turnedKeys, 4L * AttentionTileCode.KEYS * shape.keyDimension());
            tileValues = atLeast(tileValues, 4L * AttentionTileCode.KEYS * shape.valueDimension());
        }

        /** Makes the first {@code count} states empty: sums of nothing. All are copied at once from such as were made before. */
        void begin(AttentionCode shape, int count, float maximum) {
            int stateBytes = shape.stateBytes();
            long bytes = (long) count * stateBytes;
            if (emptyStates < count || emptyStateBytes != stateBytes || emptyMaximum != maximum) {
                empty = atLeast(empty, bytes);
                empty.asSlice(0, bytes).fill((byte) 0);
                emptyStates = count;
                emptyStateBytes = stateBytes;
                emptyMaximum = maximum;
                for (int i = 0; i < count; i++) {
                    empty.set(ValueLayout.JAVA_FLOAT, (long) i * stateBytes + AttentionCode.STATE_MAXIMUM, maximum);
                }
            }
            MemorySegment.copy(empty, 0, states, 0, bytes);
        }

        private static MemorySegment atLeast(MemorySegment held, long bytes) {
            return held.byteSize() >= bytes ? held : Arena.ofAuto().allocate(bytes, 64);
        }
    }
}
