package org.llmspell.local.download;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.download.TransferException.Cause;

/**
 * HTTP for downloads: follows redirects itself, so that a token never leaves the host it was meant for and a secure address
 * never turns into an insecure one; goes through the proxy that the environment names. Thread-safe.
 */
public final class Transport implements AutoCloseable {
    private static final int MAX_REDIRECTS = 10;
    private static final String USER_AGENT = "llmspell";

    private final HttpClient http;

    /**
     * Opens a transport.
     *
     * @param environment for {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY}
     */
    public Transport(Duration connectTimeout, Map<String, String> environment) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connectTimeout);
        EnvironmentProxy proxy = new EnvironmentProxy(environment);
        builder.proxy(proxy);
        proxy.authenticator().ifPresent(builder::authenticator);
        this.http = builder.build();
    }

    /**
     * Sends a GET and follows its redirects.
     *
     * @param token for the first host alone, null for none
     * @param headers further headers, for every hop
     * @param handler chosen once the final answer's status is known
     * @throws TransferException for a refusing status or a bad redirect; {@code handler} sees only 200 and 206
     * @throws IOException if the connection fails
     * @throws InterruptedException if the calling thread is interrupted, which drops the connection
     */
    <T> Answer<T> get(URI url, @Nullable String token, Map<String, String> headers, HttpResponse.BodyHandler<T> handler)
            throws IOException, InterruptedException {
        URI at = url;
        for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(at).header("User-Agent", USER_AGENT);
            headers.forEach(request::header);
            if (token != null && sameHost(url, at)) {
                request.header("Authorization", "Bearer " + token);
            }
            HttpResponse<Optional<T>> response = http.send(request.build(), bodyOfSuccess(handler));
            int status = response.statusCode();
            if (status == 200 || status == 206) {
                return new Answer<>(status, response.headers(), response.body().orElseThrow());
            }
            if (status < 300 || status >= 400 || status == 304) {
                throw refused(
                        at, status, response.headers().firstValue("Retry-After").orElse(null));
            }
            at = redirected(at, response.headers().firstValue("Location").orElse(null));
        }
        throw new TransferException(Cause.DISHONEST, url.getHost() + " redirects without end");
    }

    /**
     * {@link #get} of a short answer, whole in memory.
     *
     * @param accept the media type that is wanted
     * @param limit bytes that the answer may have
     * @throws TransferException as {@link #get} does, and saying in words why there is no answer
     * @throws InterruptedException if the calling thread is interrupted, which drops the connection
     */
    Answer<byte[]> getWhole(URI url, @Nullable String token, String accept, int limit)
            throws TransferException, InterruptedException {
        try {
            return get(url, token, Map.of("Accept", accept), info -> new BoundedBytes(limit));
        } catch (TransferException e) {
            throw e;
        } catch (IOException e) {
            throw new TransferException(Cause.TRANSIENT, describe(url, e), null, e);
        }
    }

    /** Why no answer came from {@code url}, in words. */
    static String describe(URI url, Throwable failure) {
        String host = url.getHost();
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

    @Override
    public void close() {
        http.shutdownNow();
    }

    private static boolean sameHost(URI a, URI b) {
        return a.getScheme().equalsIgnoreCase(b.getScheme())
                && String.valueOf(a.getHost()).equalsIgnoreCase(b.getHost())
                && a.getPort() == b.getPort();
    }

    private static URI redirected(URI from, @Nullable String location) throws TransferException {
        URI to;
        try {
            to = from.resolve(String.valueOf(location));
        } catch (IllegalArgumentException e) {
            throw new TransferException(Cause.DISHONEST, from.getHost() + " redirects to no address: " + location);
        }
        String scheme = String.valueOf(to.getScheme()).toLowerCase(Locale.ROOT);
        if (location == null || to.getHost() == null || !scheme.equals("https") && !scheme.equals("http")) {
            throw new TransferException(Cause.DISHONEST, from.getHost() + " redirects to no web address: " + location);
        }
        if (from.getScheme().equalsIgnoreCase("https") && scheme.equals("http")) {
            throw new TransferException(
                    Cause.DISHONEST, from.getHost() + " redirects from https to insecure http at " + to.getHost());
        }
        return to;
    }

    private static TransferException refused(URI at, int status, @Nullable String retryAfter) {
        String host = at.getHost();
        return switch (status) {
            case 401 -> new TransferException(Cause.UNAUTHORIZED, host + " wants a login (HTTP 401)");
            case 403 -> new TransferException(Cause.UNAUTHORIZED, host + " refuses access (HTTP 403)");
            case 404, 410 ->
                new TransferException(Cause.NOT_FOUND, host + " has no " + at.getPath() + " (HTTP " + status + ")");
            case 416 ->
                new TransferException(Cause.DISHONEST, host + " says the file is shorter than it promised (HTTP 416)");
            case 408, 425, 429, 500, 502, 503, 504 ->
                new TransferException(
                        Cause.TRANSIENT,
                        host
                                + (status == 429
                                        ? " asks for fewer requests (HTTP 429)"
                                        : " is unavailable (HTTP " + status + ")"),
                        delay(retryAfter),
                        null);
            default -> new TransferException(Cause.REFUSED, host + " answered HTTP " + status);
        };
    }

    /** {@code Retry-After} in either form, seconds or a date (RFC 9110, section 10.2.3); null if it is neither. */
    static @Nullable Duration delay(@Nullable String retryAfter) {
        if (retryAfter == null) {
            return null;
        }
        try {
            return Duration.ofSeconds(Math.max(0, Long.parseLong(retryAfter.strip())));
        } catch (NumberFormatException notSeconds) {
            try {
                Instant until = ZonedDateTime.parse(retryAfter.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant();
                Duration wait = Duration.between(Instant.now(), until);
                return wait.isNegative() ? Duration.ZERO : wait;
            } catch (DateTimeException neither) {
                return null;
            }
        }
    }

    /** The body of a success as {@code handler} makes it; other bodies are not read, for a lying server's may be endless. */
    private static <T> HttpResponse.BodyHandler<Optional<T>> bodyOfSuccess(HttpResponse.BodyHandler<T> handler) {
        return info -> info.statusCode() == 200 || info.statusCode() == 206
                ? HttpResponse.BodySubscribers.mapping(handler.apply(info), Optional::ofNullable)
                : new Ignored<>();
    }
}
