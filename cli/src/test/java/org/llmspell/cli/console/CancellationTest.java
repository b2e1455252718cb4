package org.llmspell.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CancellationTest {
    private final AtomicInteger stopped = new AtomicInteger();

    @Test
    void cancelStopsTheActionAndInterruptsTheWorkerOnce() {
        Cancellation cancellation = new Cancellation();
        cancellation.onCancel(stopped::incrementAndGet);

        cancellation.cancel();
        cancellation.cancel();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(stopped).hasValue(1);
        assertThat(cancellation.isCancelled()).isTrue();
    }

    @Test
    void anActionNamedTooLateRunsAtOnce() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();
        cancellation.onCancel(stopped::incrementAndGet);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(stopped).hasValue(1);
    }

    @Test
    void afterTheEndThereIsNothingToCancel() {
        Cancellation cancellation = new Cancellation();
        cancellation.onCancel(stopped::incrementAndGet);
        cancellation.finished();
        cancellation.cancel();
        cancellation.await();

        assertThat(Thread.interrupted()).isFalse();
        assertThat(stopped).hasValue(0);
        assertThat(cancellation.isCancelled()).isFalse();
    }
}
