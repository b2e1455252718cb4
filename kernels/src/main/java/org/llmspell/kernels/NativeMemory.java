package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Which memory can be reached by its address, as kernels do that check bounds once and not at every access. */
public final class NativeMemory {
    private NativeMemory() {}

    /** Not on the Java heap; a segment that is closed cannot be reached either, and other code throws the right exception for it. */
    public static boolean reachable(MemorySegment segment) {
        return segment.isNative() && segment.scope().isAlive();
    }

    /** Likewise, and it may be written to. */
    public static boolean writable(MemorySegment segment) {
        return reachable(segment) && !segment.isReadOnly();
    }

    /** Whether queries, results and every page that the rows can see are reachable; the call's bounds must be checked before. */
    public static boolean reachable(AttentionCall call, int rowFrom, int rowTo) {
        int page = call.firstVisible(rowFrom) / call.pageTokens();
        int last = (call.firstPosition() + rowTo - 1) / call.pageTokens();
        boolean reachable = reachable(call.query()) && writable(call.out());
        for (; page <= last && reachable; page++) {
            reachable = reachable(call.keyPages()[page]) && reachable(call.valuePages()[page]);
        }
        return reachable;
    }

    /** Segments of a garbage-collected arena live until here, which is where the work on their addresses has ended. */
    @SuppressWarnings("ReachabilityFenceUsage")
    public static void keep(Object a, Object b, Object c) {
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(b);
        Reference.reachabilityFence(c);
    }
}
