package org.llmspell.engine.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.WorkerPool;

/** Which experts are chosen and how they count, by the formulas, for scores given directly. */
class RouterTest {
    private static final int EXPERTS = 6;

    private final Arena arena = Arena.ofConfined();
    private final WorkerPool workers = new WorkerPool(1);

    @AfterEach
    void close() {
        workers.close();
        arena.close();
    }

    @Test
    void sharesAreOfAllExpertsUnlessRenormalized() {
        float[] scores = {0, 1, 3, -1, 2, 0.5f};
        double all = 1 + Math.exp(1) + Math.exp(3) + Math.exp(-1) + Math.exp(2) + Math.exp(0.5);
        double chosen = Math.exp(3) + Math.exp(2);
        Choice plain = choose(router(Gating.SOFTMAX, null, 2, 1, 1, false, 1), scores);
        assertThat(plain.experts).containsExactly(2, 4);
        assertThat(plain.weights[0]).isCloseTo((float) (Math.exp(3) / all), within(1e-6f));
        assertThat(plain.weights[1]).isCloseTo((float) (Math.exp(2) / all), within(1e-6f));
        for (Router router : new Router[] {
            router(Gating.SOFTMAX, null, 2, 1, 1, true, 3), router(Gating.SOFTMAX_OF_CHOSEN, null, 2, 1, 1, false, 3)
        }) {
            Choice normed = choose(router, scores);
            assertThat(normed.experts).containsExactly(2, 4);
            assertThat(normed.weights[0]).isCloseTo((float) (3 * Math.exp(3) / chosen), within(1e-6f));
            assertThat(normed.weights[1]).isCloseTo((float) (3 * Math.exp(2) / chosen), within(1e-6f));
        }
    }

    @Test
    void aBiasChoosesButDoesNotWeigh() {
        float[] scores = {0, 1, 3, -1, 2, 0.5f};
        float[] bias = {0.9f, 0, 0, 0, 0, 0};
        Choice choice = choose(router(Gating.SIGMOID, bias, 2, 1, 1, false, 1), scores);
        assertThat(choice.experts).containsExactly(0, 2);
        assertThat(choice.weights[0]).isEqualTo(0.5f);
        assertThat(choice.weights[1]).isCloseTo((float) (1 / (1 + Math.exp(-3))), within(1e-6f));
    }

    @Test
    void onlyExpertsOfTheBestGroupsAreChosen() {
        // The best expert's group is worse by its two best than the others.
        float[] scores = {4, -9, 3, 2.5f, 2, 2};
        assertThat(choose(router(Gating.SIGMOID, null, 2, 3, 1, false, 1), scores).experts)
                .containsExactly(2, 3);
        assertThat(choose(router(Gating.SIGMOID, null, 3, 3, 2, false, 1), scores).experts)
                .containsExactly(2, 3, 4);
        assertThat(choose(router(Gating.SIGMOID, null, 1, 3, 3, false, 1), scores).experts)
                .containsExactly(0);
    }

    @Test
    void ofEqualExpertsAndGroupsTheFirstIsChosen() {
        float[] equal = new float[EXPERTS];
        assertThat(choose(router(Gating.SOFTMAX, null, 3, 1, 1, false, 1), equal).experts)
                .containsExactly(0, 1, 2);
        assertThat(choose(router(Gating.SIGMOID, null, 2, 3, 1, false, 1), equal).experts)
                .containsExactly(0, 1);
    }

    @Test
    void sharesTooSmallToDivideByAreNotBlownUp() {
        float[] scores = {-30, -40, -40, -40, -40, -40};
        float share = (float) (1 / (1 + Math.exp(30)));
        Choice choice = choose(router(Gating.SIGMOID, null, 1, 1, 1, true, 1), scores);
        assertThat(choice.weights[0]).isCloseTo(share / 0x1p-14f, within(1e-12f));
    }

    @Test
    void scoresThatAreNoNumbersStillChooseExpertsThatExist() {
        float[] scores = new float[EXPERTS];
        java.util.Arrays.fill(scores, Float.NaN);
        for (Gating gating : Gating.values()) {
            for (int groups : new int[] {1, 3}) {
                Choice choice = choose(router(gating, null, 2, groups, groups, true, 1), scores);
                assertThat(choice.experts).allMatch(expert -> expert >= 0 && expert < EXPERTS);
            }
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Choice(Integer[] experts, float[] weights) {}

    private Choice choose(Router router, float[] scores) {
        int used = router.used();
        Widths widths = new Widths(8, 0, 8, 8, 8, 8, 1, 0, EXPERTS, used, 8, 0, 0, 8, 0, Widths.Recurrent.NONE);
        try (Activations memory = new Activations(widths, 2, 1)) {
            ForwardPass pass = new ForwardPass(KernelProvider.scalar(), workers, new Batch(2, 1), memory);
            // The second row, so that one that writes to the first is found out.
            MemorySegment.copy(
                    scores, 0, memory.router.data(), ValueLayout.JAVA_FLOAT, 4 * memory.router.at(1), EXPERTS);
            router.choose(pass, memory.routing, 1);
            memory.routing.group(2);
            Integer[] experts = new Integer[used];
            float[] weights = new float[used];
            for (int rank = 0; rank < used; rank++) {
                int place = memory.routing.place(1, rank);
                assertThat(memory.routing.rowAt(place)).isEqualTo(1);
                weights[rank] = memory.routing.weight(1, rank);
                experts[rank] = expertAt(memory.routing, place);
            }
            return new Choice(experts, weights);
        }
    }

    private static int expertAt(Routing routing, int place) {
        for (int i = 0; i < routing.activeExperts(); i++) {
            int expert = routing.active(i);
            if (place >= routing.start(expert) && place < routing.start(expert) + routing.count(expert)) {
                return expert;
            }
        }
        throw new AssertionError("nobody has place " + place);
    }

    private Router router(
            Gating gating,
            float @Nullable [] bias,
            int used,
            int groups,
            int groupsUsed,
            boolean renormalized,
            float scale) {
        MemorySegment weights = arena.allocate(4L * EXPERTS * 8, 64);
        Linear scores = new Linear(new WeightMatrix(BlockFormat.F32, EXPERTS, 8, weights), null);
        MemorySegment offsets = bias == null ? null : arena.allocateFrom(ValueLayout.JAVA_FLOAT, bias);
        return new Router(scores, offsets, gating, used, groups, groupsUsed, renormalized, scale);
    }
}
