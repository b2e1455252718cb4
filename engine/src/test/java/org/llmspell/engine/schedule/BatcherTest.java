package org.llmspell.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.Generation;
import org.llmspell.engine.Options;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.KvLayout.Precision;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.Widths;
import org.llmspell.engine.model.Model;
import org.llmspell.engine.tokenizer.SpecialTokens;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.engine.tokenizer.Tokenizers;
import org.llmspell.engine.tokenizer.Vocabulary;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.WorkerPool;

/** What the batcher puts into passes and what it does when they fail, with a model that only looks at the batch. */
@Timeout(60) // a hang is a failure, not a wait
class BatcherTest {
    /** Sequences with this context length make the pass fail. */
    private static final int FAILING = 666;

    /** Sequences with this context length keep the pass busy until it is abandoned. */
    private static final int ENDLESS = 777;

    private final Tokenizer tokenizer = Tokenizers.sentencePiece(
            Vocabulary.of(List.of("<unk>", "a", "b", "c"), new int[] {2, 1, 1, 1}, new float[4]),
            new SpecialTokens(-1, -1, -1, 0, -1, false, false, Set.of()),
            false);
    private final WorkerPool workers = new WorkerPool(1);
    private final Scheduler scheduler = new Scheduler();
    private final FakeModel model = new FakeModel();
    private final PagePool pages = new PagePool(model.cacheLayout(), Batcher.ROWS, new int[] {64, 64, 64}, true);
    private final AtomicInteger ended = new AtomicInteger();
    private final Batcher batcher = start();

    private Batcher start() {
        Batcher started = new Batcher(model, tokenizer, KernelProvider.scalar(), workers, scheduler, pages);
        scheduler.add(started);
        return started;
    }

    @AfterEach
    void stop() {
        batcher.close();
        scheduler.close();
        workers.close();
    }

    private Generation generate(int promptTokens, int maxTokens, int contextLength) {
        int[] prompt = new int[promptTokens];
        java.util.Arrays.fill(prompt, 1);
        return batcher.generate(
                prompt, Options.greedy(maxTokens), contextLength, null, Set.of(), 0, ended::incrementAndGet);
    }

    private static String read(Generation generation) throws InterruptedException {
        StringBuilder text = new StringBuilder();
        for (Generation.Chunk chunk = generation.next(); chunk != null; chunk = generation.next()) {
            text.append(chunk.text());
        }
        return text.toString();
    }

    private void awaitEnded(int count) throws InterruptedException {
        for (int i = 0; i < 20_000 && ended.get() < count; i++) {
            Thread.sleep(1);
        }
        assertThat(ended).hasValue(count);
        assertThat(batcher.pagesInUse()).isZero();
    }

    @Test
    void aLongPromptIsComputedInChunksAndLogitsAreAskedForOnlyAtItsEnd() throws InterruptedException {
        assertThat(read(generate(600, 3, 700))).isEqualTo("bbb");
        assertThat(model.passes).containsExactly("256/0", "256/0", "88/1", "1/1", "1/1");
        awaitEnded(1);
    }

    @Test
    void decodingGoesOnWhileAPromptIsBeingRead() throws InterruptedException {
        model.gate = new CountDownLatch(1);
        Generation first = generate(5, 4, 700);
        Generation second = generate(300, 1, 700);
        model.gate.countDown();
        assertThat(read(first)).isEqualTo("bbbb");
        assertThat(read(second)).isEqualTo("b");
        // Either both were there for the first pass, or the second came one pass later: then 255 rows are left for it.
        List<String> passes = List.copyOf(model.passes);
        assertThat(passes.subList(0, 3)).isIn(List.of("256/1", "50/2", "1/1"), List.of("5/1", "256/1", "46/2"));
    }

