package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Kernels#attention} works on: {@code rows} consecutive query positions of one sequence.
 *
 * <p>Page {@code p} of keys holds positions {@code p·pageTokens} up to {@code (p+1)·pageTokens − 1} of one layer,
 * {@code [kvHeads][pageTokens]} heads of {@code keyDimension} elements in {@code format}; of values likewise. Keys and values of
 * the query rows themselves are already there.
 *
 * @param heads query heads, a multiple of {@code kvHeads}; heads {@code h·group … (h+1)·group − 1} share key-value head h
 * @param keyDimension elements of a query or key head
 * @param valueDimension elements of a value head
 * @param format of keys and values
 * @param query float32 {@code [rows][heads][keyDimension]} from element {@code queryIndex}
 * @param out float32 {@code [rows][heads][valueDimension]} from element {@code outIndex}; overwritten
 * @param firstPosition position of row 0; row r sees positions {@code max(0, p − window + 1)} to {@code p = firstPosition + r}
 * @param window how many positions a row sees, itself included; {@link Integer#MAX_VALUE} for all
 * @param scale multiplies every score, usually {@code 1/√keyDimension}
 * @param softcap 0, or c for {@code c·tanh(score/c)} after scaling
 * @param sinks null, or per query head a logit that takes part in the softmax and adds nothing
 */
@SuppressWarnings("ArrayRecordComponent") // made once a layer on the hot path and never compared
public record AttentionCall(
        int heads,
        int kvHeads,
        int keyDimension,
        int valueDimension,
        int pageTokens,
        CacheFormat format,
        MemorySegment query,
        long queryIndex,
        MemorySegment[] keyPages,
        MemorySegment[] valuePages,
        MemorySegment out,
        long outIndex,
        int rows,
        int firstPosition,
        int window,
        float scale,
        float softcap,
        float @Nullable [] sinks) {
    /** Query heads that share one key-value head. */
    public int group() {
        return heads / kvHeads;
    }

    /** The first position that row {@code row} sees. */
    public int firstVisible(int row) {
        return (int) Math.max(0, (long) firstPosition + row - window + 1);
    }
}
