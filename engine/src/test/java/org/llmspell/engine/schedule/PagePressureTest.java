package org.llmspell.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.Generation;
import org.llmspell.engine.Options;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.WorkerPool;

/** What happens to replies without a limit when there are not pages for all that they might become. */
@Timeout(60) // a hang is a failure, not a wait
class PagePressureTest {
    private static final int CONTEXT = 400;
    private static final int PROMPT = 100;

    private final RecallingModel model = new RecallingModel(false);
    private final WorkerPool workers = new WorkerPool(1);
    private final Scheduler scheduler = new Scheduler();

    /** Room for one conversation of full length and three pages more. */
    private final PagePool pages =
            new PagePool(model.cacheLayout(), Batcher.ROWS, new int[] {KvLayout.pages(CONTEXT) + 3, 64}, false);

    private final AtomicInteger ended = new AtomicInteger();
    private final Batcher batcher =
            new Batcher(model, RecallingModel.tokenizer(), KernelProvider.scalar(), workers, scheduler, pages);

    @AfterEach
    void close() {
        batcher.close();
        scheduler.close();
        workers.close();
        model.close();
    }

    private Generation generate(int first, int drafts) {
        return batcher.generate(
                prompt(first), Options.greedy(-1), CONTEXT, null, Set.of(), drafts, ended::incrementAndGet);
    }

    private static int[] prompt(int first) {
        int[] prompt = new int[PROMPT];
        Arrays.setAll(prompt, i -> 1 + (first + i * i) % 8);
        return prompt;
    }

    private String alone(int first) {
        StringBuilder text = new StringBuilder();
        for (int token : model.reply(prompt(first), CONTEXT - PROMPT)) {
            text.append((char) ('a' + token - 1));
        }
        return text.toString();
    }

    private static String read(Generation generation) throws InterruptedException {
        StringBuilder text = new StringBuilder();
        for (Generation.Chunk chunk = generation.next(); chunk != null; chunk = generation.next()) {
            text.append(chunk.text());
        }
        return text.toString();
    }

    private void awaitEnded(int count) throws InterruptedException {
        while (ended.get() < count) {
            Thread.sleep(1);
        }
        assertThat(batcher.pagesInUse()).isZero();
    }

    @Test
    void repliesWithoutALimitRunTogetherAndTheYoungestMakesWayWhenPagesRunOut() throws InterruptedException {
        Generation[] replies = new Generation[4];
        long tokens = 0;
        for (int i = 0; i < replies.length; i++) {
            replies[i] = generate(i, 0);
        }
        scheduler.add(batcher);
        scheduler.wake();
        for (int i = 0; i < replies.length; i++) {
            assertThat(read(replies[i])).isEqualTo(alone(i));
            // The last token of a reply is not computed.
            tokens += PROMPT + replies[i].summary().generatedTokens() - 1;
        }
        assertThat(model.computed.get()).as("something was computed again").isGreaterThan(tokens);
        awaitEnded(4);
    }

    @Test
    void guessesTakeNoPagesFromOthers() throws InterruptedException {
        Generation[] replies = new Generation[4];
        for (int i = 0; i < replies.length; i++) {
            replies[i] = generate(i, Batcher.DRAFTS);
        }
        scheduler.add(batcher);
        scheduler.wake();
        long drafted = 0;
        for (int i = 0; i < replies.length; i++) {
            assertThat(read(replies[i])).isEqualTo(alone(i));
            drafted += replies[i].summary().draftedTokens();
        }
        assertThat(drafted).isPositive();
        awaitEnded(4);
    }

    @Test
    void aReplyThatNobodyReadsKeepsNoPagesFromOthers() throws InterruptedException {
        int first = IntStream.range(0, 8)
                .filter(i -> alone(i).length() > TokenStream.CAPACITY)
                .findFirst()
                .orElseThrow();
        Generation unread = generate(first, 0);
        scheduler.add(batcher);
        scheduler.wake();
        while (unread.generatedTokens() < TokenStream.CAPACITY) {
            Thread.sleep(1);
        }
        for (int i = first + 1; i < first + 4; i++) {
            assertThat(read(generate(i, 0))).isEqualTo(alone(i));
        }
        assertThat(unread.generatedTokens()).as("it has not gone on").isEqualTo(TokenStream.CAPACITY);
        assertThat(read(unread)).isEqualTo(alone(first));
        awaitEnded(4);
    }

    @Test
    void aReplyThatGoesAwayWhileItIsTurnedOutLeavesNothing() throws InterruptedException {
        Generation oldest = generate(0, 0);
        Generation younger = generate(1, 0);
        scheduler.add(batcher);
        scheduler.wake();
        String begun = "";
        for (int i = 0; i < PROMPT; i++) {
            Generation.Chunk chunk = oldest.next();
            begun += chunk == null ? "" : chunk.text();
        }
        younger.close();
        assertThat(begun + read(oldest)).isEqualTo(alone(0));
        awaitEnded(2);
    }
}
