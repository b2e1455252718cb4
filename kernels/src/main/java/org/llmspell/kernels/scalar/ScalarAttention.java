package org.llmspell.kernels.scalar;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.CacheFormat;

/**
 * Attention one query row and head at a time, one position after the other: the online softmax of Milakov and Gimelshein
 * (2018) in float64.
 */
final class ScalarAttention {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final ThreadLocal<double[]> sums = ThreadLocal.withInitial(() -> new double[128]);

    void run(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        double[] sum = sums.get();
        if (sum.length < call.valueDimension()) {
            sum = new double[call.valueDimension()];
            sums.set(sum);
        }
        for (int row = rowFrom; row < rowTo; row++) {
            for (int head = kvHead * call.group(); head < (kvHead + 1) * call.group(); head++) {
                attend(call, kvHead, row, head, sum);
            }
        }
    }

    private static void attend(AttentionCall call, int kvHead, int row, int head, double[] sum) {
        float[] sinks = call.sinks();
        double max = sinks == null ? Double.NEGATIVE_INFINITY : sinks[head];
        double total = sinks == null ? 0 : 1;
        Arrays.fill(sum, 0);
        int last = call.firstPosition() + row;
        for (int position = call.firstVisible(row); position <= last; position++) {
            double score = score(call, kvHead, row, head, position);
            double newMax = Math.max(max, score);
            // The first score meets a maximum of −∞, whose factor is 0.
            double keep = max == newMax ? 1 : Math.exp(max - newMax);
            double weight = Math.exp(score - newMax);
            MemorySegment page = call.valuePages()[position / call.pageTokens()];
            long value = inPage(call, kvHead, position) * call.format().bytes(call.valueDimension());
            for (int i = 0; i < call.valueDimension(); i++) {
                sum[i] = sum[i] * keep + weight * element(call, page, value, i);
            }
            total = total * keep + weight;
            max = newMax;
        }
        long out = call.outIndex() + ((long) row * call.heads() + head) * call.valueDimension();
        for (int i = 0; i < call.valueDimension(); i++) {
            call.out().set(FLOAT, (out + i) * Float.BYTES, (float) (sum[i] / total));
        }
    }

    private static double score(AttentionCall call, int kvHead, int row, int head, int position) {
        MemorySegment page = call.keyPages()[position / call.pageTokens()];
        long key = inPage(call, kvHead, position) * call.format().bytes(call.keyDimension());
        long query = call.queryIndex() + ((long) row * call.heads() + head) * call.keyDimension();
        double dot = 0;
        for (int i = 0; i < call.keyDimension(); i++) {
            dot += (double) call.query().get(FLOAT, (query + i) * Float.BYTES) * element(call, page, key, i);
        }
        double score = dot * call.scale();
        return call.softcap() == 0 ? score : call.softcap() * Math.tanh(score / call.softcap());
    }

    /** The row of {@code position} within its page of [kvHeads][pageTokens]. */
    private static long inPage(AttentionCall call, int kvHead, int position) {
        return (long) kvHead * call.pageTokens() + position % call.pageTokens();
    }

    /** Element {@code i} of the head that begins at byte {@code head}. */
    private static float element(AttentionCall call, MemorySegment page, long head, int i) {
        return switch (call.format()) {
            case HALF -> Float.float16ToFloat(page.get(SHORT, head + (long) i * Short.BYTES));
            case BYTES -> {
                long block = head + CacheFormat.BYTES.bytes(i - i % CacheFormat.BLOCK);
                float scale = Float.float16ToFloat(page.get(SHORT, block));
                yield scale * page.get(ValueLayout.JAVA_BYTE, block + Short.BYTES + i % CacheFormat.BLOCK);
            }
        };
    }
}
