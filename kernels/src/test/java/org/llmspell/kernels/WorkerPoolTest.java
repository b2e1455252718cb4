package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

// The time limit only turns a hang into a failure.
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerPoolTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void everyChunkRunsExactlyOnceAndItsWritesAreSeen(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            assertThat(pool.threads()).isEqualTo(threads);
            // Plain memory: the pool alone must make the writes visible.
            int[] runs = new int[97];
            for (int round = 1; round <= 3000; round++) {
                int chunks = round % 98;
                pool.run(chunks, (chunk, worker) -> runs[chunk]++);
                int expected = runs[0];
                for (int chunk = 0; chunk < chunks; chunk++) {
                    assertThat(runs[chunk]).isBetween(1, round);
                }
                assertThat(expected).isEqualTo(round - round / 98);
            }
            for (int chunk = 0; chunk < 97; chunk++) {
                int c = chunk;
                long expected = java.util.stream.IntStream.rangeClosed(1, 3000)
                        .filter(round -> round % 98 > c)
                        .count();
                assertThat(runs[chunk]).as("chunk %d", chunk).isEqualTo((int) expected);
            }
        }
    }

    @Test
    void noTwoChunksRunAtOnceUnderOneWorkerNumberAndTheCallerIsWorkerZero() {
        try (WorkerPool pool = new WorkerPool(4)) {
            AtomicIntegerArray busy = new AtomicIntegerArray(4);
            AtomicInteger clashes = new AtomicInteger();
            Thread caller = Thread.currentThread();
            for (int round = 0; round < 500; round++) {
                pool.run(16, (chunk, worker) -> {
                    if (busy.incrementAndGet(worker) != 1 || (worker == 0) != (Thread.currentThread() == caller)) {
                        clashes.incrementAndGet();
                    }
                    Thread.onSpinWait();
                    busy.decrementAndGet(worker);
                });
            }
            assertThat(clashes).hasValue(0);
        }
    }

    @Test
    void allThreadsWorkAtTheSameTime() {
        try (WorkerPool pool = new WorkerPool(3)) {
            CountDownLatch together = new CountDownLatch(3);
            Set<Integer> workers = ConcurrentHashMap.newKeySet();
            for (int round = 0; round < 2; round++) {
                pool.run(3, (chunk, worker) -> {
                    workers.add(worker);
                    together.countDown();
                    await(together);
                });
                // Long enough for the workers to park, so that the second round has to wake them.
                LockSupport.parkNanos(20_000_000);
            }
            assertThat(workers).containsExactlyInAnyOrder(0, 1, 2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void anExceptionFromAnyWorkerReachesTheCallerAndThePoolGoesOn(int thrower) {
        try (WorkerPool pool = new WorkerPool(3)) {
            for (int round = 0; round < 50; round++) {
                CountDownLatch together = new CountDownLatch(3);
                IllegalStateException thrown = new IllegalStateException("chunk failed");
                assertThatThrownBy(() -> pool.run(3, (chunk, worker) -> {
                            together.countDown();
                            await(together);
                            if (worker == thrower) {
                                throw thrown;
                            }
                        }))
                        .isSameAs(thrown);
                AtomicInteger ran = new AtomicInteger();
                pool.run(10, (chunk, worker) -> ran.incrementAndGet());
                assertThat(ran).hasValue(10);
            }
        }
    }

    @Test
    void afterAFailureChunksNotYetBegunAreLeftOut() {
        try (WorkerPool pool = new WorkerPool(1)) {
            AtomicInteger ran = new AtomicInteger();
            assertThatThrownBy(() -> pool.run(100, (chunk, worker) -> {
                        if (ran.incrementAndGet() == 4) {
                            throw new AssertionError("enough");
                        }
                    }))
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("enough");
            assertThat(ran).hasValue(4);
        }
    }

    @Test
    void callsFromSeveralThreadsTakeTurns() throws InterruptedException {
        try (WorkerPool pool = new WorkerPool(2)) {
            AtomicInteger tasks = new AtomicInteger();
            AtomicInteger overlaps = new AtomicInteger();
            AtomicReference<Integer> running = new AtomicReference<>();
            List<Thread> callers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Integer mine = i;
                callers.add(Thread.ofPlatform().start(() -> {
                    for (int round = 0; round < 500; round++) {
                        AtomicInteger left = new AtomicInteger(7);
                        pool.run(7, (chunk, worker) -> {
                            running.compareAndSet(null, mine);
                            if (!mine.equals(running.get())) {
                                overlaps.incrementAndGet();
                            }
                            tasks.incrementAndGet();
                            if (left.decrementAndGet() == 0) {
                                running.set(null);
                            }
                        });
                    }
                }));
            }
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(tasks).hasValue(4 * 500 * 7);
            assertThat(overlaps).hasValue(0);
        }
    }

    @Test
    void anInterruptedCallerFinishesItsRunAndStaysInterrupted() {
        try (WorkerPool pool = new WorkerPool(2)) {
            CountDownLatch otherStarted = new CountDownLatch(1);
            AtomicInteger ran = new AtomicInteger();
            Thread.currentThread().interrupt();
            pool.run(2, (chunk, worker) -> {
                if (worker == 0) {
                    while (otherStarted.getCount() > 0) {
                        Thread.onSpinWait();
                    }
                } else {
                    otherStarted.countDown();
                    LockSupport.parkNanos(20_000_000);
                }
                ran.incrementAndGet();
            });
            assertThat(Thread.interrupted()).isTrue();
            assertThat(ran).hasValue(2);
        }
    }

    @Test
    void aTaskCannotUseThePoolThatRunsIt() {
        try (WorkerPool pool = new WorkerPool(2)) {
            CountDownLatch together = new CountDownLatch(2);
            AtomicInteger refused = new AtomicInteger();
            pool.run(2, (chunk, worker) -> {
                together.countDown();
                await(together);
                assertThatThrownBy(() -> pool.run(1, (c, w) -> {})).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(pool::close).isInstanceOf(IllegalStateException.class);
                refused.incrementAndGet();
            });
            assertThat(refused).hasValue(2);
        }
    }

    @Test
    void closingEndsTheThreadsAndRefusesFurtherRuns() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        WorkerPool pool = new WorkerPool(4);
        List<Thread> workers = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread) && thread.getName().startsWith("llmspell-worker-"))
                .toList();
        assertThat(workers).hasSize(3).allMatch(Thread::isDaemon);

        pool.close();
        pool.close();

        assertThat(workers).noneMatch(Thread::isAlive);
        assertThatThrownBy(() -> pool.run(1, (chunk, worker) -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> new WorkerPool(0)).isInstanceOf(IllegalArgumentException.class);
        try (WorkerPool pool = new WorkerPool(1)) {
            assertThatThrownBy(() -> pool.run(-1, (chunk, worker) -> {})).isInstanceOf(IllegalArgumentException.class);
            int[] ran = new int[1];
            pool.run(0, (chunk, worker) -> Arrays.fill(ran, 1));
            assertThat(ran[0]).isZero();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
