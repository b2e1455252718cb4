package org.llmspell.server.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.store.Sha256;

/**
 * Decides who may ask: on a loopback address the Host header must name this machine (a page of another site that had its
 * name resolve to 127.0.0.1 says its own name there), a web page's origin must be this server's or on the list, and the
 * key must be right where there is one. Immutable and thread-safe.
 */
public final class Guard {
    private static final Pattern LOOPBACK = Pattern.compile("127(?:\\.\\d{1,3}){3}|\\[::1\\]|localhost|.+\\.localhost");
    private static final Set<String> OPEN_PATHS = Set.of("/", "/health");

    /** Where the files of the web page are: a browser sends no key for them. */
    public static final String PAGE_PATH = "/page/";

    private final boolean loopback;
    private final Set<String> names;
    private final Set<String> origins;
    private final byte @Nullable [] keyHash;

    /**
     * @param loopback whether the server listens on a loopback address
     * @param names further names of this machine
     * @param origins of web pages that may use the server; {@code *} for all
     * @param apiKey null for none
     */
    public Guard(boolean loopback, Collection<String> names, List<String> origins, @Nullable String apiKey) {
        this.loopback = loopback;
        this.names = names.stream().map(Guard::lower).collect(Collectors.toUnmodifiableSet());
        this.origins = origins.stream()
                .map(origin -> lower(origin.replaceAll("/+$", "")))
                .collect(Collectors.toUnmodifiableSet());
        this.keyHash = apiKey == null ? null : sha256(apiKey);
    }

    /** What a request says of where it comes from; null for a header that is not there. */
    public record Headers(
            @Nullable String host,
            @Nullable String origin,
            @Nullable String authorization,
            @Nullable String apiKey) {}

    /**
     * Lets a request pass, or not.
     *
     * @throws HttpFailure 403 for a foreign Host or Origin, 401 for a missing or wrong key
     */
    public void check(String path, Headers headers) {
        checkHost(headers.host());
        if (headers.origin() != null && !allows(headers.origin(), headers.host())) {
            throw new HttpFailure(403, "the origin of this web page is not allowed; add it to server.allowed_origins");
        }
        if (keyHash != null && !OPEN_PATHS.contains(path) && !path.startsWith(PAGE_PATH)) {
            checkKey(headers);
        }
    }

    /** {@link #check} for a browser's question whether it may ask, which carries no key. */
    public void checkPreflight(Headers headers) {
        checkHost(headers.host());
        if (headers.origin() == null || !allows(headers.origin(), headers.host())) {
            throw new HttpFailure(403, "the origin of this web page is not allowed; add it to server.allowed_origins");
        }
    }

    private void checkHost(@Nullable String host) {
        if (!loopback) {
            return; // a key is needed there, which a page that only tricked a name resolution does not have
        }
        String name = host == null ? "" : lower(hostName(host));
        if (!LOOPBACK.matcher(name).matches() && !names.contains(name)) {
            throw new HttpFailure(403, "the Host header does not name this machine");
        }
    }

    /** Without port and the dot of a fully qualified name. */
    private static String hostName(String host) {
        int bracket = host.indexOf(']');
        int colon = host.indexOf(':', Math.max(0, bracket));
        String name = colon < 0 ? host : host.substring(0, colon);
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private boolean allows(String origin, @Nullable String host) {
        String lower = lower(origin);
        if (origins.contains("*") || origins.contains(lower)) {
            return true;
        }
        if (host != null && (lower.equals("http://" + lower(host)) || lower.equals("https://" + lower(host)))) {
            return true;
        }
        int scheme = lower.indexOf("://");
        return loopback
                && (lower.startsWith("http://") || lower.startsWith("https://"))
                && LOOPBACK.matcher(hostName(lower.substring(scheme + 3))).matches();
    }

    private void checkKey(Headers headers) {
        String given = headers.apiKey();
        String authorization = headers.authorization();
        if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            given = authorization.substring(7).strip();
        }
        // Hashes are of one length, and isEqual looks at all of it: the time tells nothing of the key.
        if (given == null || keyHash == null || !MessageDigest.isEqual(keyHash, sha256(given))) {
            throw new HttpFailure(
                    401,
                    given == null
                            ? "an API key is needed: send Authorization: Bearer KEY, or x-api-key: KEY"
                            : "the API key is wrong",
                    "invalid_api_key",
                    null,
                    null);
        }
    }

    private static byte[] sha256(String text) {
        return Sha256.digest().digest(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
