package org.llmspell.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.cache.KvLayout.Precision;

class PagePoolTest {
    private static final KvLayout LAYOUT = new KvLayout(new int[] {2, 1}, 8, 4, Precision.HALF);
    private static final int PAGE = KvLayout.PAGE_TOKENS;

    private final PagePool pool = new PagePool(LAYOUT, 8 * PAGE, new int[] {8}, true);

    @AfterEach
    void free() {
        pool.close();
    }

    private static int[] tokens(int from, int count) {
        return IntStream.range(from, from + count).toArray();
    }

    private SequenceCache admit(int[] prompt, int capacity) {
        return Objects.requireNonNull(pool.admit(0, prompt, capacity));
    }

    /** Computes the rest of a prompt in one pass. */
    private static void compute(SequenceCache cache, int[] prompt) {
        cache.append(prompt, cache.length(), prompt.length - cache.length());
        cache.commit();
    }

    @Test
    void pagesHoldWhatTheLayoutSays() {
        assertThat(LAYOUT.keyBytes(0)).isEqualTo(2 * 32 * 8 * 2);
        assertThat(LAYOUT.valueBytes(1)).isEqualTo(32 * 4 * 2);
        assertThat(LAYOUT.groups().getFirst().pageBytes()).isEqualTo(1024 + 512 + 512 + 256);
        assertThat(new KvLayout(new int[] {1}, 8, 4, Precision.HALF_PAIR).keyBytes(0))
                .isEqualTo(32 * 16 * 2);
        try (SequenceCache cache = admit(tokens(0, 40), 64)) {
            compute(cache, tokens(0, 40));
            assertThat(cache.keys(0)[1].byteSize()).isEqualTo(1024);
            assertThat(cache.keys(0)[1].address() % 64).isZero();
            assertThat(cache.values(1)[1].byteSize()).isEqualTo(256);
        }
    }

    @Test
    void bytesTakeHalfThePagesMemoryAndAScaleForEveryBlock() {
        KvLayout halves = new KvLayout(new int[] {4, 4}, 64, 64, Precision.HALF);
        KvLayout bytes = new KvLayout(new int[] {4, 4}, 64, 64, Precision.BYTES);
        assertThat(bytes.keyBytes(0)).isEqualTo(4 * 32 * 68);
        assertThat(bytes.groups().getFirst().pageBytes() * 32)
                .isEqualTo(halves.groups().getFirst().pageBytes() * 17);
        // Heads of 80 elements have a third scale for the last 16, and parts begin at multiples of 64 bytes.
        assertThat(new KvLayout(new int[] {1}, 80, 3, Precision.BYTES).keyBytes(0))
                .isEqualTo(32 * 86);
        assertThat(new KvLayout(new int[] {1}, 80, 3, Precision.BYTES).valueBytes(0))
                .isEqualTo(32 * 5 + 32);
    }

    @Test
    void lowerLimitsFreeWhatIsKeptAndLeaveWhatIsInUse() {
        int[] kept = tokens(0, 4 * PAGE + 1);
        int[] running = tokens(500, 2 * PAGE + 1);
        try (SequenceCache cache = admit(kept, 5 * PAGE)) {
            compute(cache, kept);
        }
        try (SequenceCache cache = admit(running, 3 * PAGE)) {
            compute(cache, running);
            // The page that the first one had begun went to the second.
            assertThat(pool.allocated()).containsExactly(7);
            long page = LAYOUT.groups().getFirst().pageBytes();
            assertThat(pool.allocatedBytes()).isEqualTo(7 * page);

            assertThat(pool.lowerLimits(new int[] {6})).containsExactly(6);
            assertThat(pool.allocatedBytes()).isEqualTo(6 * page);
            assertThat(pool.cached()).isEqualTo(3);

            assertThat(pool.lowerLimits(new int[] {0})).containsExactly(3);
            assertThat(pool.allocatedBytes()).isEqualTo(3 * page);
            assertThat(pool.cached()).isZero();
            assertThat(cache.keys(0)[2].scope().isAlive()).isTrue();
            assertThat(pool.admit(0, kept, 5 * PAGE)).isNull();
        }
        pool.raiseLimits(new int[] {8});
        try (SequenceCache cache = admit(kept, 5 * PAGE)) {
            assertThat(cache.cachedTokens()).isZero();
            compute(cache, kept);
        }
    }

