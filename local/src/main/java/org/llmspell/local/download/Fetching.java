package org.llmspell.local.download;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.download.TransferException.Cause;
import org.llmspell.local.net.SilenceWatch;

/**
 * Gets the missing bytes of one part file: one connection finds out whether the server serves ranges, further ones join in if
 * so. A failure that may pass is tried again after a pause, any other ends all connections.
 */
final class Fetching {
    /** A range is long enough that asking for it costs nothing, and short enough that all connections end together. */
    private static final long RANGE = 32L << 20;

    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");

    private final Transport transport;
    private final DownloadSettings settings;
    private final RemoteFile remote;
    private final PartFile part;
    private final Downloader.Listener listener;
    private final List<Thread> workers = new ArrayList<>();
    private long arrived;
    private int failures;
    private boolean ranges;
    private @Nullable Throwable end;

    Fetching(
            Transport transport,
            DownloadSettings settings,
            RemoteFile remote,
            PartFile part,
            Downloader.Listener listener) {
        this.transport = transport;
        this.settings = settings;
        this.remote = remote;
        this.part = part;
        this.listener = listener;
        this.arrived = part.bytesDone();
    }

    /**
     * Returns when every byte is there.
     *
     * @throws InterruptedException if the calling thread is interrupted; no connection is left then
     */
    void run() throws IOException, InterruptedException {
        listener.moved("downloading", arrived);
        if (part.isComplete()) {
            return;
        }
        start();
        try {
            joinAll();
        } finally {
            stop(new TransferException(Cause.CANCELLED, "cancelled"));
            joinThrough();
        }
        Throwable failure = failure();
        if (!part.isComplete()) {
            throw failure instanceof IOException io ? io : new IOException(failure);
        }
    }

