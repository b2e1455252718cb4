package org.llmspell.local.download;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.config.DownloadConfig;
import org.llmspell.local.download.TransferException.Cause;
import org.llmspell.local.net.SilenceWatch;

/** Asks the Hugging Face Hub, or the mirror that is configured, whether it answers and takes the token. */
public final class HubCheck {
    private HubCheck() {}

    /**
     * Asks once.
     *
     * @param timeout for all of it
     * @return what is wrong, of cause {@code UNAUTHORIZED} if it is the token; null if nothing is
     * @throws InterruptedException if the calling thread is interrupted
     */
    public static @Nullable TransferException problem(DownloadConfig config, Duration timeout)
            throws InterruptedException {
        String token = config.hfApiKey();
        URI question = URI.create(config.hub() + (token == null ? "/api/models?limit=1" : "/api/whoami-v2"));
        try (Transport transport = new Transport(timeout, config.environment());
                SilenceWatch watch = new SilenceWatch(timeout, Thread.currentThread()::interrupt)) {
            try {
                transport.get(question, token, Map.of(), info -> HttpResponse.BodySubscribers.replacing(true));
                return null;
            } catch (InterruptedException e) {
                if (watch.expired()) {
                    return new TransferException(Cause.TRANSIENT, question.getHost() + " does not answer");
                }
                throw e;
            } finally {
                if (watch.expired()) {
                    // Its interrupt may have come just after the answer; it must not end what comes next.
                    Thread.interrupted();
                }
            }
        } catch (TransferException e) {
            // A mirror need not know who we are; that it says so is an answer.
            return e.reason() == Cause.NOT_FOUND ? null : e;
        } catch (IOException | UnresolvedAddressException e) {
            return new TransferException(Cause.TRANSIENT, Transport.describe(question, e), null, e);
        }
    }
}
