package org.llmspell.local.download;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.download.TransferException.Cause;

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
    private final List<Thread> helpers = new ArrayList<>();
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

    /** Returns when every byte is there. */
    void run() throws IOException, InterruptedException {
        listener.moved("downloading", arrived);
        try {
            work();
        } finally {
            stop(new TransferException(Cause.CANCELLED, "cancelled"), false);
            for (Thread helper : helpers) {
                helper.interrupt();
            }
            for (Thread helper : helpers) {
                joinThrough(helper);
            }
        }
        Throwable failure = failure();
        if (failure instanceof TransferException known && known.reason() != Cause.CANCELLED) {
            throw known;
        }
        if (!part.isComplete()) {
            throw failure instanceof IOException io ? io : new TransferException(Cause.CANCELLED, "cancelled");
        }
    }

    /** Takes ranges until none is left. */
    private void work() throws InterruptedException {
        while (failure() == null) {
            // Until the server has shown that it serves ranges, one range at a time: it may send the whole file.
            long[] range = part.claim(RANGE);
            if (range.length == 0) {
                if (part.isComplete() || helpers.isEmpty()) {
                    return;
                }
                part.awaitPrefix(part.prefix(), 50);
                continue;
            }
            long before = arrived();
            try {
                fetch(range);
                recovered();
            } catch (TransferException e) {
                if (e.reason() == Cause.TRANSIENT) {
                    pause(e, before);
                } else {
                    stop(e, true);
                }
            } catch (IOException | UnresolvedAddressException e) {
                pause(new TransferException(Cause.TRANSIENT, describe(e), null, e), before);
            } finally {
                part.release(range);
            }
        }
    }

    private void fetch(long[] range) throws IOException, InterruptedException {
        Map<String, String> headers = Map.of(
                "Range", "bytes=" + range[0] + "-" + (range[1] - 1),
                // A compressed body would have other lengths than the file.
                "Accept-Encoding", "identity");
        try (StallWatch watch = new StallWatch(settings.stallTimeout(), Thread.currentThread())) {
            Answer<Long> answer = transport.get(remote.url(), remote.token(), headers, info -> {
                try {
                    RangeSink sink = info.statusCode() == 206 ? partial(info, range, watch) : whole(watch);
                    watch.onStall(() -> sink.fail(new IOException("the server has sent nothing for "
                            + Math.max(1, settings.stallTimeout().toSeconds()) + " seconds")));
                    return sink;
                } catch (TransferException e) {
                    return HttpResponse.BodySubscribers.mapping(new Failing(e), nothing -> 0L);
                }
            });
            if (answer.status() == 206) {
                join();
            }
        } catch (InterruptedException e) {
            if (failure() == null && Thread.interrupted()) {
                throw e;
            }
            throw e;
        }
    }

    private RangeSink partial(HttpResponse.ResponseInfo info, long[] range, StallWatch watch) throws TransferException {
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
    private RangeSink whole(StallWatch watch) {
        startOver();
        return new RangeSink(part, 0, remote.size(), bytes -> arrived(bytes, watch));
    }

    private synchronized void startOver() {
        arrived = 0;
    }

    private synchronized void arrived(long bytes, StallWatch watch) {
        watch.heard();
        arrived += bytes;
        failures = 0;
        listener.moved("downloading", Math.min(arrived, remote.size()));
    }

    private synchronized long arrived() {
        return arrived;
    }

    private synchronized void recovered() {
        failures = 0;
        arrived = Math.max(arrived, part.bytesDone());
    }

    /** Lets further connections in, once the server has served a range. */
    private synchronized void join() {
        if (ranges || end != null) {
            return;
        }
        ranges = true;
        for (int i = 1; i < settings.connections(); i++) {
            helpers.add(Thread.ofPlatform().daemon().name("download-" + i).start(() -> {
                try {
                    work();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } catch (RuntimeException e) {
                    stop(e, true);
                }
            }));
        }
    }

    private void pause(TransferException failure, long before) throws InterruptedException {
        Duration wait;
        synchronized (this) {
            failures = arrived > before ? 1 : failures + 1;
            // What a broken connection had begun beyond its last whole unit comes again.
            arrived = Math.min(arrived, part.bytesDone());
            if (failures >= settings.attempts()) {
                stop(failure, true);
                return;
            }
            wait = backoff(failures);
        }
        Duration asked = failure.retryAfter();
        if (asked != null && asked.compareTo(settings.longestBackoff()) > 0) {
            stop(new TransferException(
                            Cause.REFUSED,
                            failure.getMessage() + " and to come back in " + asked.toMinutes() + " minutes"), true);
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

    private synchronized void stop(Throwable reason, boolean wakeOthers) {
        if (end == null) {
            end = reason;
        }
        if (wakeOthers) {
            for (Thread helper : helpers) {
                if (helper != Thread.currentThread()) {
                    helper.interrupt();
                }
            }
        }
    }

    private static void joinThrough(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private String describe(Throwable failure) {
        String host = remote.url().getHost();
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof UnresolvedAddressException || t instanceof java.net.UnknownHostException) {
                return "the host " + host + " is unknown";
            }
            if (t instanceof ConnectException) {
                return host + " cannot be reached";
            }
            if (t instanceof HttpTimeoutException) {
                return host + " does not answer";
            }
        }
        return host + ": " + failure.getMessage();
    }
}
