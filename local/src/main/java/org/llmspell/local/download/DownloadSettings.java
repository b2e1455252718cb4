package org.llmspell.local.download;

import java.time.Duration;

/**
 * How patiently and how broadly to fetch.
 *
 * @param connections how many ranges of one file at once, where the server allows ranges
 * @param connectTimeout for a connection
 * @param stallTimeout the longest silence on one connection before it is dropped and tried again
 * @param attempts failures in a row, without a byte of progress between them, before giving up
 * @param firstBackoff the pause after the first failure; it doubles with each further one, with some chance in it
 * @param longestBackoff the most to pause, a server's {@code Retry-After} included; a server that asks for more has refused
 */
public record DownloadSettings(
        int connections,
        Duration connectTimeout,
        Duration stallTimeout,
        int attempts,
        Duration firstBackoff,
        Duration longestBackoff) {
    public static final DownloadSettings DEFAULTS = new DownloadSettings(
            4, Duration.ofSeconds(30), Duration.ofSeconds(30), 6, Duration.ofSeconds(1), Duration.ofMinutes(5));
}