    @Test
    void whatWasPromisedIsNotTakenBack() {
        try (SequenceCache cache = admit(tokens(0, 10), 4 * PAGE)) {
            assertThat(pool.lowerLimits(new int[] {0})).containsExactly(4);
            assertThat(pool.lowerLimits(new int[] {6}))
                    .as("never more than before")
                    .containsExactly(4);
            int[] all = tokens(0, 4 * PAGE);
            cache.append(all, 0, all.length);
            cache.commit();
            assertThat(pool.allocated()).containsExactly(4);
        }
        assertThat(pool.lowerLimits(new int[] {0})).containsExactly(0);
        assertThat(pool.allocatedBytes()).isZero();
    }

    @Test
    void aPromiseGrowsWhereThereArePagesAndOtherwiseStaysAsItWas() {
        try (SequenceCache first = Objects.requireNonNull(pool.admit(0, tokens(0, 10), 8 * PAGE, 2 * PAGE));
                SequenceCache second = Objects.requireNonNull(pool.admit(0, tokens(500, 10), 8 * PAGE, 2 * PAGE))) {
            assertThat(pool.reserved()).isEqualTo(4);
            assertThat(first.grow(2 * PAGE)).isTrue();
            assertThat(first.grow(5 * PAGE)).isTrue();
            assertThat(pool.reserved()).isEqualTo(7);
            assertThat(second.grow(3 * PAGE + 1)).isFalse();
            assertThat(pool.reserved()).isEqualTo(7);
            assertThat(second.grow(3 * PAGE)).isTrue();
            assertThat(pool.admit(0, tokens(900, 10), PAGE)).isNull();
            compute(first, tokens(0, 5 * PAGE));
        }
        assertThat(pool.inUse() + pool.reserved()).isZero();
        try (SequenceCache whole = Objects.requireNonNull(pool.admit(0, tokens(0, 10), 8 * PAGE, PAGE))) {
            assertThat(whole.grow(100 * PAGE)).as("no more than its capacity").isTrue();
            assertThat(pool.reserved()).isEqualTo(8);
        }
    }

    @Test
    void rejectedTokensAreNeitherKeptNorFoundByOthers() {
        int[] right = tokens(0, 3 * PAGE);
        int[] wrong = right.clone();
        Arrays.fill(wrong, PAGE - 3, wrong.length, 7777);
        try (SequenceCache first = admit(tokens(0, 10), 100)) {
            first.append(wrong, 0, PAGE + 2);
            first.commit(5);
            assertThat(first.length()).isEqualTo(PAGE - 3);
            try (SequenceCache second = admit(wrong, 100)) {
                assertThat(second.cachedTokens()).isZero();
            }
            first.append(right, PAGE - 3, 3 + PAGE);
            first.commit();
            try (SequenceCache second = admit(wrong, 100)) {
                assertThat(second.cachedTokens()).isZero();
            }
            try (SequenceCache third = admit(right, 100)) {
                assertThat(third.cachedTokens()).isEqualTo(2 * PAGE);
            }
        }
        assertThat(pool.inUse() + pool.reserved()).isZero();
    }

    @Test
    void aPromptThatBeginsAlikeFindsTheFullPages() {
        int[] prompt = tokens(0, 2 * PAGE + 5);
        try (SequenceCache first = admit(prompt, 100)) {
            assertThat(first.cachedTokens()).isZero();
            compute(first, prompt);
            try (SequenceCache second = admit(prompt, 100)) {
                assertThat(second.cachedTokens()).isEqualTo(2 * PAGE);
                assertThat(second.length()).isEqualTo(2 * PAGE);
                assertThat(second.keys(1)[1]).isSameAs(first.keys(1)[1]);
            }
        }
        try (SequenceCache third = admit(prompt, 100)) {
            assertThat(third.cachedTokens()).as("kept without users").isEqualTo(2 * PAGE);
        }
    }

    @Test
    void theLastTokenOfAPromptIsAlwaysComputed() {
        int[] prompt = tokens(0, 2 * PAGE);
        try (SequenceCache first = admit(prompt, 100)) {
            compute(first, prompt);
        }
        try (SequenceCache second = admit(prompt, 100)) {
            assertThat(second.cachedTokens()).isEqualTo(PAGE);
        }
    }

    @Test
    void aPageIsFoundOnlyAfterTheSameBeginning() {
        int[] prompt = tokens(0, 2 * PAGE + 1);
        try (SequenceCache first = admit(prompt, 100)) {
            compute(first, prompt);
        }
        int[] other = prompt.clone();
        other[3] = 999;
        try (SequenceCache second = admit(other, 100)) {
            assertThat(second.cachedTokens()).isZero();
        }
        try (SequenceCache variant = Objects.requireNonNull(pool.admit(1, prompt, 100))) {
            assertThat(variant.cachedTokens()).as("computed in another way").isZero();
        }
    }

