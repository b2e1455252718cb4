package org.llmspell.local.download;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * A file to fetch, as its server described it before the first byte.
 *
 * @param url where it is
 * @param size in bytes; what arrives must have exactly this many
 * @param sha256 64 lower-case hexadecimal digits, or null where the server does not say
 * @param token sent as {@code Authorization: Bearer} to the URL's own host and never to another; null for none
 */
public record RemoteFile(
        URI url,
        long size,
        @Nullable String sha256,
        @Nullable String token) {
    public RemoteFile {
        if (size <= 0) {
            throw new IllegalArgumentException("a file of " + size + " bytes");
        }
    }

    /** Never shows the token. */
    @Override
    public String toString() {
        return url + " (" + size + " bytes)";
    }
}