    @Test
    void aShortPromptDoesNotWaitForALongOne() throws InterruptedException {
        model.gate = new CountDownLatch(1);
        Generation endless = generate(1, 100, 700);
        Generation lengthy = generate(900, 1, 950);
        Generation brief = generate(20, 1, 700);
        model.gate.countDown();
        assertThat(read(brief)).isEqualTo("b");
        assertThat(read(lengthy)).isEqualTo("b");
        assertThat(read(endless)).hasSize(100);
        // Wherever the first pass began, the one that has the short prompt's logits has most of its rows for the long
        // one.
        assertThat(model.passes.stream().filter(pass -> pass.equals("256/2"))).isNotEmpty();
    }

    @Test
    void aPassThatFailsForOneSequenceIsRepeatedForEachAlone() throws InterruptedException {
        model.gate = new CountDownLatch(1);
        Generation fine = generate(40, 3, 700);
        Generation failing = generate(5, 3, FAILING);
        Generation alsoFine = generate(6, 3, 700);
        model.gate.countDown();
        assertThatThrownBy(() -> read(failing))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("as it should");
        assertThat(read(fine)).isEqualTo("bbb");
        assertThat(read(alsoFine)).isEqualTo("bbb");
        assertThat(fine.summary().generatedTokens()).isEqualTo(3);
        awaitEnded(3);
    }

    @Test
    void aPassIsAbandonedWhenItsLastReaderHasGone() throws InterruptedException {
        Generation endless = generate(5, 3, ENDLESS);
        model.endlessStarted.await();
        endless.close();
        awaitEnded(1);
        assertThat(read(generate(5, 2, 700))).isEqualTo("bb");
    }

    @Test
    void closingTheBatcherAbandonsThePassAndEndsTheGenerations() throws InterruptedException {
        Generation endless = generate(5, 3, ENDLESS);
        Generation waiting = generate(5, 3, 700);
        model.endlessStarted.await();
        batcher.close();
        assertThat(endless.next()).isNull();
        assertThat(waiting.next()).isNull();
        assertThat(generate(5, 3, 700).next()).isNull();
    }

    /** Says "b" (token 2) whatever it is asked, and notes the passes as rows/logits. */
    private static final class FakeModel implements Model {
        private final List<String> passes = Collections.synchronizedList(new ArrayList<>());
        private final CountDownLatch endlessStarted = new CountDownLatch(1);
        private volatile CountDownLatch gate = new CountDownLatch(0);

        @Override
        public int contextLength() {
            return 1000;
        }

        @Override
        public Widths widths() {
            return new Widths(8, 0, 8, 8, 8, 8, 1, 8, 0, 0, 0, 0, 0, 4, 0, Widths.Recurrent.NONE);
        }

        @Override
        public KvLayout cacheLayout() {
            // All that a cache can hold: passes that fail and sequences that go must give all of it back.
            return new KvLayout(
                    List.of(
                            KvLayout.Layer.attention(1, 8, 8),
                            KvLayout.Layer.attention(1, 8, 8).withWindow(50),
                            KvLayout.Layer.recurrent(4)),
                    Precision.HALF);
        }

        @Override
        public int cacheVariant(int contextLength) {
            return contextLength;
        }

        @Override
        public int poolingType() {
            return 0;
        }

        @Override
        public boolean embed(ForwardPass pass) {
            throw new UnsupportedOperationException("these tests generate");
        }

        @Override
        public boolean forward(ForwardPass pass) {
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            for (Batch.Slice slice : pass.batch.slices()) {
                if (slice.contextLength() == FAILING) {
                    throw new IllegalStateException("fails, as it should");
                }
                while (slice.contextLength() == ENDLESS) {
                    endlessStarted.countDown();
                    if (pass.abandoned()) {
                        return false;
                    }
                    Thread.onSpinWait();
                }
            }
            passes.add(pass.rows() + "/" + pass.batch.logits());
            for (int place = 0; place < pass.batch.logits(); place++) {
                for (int token = 0; token < 4; token++) {
                    long index = pass.memory.logits.at(place) + token;
                    pass.memory.logits.data().setAtIndex(ValueLayout.JAVA_FLOAT, index, token == 2 ? 1 : 0);
                }
            }
            return true;
        }
    }
}
