package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CancellationTest extends EngineTestBase {
    private Engine engine;
    private Lease model;

    @BeforeEach
    void load() throws InterruptedException {
        engine = engine(OPTIONS);
        Path file = new TinyModel(1).contextLength(20_000).write(folder.resolve("tiny.gguf"));
        model = (Lease) engine.open(file, null);
    }

    @AfterEach
    void close() {
        model.close();
        engine.close();
    }

    private Generation start(int promptTokens) {
        return model.generate(prompt(3, promptTokens), endless(-1), 20_000);
    }

    @Test
    void closingEndsTheReplyAndFreesItsPages() throws InterruptedException {
        Generation generation = start(10);
        assertThat(generation.next()).isNotNull();
        assertThat(model.pagesInUse()).isPositive();
        generation.close();
        assertThat(generation.next()).isNull();
        assertThat(generation.summary().finishReason()).isEqualTo(FinishReason.CANCELLED);
        await(() -> model.pagesInUse() == 0);
    }

    @Test
    void closingFromAnotherThreadWakesTheReader() throws Exception {
        Generation generation = start(15_000); // the prompt alone takes seconds
        CountDownLatch reading = new CountDownLatch(1);
        CompletableFuture<Generation.Chunk> reader = CompletableFuture.supplyAsync(() -> {
            reading.countDown();
            try {
                return generation.next();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        reading.await();
        generation.close();
        assertThat(reader.get()).isNull();
        await(() -> model.pagesInUse() == 0);
    }

    @Test
    void aWaitingGenerationCanBeClosedToo() throws InterruptedException {
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            all.add(start(10));
        }
        all.getLast().close();
        assertThat(all.getLast().next()).isNull();
        all.forEach(Generation::close);
        await(() -> model.pagesInUse() == 0);
    }

    @Test
    void interruptingTheReaderLeavesTheGenerationRunning() throws Exception {
        try (Generation generation = model.generate(prompt(3, 1000), endless(50), 20_000)) {
            CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
            Thread reader = Thread.ofPlatform().start(() -> {
                Thread.currentThread().interrupt();
                try {
                    generation.next();
                    interrupted.complete(false);
                } catch (InterruptedException e) {
                    interrupted.complete(true);
                }
            });
            reader.join();
            assertThat(interrupted.get()).isTrue();
            assertThat(read(generation)).isNotEmpty();
            assertThat(generation.summary().generatedTokens()).isEqualTo(50);
        }
    }

    @Test
    void aReaderThatIsBehindLosesNothingAndHoldsNobodyUp() throws InterruptedException {
        try (Generation slow = model.generate(prompt(3, 10), endless(600), 20_000)) {
            assertThat(reply(model, prompt(5, 10), endless(600))).isNotEmpty();
            String text = read(slow);
            assertThat(slow.summary().generatedTokens()).isEqualTo(600);
            assertThat(text).isEqualTo(reply(model, prompt(3, 10), endless(600)));
        }
    }

    @Test
    void aLeaseMayBeClosedWhileItsGenerationRuns() throws InterruptedException {
        Path other = new TinyModel(2).write(folder.resolve("other.gguf"));
        ModelLease lease = engine.open(other, java.time.Duration.ZERO);
        Generation generation = lease.generate(prompt(3, 10), endless(100), null);
        lease.close();
        lease.close();
        assertThat(read(generation)).isNotEmpty();
        assertThat(generation.summary().generatedTokens()).isEqualTo(100);
        generation.close();
        await(() -> engine.resident().size() == 1);
    }

    @Test
    void closingTheEngineEndsGenerations() throws InterruptedException {
        Generation running = start(10);
        Generation prefilling = start(15_000);
        assertThat(running.next()).isNotNull();
        engine.close();
        read(running);
        assertThat(running.summary().finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(read(prefilling)).isEmpty();
        engine.close();
    }
}
