package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MemoryLedgerTest {
    /** What the operating system says; a tenth of it stays out of reach. */
    private final AtomicLong available = new AtomicLong(1000);

    private final MemoryLedger ledger = new MemoryLedger(available::get);

    private MemoryLedger.Promise promise(long bytes) {
        return Objects.requireNonNull(ledger.promise(bytes));
    }

    @Test
    void promisesAddUpAndAreRefusedBeyondWhatThereIs() {
        MemoryLedger.Promise first = promise(400);
        promise(300);
        assertThat(ledger.free()).isEqualTo(200);
        assertThat(ledger.promise(201)).isNull();
        assertThat(ledger.free()).as("a refusal leaves nothing").isEqualTo(200);
        promise(200);
        assertThat(ledger.promise(1)).isNull();
        assertThat(ledger.promise(0)).isNotNull();
        first.close();
        first.close();
        assertThat(ledger.free()).isEqualTo(400);
    }

    @Test
    void whatHasBeenAllocatedIsNotCountedTwice() {
        AtomicLong taken = new AtomicLong();
        MemoryLedger.Promise promise = promise(400);
        promise.takenAs(taken::get);
        assertThat(ledger.free()).isEqualTo(500);
        // Allocated: the operating system has 300 less, and only 100 are still to come.
        taken.set(300);
        available.set(1000 - 300);
        assertThat(ledger.free()).isEqualTo(630 - 100);
        taken.set(450);
        available.set(1000 - 450);
        assertThat(ledger.free()).as("more than was promised").isEqualTo(495);
    }

    @Test
    void aPromiseIsRaisedAsFarAsThereIsMemoryAndLoweredAlways() {
        MemoryLedger.Promise promise = promise(0);
        assertThat(promise.raise(500)).isTrue();
        assertThat(promise.raise(401)).isFalse();
        assertThat(promise.bytes()).isEqualTo(500);
        promise.lower(600);
        assertThat(promise.bytes()).isEqualTo(500);
        promise.lower(100);
        assertThat(ledger.free()).isEqualTo(800);
        available.set(0);
        assertThat(ledger.free()).isEqualTo(-100);
        assertThat(promise.raise(0)).as("nothing more is asked").isTrue();
    }

    @Test
    void weightsRefuseNobodyButLeaveNothingToSpare() {
        MemoryLedger.Weights large = ledger.weights(5000);
        assertThat(ledger.spare()).isEqualTo(900 - 5000);
        assertThat(ledger.free()).isEqualTo(900);
        promise(900);
        large.close();
        assertThat(ledger.spare()).isZero();
    }
}
