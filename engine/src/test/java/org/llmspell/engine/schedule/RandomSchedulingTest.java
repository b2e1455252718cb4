package org.llmspell.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.engine.Generation;
import org.llmspell.engine.Options;
import org.llmspell.engine.cache.LayerGroup;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.WorkerPool;

/**
 * Thousands of random requests that share beginnings, guess, are turned out for want of pages and go away half-way: each reply is
 * what the model says alone, and nothing is left behind. {@code -Dllmspell.stress=1000000} for the long version.
 */
@Timeout(600) // a hang is a failure, not a wait
class RandomSchedulingTest {
    private static final int CONTEXT = 400;
    private static final int CLIENTS = 24;

    /** Guesses that came true, and all that were made. */
    private final AtomicLong accepted = new AtomicLong();

    private final AtomicLong drafted = new AtomicLong();

    /** A recurrent state cannot be taken back, so such a model guesses nothing. */
    @ParameterizedTest
    @CsvSource({"false, true", "false, false", "true, true"})
    void everyReplyIsWhatItIsAloneAndNothingIsLeftBehind(boolean recurrent, boolean sharing) throws Exception {
        int requests = Integer.getInteger("llmspell.stress", 1000);
        AtomicInteger ended = new AtomicInteger();
        try (RecallingModel model = new RecallingModel(recurrent);
                WorkerPool workers = new WorkerPool(1);
                Scheduler scheduler = new Scheduler();
                Batcher batcher = batcher(model, workers, scheduler, sharing);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            scheduler.add(batcher);
            Semaphore places = new Semaphore(CLIENTS);
            List<Future<?>> answers = new ArrayList<>();
            Random random = new Random(7);
            for (int i = 0; i < requests; i++) {
                places.acquire();
                Random own = new Random(random.nextLong());
                answers.add(clients.submit(() -> {
                    try {
                        client(model, batcher, own, ended);
                    } finally {
                        places.release();
                    }
                    return null;
                }));
            }
            for (Future<?> answer : answers) {
                answer.get();
            }
            while (ended.get() < requests) {
                Thread.sleep(1);
            }
            assertThat(batcher.pagesInUse()).isZero();
        }
        if (recurrent) {
            assertThat(drafted).hasValue(0);
        } else {
            assertThat(accepted.get()).isPositive().isLessThan(drafted.get());
        }
    }

    private static Batcher batcher(RecallingModel model, WorkerPool workers, Scheduler scheduler, boolean sharing) {
        // Room for two and a half conversations of full length, and for some more windows and states.
        int[] limits = model.cacheLayout().groups().stream()
                .mapToInt(group -> group.kind() == LayerGroup.Kind.EVERYTHING
                        ? group.need(CONTEXT, Batcher.ROWS) * 5 / 2
                        : group.need(CONTEXT, Batcher.ROWS) * 6)
                .toArray();
        PagePool pages = new PagePool(model.cacheLayout(), Batcher.ROWS, limits, sharing);
        return new Batcher(model, RecallingModel.tokenizer(), KernelProvider.scalar(), workers, scheduler, pages);
    }

    private void client(RecallingModel model, Batcher batcher, Random random, AtomicInteger ended) throws Exception {
        int[] prompt = prompt(random);
        int most = random.nextInt(CONTEXT - prompt.length);
        boolean unlimited = random.nextInt(3) == 0;
        int cancelAfter = random.nextInt(4) == 0 ? random.nextInt(40) : Integer.MAX_VALUE;
        StringBuilder text = new StringBuilder();
        try (Generation generation = batcher.generate(
                prompt,
                Options.greedy(unlimited ? -1 : most),
                CONTEXT,
                null,
                Set.of(),
                random.nextBoolean() ? random.nextInt(Batcher.DRAFTS + 1) : 0,
                ended::incrementAndGet)) {
            if (random.nextInt(8) == 0) {
                Thread.sleep(20); // long enough to be behind, if the reply is long
            }
            for (int i = 0; i < cancelAfter; i++) {
                Generation.Chunk chunk = generation.next();
                if (chunk == null) {
                    Generation.Summary summary = generation.summary();
                    assertThat(summary.cachedTokens()).isLessThan(prompt.length);
                    drafted.addAndGet(summary.draftedTokens());
                    accepted.addAndGet(summary.acceptedTokens());
                    break;
                }
                text.append(chunk.text());
            }
        }
        String whole = text(model.reply(prompt, unlimited ? CONTEXT - prompt.length : most));
        if (cancelAfter == Integer.MAX_VALUE) {
            assertThat(text.toString()).isEqualTo(whole);
        } else {
            assertThat(whole).startsWith(text);
        }
    }

    /** Letters that often begin as others do, and often repeat themselves. */
    private static int[] prompt(Random random) {
        int[] prompt = new int[1 + random.nextInt(250)];
        Random stem = new Random(random.nextInt(6));
        int period = 2 + stem.nextInt(40);
        for (int i = 0; i < prompt.length; i++) {
            prompt[i] = i < period ? 1 + stem.nextInt(8) : prompt[i - period];
        }
        if (random.nextBoolean()) {
            Arrays.setAll(prompt, i -> i > 40 && i % 37 == 0 ? 1 + random.nextInt(8) : prompt[i]);
        }
        return prompt;
    }

    private static String text(int[] tokens) {
        StringBuilder text = new StringBuilder();
        for (int token : tokens) {
            text.append((char) ('a' + token - 1));
        }
        return text.toString();
    }
}
