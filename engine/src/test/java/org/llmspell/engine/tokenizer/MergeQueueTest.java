package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MergeQueueTest {
    private record Pair(int priority, int position) {}

    @Test
    void givesTheLowestPriorityFirstAndEqualOnesFromTheLeft() {
        Random random = new Random(3);
        MergeQueue queue = new MergeQueue();
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Pair pair = new Pair(i % 10 == 0 ? random.nextInt() : random.nextInt(20) - 10, random.nextInt(1 << 30));
            pairs.add(pair);
            queue.push(pair.priority(), pair.position());
        }
        pairs.sort(Comparator.comparingInt(Pair::priority).thenComparingInt(Pair::position));
        List<Pair> popped = new ArrayList<>();
        while (!queue.isEmpty()) {
            long entry = queue.pop();
            popped.add(new Pair(MergeQueue.priority(entry), MergeQueue.position(entry)));
        }
        assertThat(popped).isEqualTo(pairs);
    }
}
