package org.llmspell.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.server.http.HttpFailure;

/** Who has a place, who waits for one and who is turned away. */
@Timeout(60)
class AdmissionTest {
    private final Admission admission = new Admission(1, 1);

    private void awaitWaiting(int count) throws InterruptedException {
        while (admission.waiting() != count) {
            Thread.sleep(1);
        }
    }

    @Test
    void whoGaveItsPlaceAwayComesBackAfterThoseWhoWaitAndIsNeverTurnedAway() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Admission.Place first = admission.enter();
            Future<Admission.Place> second = threads.submit(admission::enter);
            awaitWaiting(1);
            assertThatThrownBy(admission::enter).isInstanceOf(HttpFailure.class);

            first.close();
            Admission.Place place = second.get();
            Future<Admission.Place> third = threads.submit(admission::enter);
            awaitWaiting(1);
            Future<?> back = threads.submit(() -> {
                first.comeBack();
                return null;
            });
            awaitWaiting(2);
            assertThat(admission.running()).isEqualTo(1);

            place.close();
            Admission.Place next = third.get();
            assertThat(back.isDone()).isFalse();
            next.close();
            back.get();
            assertThat(admission.running()).isEqualTo(1);
            first.close();
            first.close();
            assertThat(admission.running()).isZero();
            assertThat(admission.waiting()).isZero();
        }
    }
}
