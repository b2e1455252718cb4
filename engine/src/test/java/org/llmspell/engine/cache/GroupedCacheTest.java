package org.llmspell.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.cache.KvLayout.Layer;
import org.llmspell.engine.cache.KvLayout.Precision;

/** Windows and recurrent states beside layers that see everything: what is held, what is found again, and what is in it. */
class GroupedCacheTest {
    private static final int PAGE = KvLayout.PAGE_TOKENS;
    private static final int WINDOW = 40;

    /** Layers that see everything, have a window, keep a state, and have a window again. */
    private static final KvLayout MIXED = new KvLayout(
            List.of(
                    Layer.attention(1, 4, 4),
                    Layer.attention(2, 4, 4).withWindow(WINDOW),
                    Layer.recurrent(3),
                    Layer.attention(1, 8, 4).withWindow(WINDOW)),
            Precision.HALF);

    private static final KvLayout WINDOWS =
            new KvLayout(List.of(Layer.attention(1, 4, 4).withWindow(WINDOW)), Precision.HALF);
    private static final KvLayout STATES = new KvLayout(List.of(Layer.recurrent(3)), Precision.HALF);

    private static int[] tokens(int from, int count) {
        return IntStream.range(from, from + count).toArray();
    }

    private static SequenceCache admit(PagePool pool, int[] prompt, int capacity) {
        return Objects.requireNonNull(pool.admit(0, prompt, capacity));
    }

    /** Computes tokens in passes of {@code chunk}, leaving in the cache what {@link Content} expects. */
    private static void compute(PagePool pool, SequenceCache cache, int[] tokens, int to, int chunk) {
        while (cache.length() < to) {
            int count = Math.min(chunk, to - cache.length());
            cache.append(tokens, cache.length(), count);
            Content.check(pool, cache, tokens, count);
            Content.write(pool, cache, tokens, count);
            cache.commit();
        }
    }

    @Test
    void layersWithTheSameWindowShareAGroup() {
        assertThat(MIXED.groups())
                .extracting(LayerGroup::kind)
                .containsExactly(LayerGroup.Kind.EVERYTHING, LayerGroup.Kind.WINDOW, LayerGroup.Kind.STATE);
        assertThat(MIXED.groups().get(1).layers()).containsExactly(1, 3);
        assertThat(MIXED.groups().get(1).pageBytes()).isEqualTo(2 * 512 + 512 + 256);
        assertThat(MIXED.groups().get(2).pageBytes()).isEqualTo(64);
    }

    @Test
    void aWindowHoldsItsOwnAndAPassesPagesHoweverLongTheSequence() {
        int pass = 64;
        int most = (WINDOW + pass) / PAGE + 2;
        assertThat(MIXED.groups().get(1).need(100_000, pass)).isLessThanOrEqualTo(most);
        try (PagePool pool = new PagePool(MIXED, pass, new int[] {100, most, 3}, false)) {
            int[] prompt = tokens(0, 2500);
            try (SequenceCache cache = admit(pool, prompt, 3000)) {
                compute(pool, cache, prompt, 2400, 64);
                compute(pool, cache, prompt, 2500, 1);
                assertThat(pool.allocated()[1]).isLessThanOrEqualTo(most);
                assertThat(pool.allocated()[2]).isLessThanOrEqualTo(3);
                assertThat(cache.keys(1)[0].byteSize()).as("passed over").isZero();
            }
            assertThat(pool.inUse() + pool.reserved()).isZero();
        }
    }

    @Test
    void aPromptGoesOnWhereTheWindowAndTheStateAreStillThere() {
        try (PagePool pool = new PagePool(MIXED, 64, new int[] {64, 8, 8}, true)) {
            int[] prompt = tokens(0, 640);
            try (SequenceCache cache = admit(pool, prompt, 700)) {
                compute(pool, cache, prompt, 640, 64);
            }
            int[] longer = tokens(0, 700);
            try (SequenceCache again = admit(pool, longer, 800)) {
                assertThat(again.cachedTokens()).isEqualTo(640);
                assertThat(again.keys(1)[0]).as("not needed any more").isNull();
                compute(pool, again, longer, 700, 50);
            }
            // Only 8 pages of windows were kept: of the beginning nothing is left to go on from.
            int[] other = tokens(0, 200);
            other[150] = 999;
            try (SequenceCache forked = admit(pool, other, 200)) {
                assertThat(forked.cachedTokens()).isZero();
                compute(pool, forked, other, 200, 64);
            }
        }
    }

    @Test
    void whileThereIsRoomAPromptMayForkAnywhereBehindTheWindow() {
        try (PagePool pool = new PagePool(WINDOWS, 64, new int[] {100}, true)) {
            int[] prompt = tokens(0, 640);
            try (SequenceCache cache = admit(pool, prompt, 700)) {
                compute(pool, cache, prompt, 640, 64);
            }
            int[] other = tokens(0, 200);
            other[150] = 999;
            try (SequenceCache forked = admit(pool, other, 200)) {
                assertThat(forked.cachedTokens()).isEqualTo(128);
                compute(pool, forked, other, 200, 64);
            }
        }
    }