    /** Takes ranges until none is left, or until another connection has found a reason to end. */
    private void work() {
        try {
            while (failure() == null && !part.isComplete()) {
                long[] range = part.claim(RANGE);
                if (range.length == 0) {
                    // The others are at work on the last ranges; one may give its range back.
                    part.awaitPrefix(part.prefix(), 50);
                    continue;
                }
                long before = part.bytesDone();
                try {
                    fetch(range);
                    recovered();
                } catch (TransferException e) {
                    if (e.reason() == Cause.TRANSIENT) {
                        pause(e, before);
                    } else {
                        stop(e);
                    }
                } finally {
                    part.release(range);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            stop(e);
        }
    }

    private void fetch(long[] range) throws TransferException, InterruptedException {
        Map<String, String> headers = Map.of(
                "Range",
                "bytes=" + range[0] + "-" + (range[1] - 1),
                // A compressed body would have other lengths than the file.
                "Accept-Encoding",
                "identity");
        try (SilenceWatch watch = new SilenceWatch(settings.stallTimeout(), Thread.currentThread()::interrupt)) {
            try {
                Answer<Long> answer =
                        transport.get(remote.url(), remote.token(), headers, info -> body(info, range, watch));
                if (answer.status() == 206) {
                    moreConnections();
                }
            } catch (InterruptedException e) {
                if (watch.expired()) {
                    throw stalled();
                }
                throw e;
            } finally {
                if (watch.expired()) {
                    // Its interrupt may have come just after the answer; it must not end the next request.
                    Thread.interrupted();
                }
            }
        } catch (IOException | UnresolvedAddressException e) {
            // The client wraps what a body's reader throws.
            for (Throwable t = e; t != null; t = t.getCause()) {
                if (t instanceof TransferException known) {
                    throw known;
                }
            }
            throw new TransferException(Cause.TRANSIENT, Transport.describe(remote.url(), e), null, e);
        }
    }

    private HttpResponse.BodySubscriber<Long> body(HttpResponse.ResponseInfo info, long[] range, SilenceWatch watch) {
        try {
            watch.heard();
            RangeSink sink = info.statusCode() == 206 ? partial(info, range, watch) : whole(watch);
            watch.onExpiry(() -> sink.fail(stalled()));
            return sink;
        } catch (TransferException e) {
            return new Failing(e);
        }
    }

    private TransferException stalled() {
        return new TransferException(
                Cause.TRANSIENT,
                remote.url().getHost() + " has sent nothing for "
                        + Math.max(1, settings.stallTimeout().toSeconds()) + " seconds");
    }

    private RangeSink partial(HttpResponse.ResponseInfo info, long[] range, SilenceWatch watch)
            throws TransferException {
        String header = info.headers().firstValue("Content-Range").orElse("");
        Matcher matcher = CONTENT_RANGE.matcher(header);
        boolean right = matcher.matches()
                && matcher.group(1).equals(Long.toString(range[0]))
                && matcher.group(2).equals(Long.toString(range[1] - 1))
                && (matcher.group(3).equals("*") || matcher.group(3).equals(Long.toString(remote.size())));
        if (!right) {
            throw new TransferException(
                    Cause.DISHONEST,
                    String.format(
                            "%s was asked for bytes %d-%d of %d and sent '%s'",
                            remote.url().getHost(), range[0], range[1] - 1, remote.size(), header));
        }
        return new RangeSink(part, range[0], range[1], bytes -> arrived(bytes, watch));
    }

    /** The server ignores ranges: the answer is the whole file from its beginning. */
    private RangeSink whole(SilenceWatch watch) throws TransferException {
        startOver();
        return new RangeSink(part, 0, remote.size(), bytes -> arrived(bytes, watch));
    }

    private synchronized void startOver() throws TransferException {
        if (ranges) {
            throw new TransferException(
                    Cause.TRANSIENT, remote.url().getHost() + " has stopped serving parts of the file");
        }
        arrived = 0;
    }

    private synchronized void arrived(long bytes, SilenceWatch watch) {
        watch.heard();
        arrived += bytes;
        listener.moved("downloading", Math.min(arrived, remote.size()));
    }

    private synchronized void recovered() {
        failures = 0;
        arrived = Math.max(arrived, part.bytesDone());
    }

    /** Lets further connections in, once the server has served a range. */
    private synchronized void moreConnections() {
        if (!ranges && end == null) {
            ranges = true;
            while (workers.size() < settings.connections()) {
                start();
            }
        }
    }

    private synchronized void start() {
        workers.add(
                Thread.ofPlatform().daemon().name("download-" + workers.size()).start(this::work));
    }

    /** The worker with that number, null if there is none (yet). */
    private synchronized @Nullable Thread worker(int number) {
        return number < workers.size() ? workers.get(number) : null;
    }

    private void joinAll() throws InterruptedException {
        // Only a live worker starts further ones, so none is missed.
        for (int i = 0; worker(i) != null; i++) {
            Objects.requireNonNull(worker(i)).join();
        }
    }

    private void joinThrough() {
        boolean interrupted = Thread.interrupted();
        for (boolean joined = false; !joined; ) {
            try {
                joinAll();
                joined = true;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void pause(TransferException failure, long before) throws InterruptedException {
        Duration wait;
        synchronized (this) {
            failures = part.bytesDone() > before ? 1 : failures + 1;
            // What a broken connection had begun beyond its last whole unit comes again.
            arrived = Math.min(arrived, part.bytesDone());
            if (failures >= settings.attempts()) {
                stop(failure);
                return;
            }
            wait = backoff(failures);
        }
        Duration asked = failure.retryAfter();
        if (asked != null && asked.compareTo(settings.longestBackoff()) > 0) {
            stop(new TransferException(
                    Cause.REFUSED, failure.getMessage() + ", and to come back in " + asked.toMinutes() + " minutes"));
            return;
        }
        Thread.sleep(asked == null || asked.compareTo(wait) < 0 ? wait : asked);
    }

    /** Doubles with each failure; between half and all of it, so that many clients do not come back at once. */
    private Duration backoff(int failure) {
        long full = settings.firstBackoff().toMillis() << Math.min(failure - 1, 20);
        long capped = Math.clamp(full, 1, Math.max(1, settings.longestBackoff().toMillis()));
        return Duration.ofMillis(capped / 2 + ThreadLocalRandom.current().nextLong(capped / 2 + 1));
    }

    private synchronized @Nullable Throwable failure() {
        return end;
    }

    /** Ends all connections; the first reason counts. */
    private synchronized void stop(Throwable reason) {
        if (end == null) {
            end = reason;
        }
        for (Thread worker : workers) {
            if (worker != Thread.currentThread()) {
                worker.interrupt();
            }
        }
    }
}
