package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive tokens of one sequence through a linear recurrence with a matrix for a state. For each token and head, with its
 * decay a, rate r, key k, value v and query q, the state S {@code [valueDimension][keyDimension]} becomes
 * {@code S = a·S + u kᵀ} with {@code u = r·v}, or {@code u = r·(v − a·S k)} where {@code corrects} is set, and the result is
 * {@code S q · scale}. The first is the recurrence of Mamba 2 (Dao and Gu 2024), the second the gated delta rule (Yang et al.
 * 2024). Elements are float32.
 *
 * @param tokens how many
 * @param heads of values, decays and rates
 * @param keyHeads of keys and queries, which the value heads share; divides {@code heads}
 * @param neighbours whether heads that share a key head follow each other, or are {@code keyHeads} apart
 * @param in keys, values and queries: rows {@code inStride} elements apart, which at {@code query} and {@code key} hold
 *     {@code [keyHeads][keyDimension]} and at {@code value} hold {@code [heads][valueDimension]}
 * @param gates rows {@code gateStride} elements apart, which at {@code decay} and {@code rate} hold {@code [heads]}
 * @param out rows {@code outStride} elements apart, the first {@code [heads][valueDimension]} at element {@code outIndex}
 * @param before {@code [heads][valueDimension][keyDimension]}; not written
 * @param after receives the state after the last token; shares no memory with {@code before}
 * @param kept null, or receives the state after token {@code keptTokens − 1}
 */
public record ScanCall(
        int tokens,
        int heads,
        int keyHeads,
        boolean neighbours,
        int keyDimension,
        int valueDimension,
        MemorySegment in,
        long inStride,
        long query,
        long key,
        long value,
        MemorySegment gates,
        long gateStride,
        long decay,
        long rate,
        MemorySegment out,
        long outIndex,
        long outStride,
        MemorySegment before,
        MemorySegment after,
        @Nullable MemorySegment kept,
        int keptTokens,
        boolean corrects,
        float scale) {
    /** The key head that {@code head} uses. */
    public int keyHead(int head) {
        return neighbours ? head / (heads / keyHeads) : head % keyHeads;
    }

    /** Elements of one head's state. */
    public long stateSize() {
        return (long) valueDimension * keyDimension;
    }
}