    @Test
    void ofALongReplyTheEndsOfPromptAndReplyAreKeptLongest() {
        try (PagePool pool = new PagePool(STATES, 64, new int[] {5}, true)) {
            int[] conversation = tokens(0, 1000);
            int[] prompt = tokens(0, 330);
            try (SequenceCache cache = admit(pool, prompt, 1000)) {
                compute(pool, cache, conversation, 330, 64);
                compute(pool, cache, conversation, 1000, 1);
            }
            try (SequenceCache next = admit(pool, tokens(0, 1010), 1020)) {
                assertThat(next.cachedTokens()).as("the reply as it was").isEqualTo(992);
            }
            int[] edited = tokens(0, 1010);
            Arrays.fill(edited, 330, 1010, 7);
            try (SequenceCache next = admit(pool, edited, 1020)) {
                assertThat(next.cachedTokens()).as("another reply").isEqualTo(320);
            }
        }
    }

    @Test
    void aPassThatDidNotHappenLeavesTheStateAsItWas() {
        try (PagePool pool = new PagePool(MIXED, 64, new int[] {64, 64, 64}, true)) {
            int[] prompt = tokens(0, 100);
            int[] other = tokens(500, 100);
            try (SequenceCache cache = admit(pool, prompt, 100)) {
                compute(pool, cache, prompt, 20, 20);
                cache.append(other, 20, 40);
                Content.write(pool, cache, other, 40);
                assertThatThrownBy(() -> cache.append(other, 60, 1)).isInstanceOf(IllegalStateException.class);
                cache.rollback(40);
                compute(pool, cache, prompt, 100, 33);
            }
            assertThat(pool.inUse() + pool.reserved()).isZero();
        }
    }

    @Test
    void aSequenceIsAdmittedOnlyIfAllGroupsHaveRoom() {
        int window = WINDOWS.groups().getFirst().need(1000, 64);
        try (PagePool pool = new PagePool(MIXED, 64, new int[] {64, 2 * window, 8}, true)) {
            int[] prompt = tokens(0, 100);
            try (SequenceCache first = admit(pool, prompt, 300)) {
                compute(pool, first, prompt, 100, 64);
                // Though they share pages: one may let go of them while the other holds on.
                try (SequenceCache second = admit(pool, prompt, 300)) {
                    assertThat(second.cachedTokens()).isEqualTo(96);
                    assertThat(pool.admit(0, prompt, 300)).isNull();
                }
            }
            pool.raiseLimits(MIXED.groups().stream()
                    .mapToInt(group -> group.need(5000, 64))
                    .toArray());
            assertThat(pool.admit(0, prompt, 5000)).isNotNull();
        }
    }

    @Test
    void sharedPagesOfAWindowCountForEachWhoHoldsThem() {
        int window = WINDOWS.groups().getFirst().need(1000, 64);
        try (PagePool pool = new PagePool(WINDOWS, 64, new int[] {2 * window - 1}, true)) {
            int[] prompt = tokens(0, 100);
            try (SequenceCache first = admit(pool, prompt, 300)) {
                compute(pool, first, prompt, 100, 64);
                assertThat(pool.admit(0, prompt, 300))
                        .as("once it holds on and the first goes on, there are not enough")
                        .isNull();
            }
        }
    }