    @Test
    void pagesWhoseTokensHaveTheSameHashAreToldApart() {
        int[] prompt = tokens(0, PAGE + 1);
        int[] other = prompt.clone();
        other[0]++;
        other[1] -= 31;
        assertThat(Arrays.hashCode(Arrays.copyOf(other, PAGE))).isEqualTo(Arrays.hashCode(Arrays.copyOf(prompt, PAGE)));
        try (SequenceCache first = admit(prompt, 100)) {
            compute(first, prompt);
        }
        try (SequenceCache second = admit(other, 100)) {
            assertThat(second.cachedTokens()).isZero();
        }
    }

    @Test
    void pagesOfAnUnfinishedPassAreNotShared() {
        int[] prompt = tokens(0, PAGE + 1);
        try (SequenceCache first = admit(prompt, 100)) {
            first.append(prompt, 0, prompt.length);
            try (SequenceCache second = admit(prompt, 100)) {
                assertThat(second.cachedTokens()).isZero();
            }
            first.rollback(prompt.length);
            assertThat(first.length()).isZero();
        }
        try (SequenceCache third = admit(prompt, 100)) {
            assertThat(third.cachedTokens()).isZero();
        }
    }

    @Test
    void equalPagesOfTwoSequencesBecomeOne() {
        int[] prompt = tokens(0, PAGE + 1);
        try (SequenceCache first = admit(prompt, 64);
                SequenceCache second = admit(prompt, 64)) {
            compute(first, prompt);
            compute(second, prompt);
            assertThat(second.keys(0)[0]).isSameAs(first.keys(0)[0]);
            assertThat(second.keys(0)[1]).isNotSameAs(first.keys(0)[1]);
            assertThat(pool.inUse()).isEqualTo(3);
        }
        assertThat(pool.inUse()).isZero();
        assertThat(pool.reserved()).isZero();
        assertThat(pool.cached()).isEqualTo(1);
    }

    @Test
    void admissionPromisesAllPagesOrNone() {
        try (SequenceCache most = admit(tokens(0, 10), 6 * PAGE)) {
            assertThat(pool.reserved()).isEqualTo(6);
            assertThat(pool.admit(0, tokens(500, 10), 3 * PAGE)).isNull();
            try (SequenceCache fits = admit(tokens(500, 10), 2 * PAGE)) {
                compute(fits, tokens(500, 10));
                compute(most, tokens(0, 6 * PAGE));
                assertThat(pool.inUse()).isEqualTo(7);
                assertThat(pool.reserved()).isEqualTo(1);
            }
        }
        assertThat(pool.inUse() + pool.reserved()).isZero();
    }

    @Test
    void unusedPagesAreGivenUpLeastRecentlyUsedFirstAndFromTheEndOfAChain() {
        int[] old = tokens(0, 3 * PAGE + 1);
        int[] recent = tokens(1000, 3 * PAGE + 1);
        for (int[] prompt : new int[][] {old, recent}) {
            try (SequenceCache cache = admit(prompt, prompt.length)) {
                compute(cache, prompt);
            }
        }
        assertThat(pool.cached()).isEqualTo(6);
        // Needs 4 pages; 2 are free or not allocated yet, so 2 of the old chain go: its last ones.
        int[] third = tokens(2000, 3 * PAGE + 1);
        try (SequenceCache cache = admit(third, third.length)) {
            compute(cache, third);
        }
        try (SequenceCache again = admit(old, old.length)) {
            assertThat(again.cachedTokens()).isEqualTo(PAGE);
        }
        try (SequenceCache again = admit(recent, recent.length)) {
            assertThat(again.cachedTokens()).isEqualTo(3 * PAGE);
        }
    }

    @Test
    void withoutSharingNothingIsFound() {
        try (PagePool plain = new PagePool(LAYOUT, 8 * PAGE, new int[] {8}, false)) {
            int[] prompt = tokens(0, PAGE + 1);
            for (int i = 0; i < 2; i++) {
                try (SequenceCache cache = Objects.requireNonNull(plain.admit(0, prompt, 64))) {
                    assertThat(cache.cachedTokens()).isZero();
                    compute(cache, prompt);
                }
            }
            assertThat(plain.cached()).isZero();
        }
    }

    @Test
    void aClosedPoolFreesItsMemory() {
        PagePool other = new PagePool(LAYOUT, 8 * PAGE, new int[] {8}, true);
        SequenceCache cache = Objects.requireNonNull(other.admit(0, tokens(0, 3), 3));
        compute(cache, tokens(0, 3));
        other.close();
        assertThatThrownBy(() -> cache.keys(0)[0].get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
    }
}