    @Test
    void aPassOfMoreTokensThanPromisedIsRefused() {
        try (PagePool pool = new PagePool(WINDOWS, 16, new int[] {20}, true)) {
            try (SequenceCache cache = admit(pool, tokens(0, 40), 40)) {
                assertThatThrownBy(() -> cache.append(tokens(0, 40), 0, 17))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void whateverIsAdmittedComputedAndClosedNothingLeaksAndNothingIsMixedUp(int which) {
        KvLayout layout = List.of(MIXED, WINDOWS, STATES).get(which);
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            int[] limits = layout.groups().stream()
                    .mapToInt(group -> group.need(300, 64) * (1 + random.nextInt(3)))
                    .toArray();
            PagePool pool = new PagePool(layout, 64, limits, random.nextInt(8) > 0);
            fuzz(pool, random);
            assertThat(pool.inUse() + pool.reserved()).as("seed %d", seed).isZero();
            for (int g = 0; g < limits.length; g++) {
                assertThat(pool.allocated()[g]).isLessThanOrEqualTo(limits[g]);
            }
            // Each known beginning has a page, or leads to one: no more than this many pages' ancestors.
            assertThat(pool.knownPrefixes()).isLessThanOrEqualTo((pool.cached() + 1) * KvLayout.pages(300));
            pool.close();
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Running(SequenceCache cache, int[] tokens) {}

    private static void fuzz(PagePool pool, Random random) {
        List<Running> running = new ArrayList<>();
        for (int step = 0; step < 400; step++) {
            int action = random.nextInt(10);
            if (action < 2 && running.size() < 5) {
                int[] all = conversation(random);
                int prompt = 1 + random.nextInt(250);
                SequenceCache cache = pool.admit(random.nextInt(2), Arrays.copyOf(all, prompt), all.length);
                if (cache != null) {
                    Content.check(pool, cache, all, 0);
                    running.add(new Running(cache, all));
                } else {
                    assertThat(running)
                            .as("nothing else runs, so there is room")
                            .isNotEmpty();
                }
            } else if (action < 3 && !running.isEmpty()) {
                running.remove(random.nextInt(running.size())).cache.close();
            } else if (!running.isEmpty()) {
                Running one = running.get(random.nextInt(running.size()));
                advance(pool, one, random);
            }
        }
        running.forEach(one -> one.cache.close());
    }

    /** One pass, which may fail; then the sequence goes on with other tokens where its prompt has been left behind. */
    private static void advance(PagePool pool, Running one, Random random) {
        int room = one.tokens.length - one.cache.length();
        if (room == 0) {
            return;
        }
        int count = Math.min(room, random.nextBoolean() ? 1 : 1 + random.nextInt(64));
        one.cache.append(one.tokens, one.cache.length(), count);
        Content.check(pool, one.cache, one.tokens, count);
        if (random.nextInt(6) == 0) {
            Content.write(pool, one.cache, new int[one.tokens.length], count);
            one.cache.rollback(count);
        } else {
            Content.write(pool, one.cache, one.tokens, count);
            one.cache.commit();
        }
    }

    /** 300 tokens that often begin as others do. */
    private static int[] conversation(Random random) {
        int[] tokens = new int[300];
        int forks = random.nextInt(3);
        for (int fork = 0; fork <= forks; fork++) {
            int from = fork == 0 ? 0 : random.nextInt(300);
            int kind = random.nextInt(2);
            for (int i = from; i < 300; i++) {
                tokens[i] = 1 + kind * 1000 + i;
            }
        }
        return tokens;
    }

    /** Stands for a model: writes what depends on all tokens so far, and checks that whatever a pass may read is that. */
    private static final class Content {
        private Content() {}

        private static short mark(int[] tokens, int position, int layer) {
            int hash = layer;
            for (int i = 0; i <= position; i++) {
                hash = hash * 31 + tokens[i];
            }
            return (short) (hash ^ (hash >>> 16));
        }

        /** What a pass of the last {@code count} tokens would write. */
        static void write(PagePool pool, SequenceCache cache, int[] tokens, int count) {
            int end = cache.length();
            for (LayerGroup group : pool.layout().groups()) {
                for (int layer : group.layers()) {
                    if (group.kind() == LayerGroup.Kind.STATE) {
                        StatePages states = cache.states();
                        state(states.after(layer), tokens, end, layer);
                        if (states.keeps()) {
                            state(states.kept(layer), tokens, end - count + states.keptRows(), layer);
                        }
                        continue;
                    }
                    for (int position = end - count; position < end; position++) {
                        long slot = position % PAGE;
                        short mark = mark(tokens, position, layer);
                        cache.keys(layer)[position / PAGE].setAtIndex(ValueLayout.JAVA_SHORT, slot, mark);
                        cache.values(layer)[position / PAGE].setAtIndex(ValueLayout.JAVA_SHORT, slot, mark);
                    }
                }
            }
        }

        private static void state(MemorySegment state, int[] tokens, int length, int layer) {
            state.setAtIndex(ValueLayout.JAVA_FLOAT, 0, length == 0 ? 0 : mark(tokens, length - 1, layer));
        }

        /** What a pass of the last {@code count} tokens may read of those before. */
        static void check(PagePool pool, SequenceCache cache, int[] tokens, int count) {
            int start = cache.length() - count;
            for (LayerGroup group : pool.layout().groups()) {
                for (int layer : group.layers()) {
                    if (group.kind() == LayerGroup.Kind.STATE) {
                        float expected = start == 0 ? 0 : mark(tokens, start - 1, layer);
                        if (count > 0) {
                            assertThat(cache.states().before(layer).getAtIndex(ValueLayout.JAVA_FLOAT, 0))
                                    .isEqualTo(expected);
                        }
                        continue;
                    }
                    boolean all = group.kind() == LayerGroup.Kind.EVERYTHING;
                    for (int position = all ? 0 : Math.max(0, start - WINDOW + 1); position < start; position++) {
                        long slot = position % PAGE;
                        short mark = mark(tokens, position, layer);
                        assertThat(cache.keys(layer)[position / PAGE].getAtIndex(ValueLayout.JAVA_SHORT, slot))
                                .isEqualTo(mark);
                        assertThat(cache.values(layer)[position / PAGE].getAtIndex(ValueLayout.JAVA_SHORT, slot))
                                .isEqualTo(mark);
                    }
                }
            }
        }
    }
}
