package org.llmspell.local.ollama;

import java.time.Duration;

/**
 * How to reach an Ollama server.
 *
 * @param address where it is
 * @param connectTimeout for connecting, and for the answer to short questions (version, list, show)
 * @param idleTimeout the longest silence within a reply or a pull before it counts as stalled; loading a big model is
 *     silent, so this is minutes
 * @param probeTimeout how long auto-detection waits to learn whether the server is there
 */
public record OllamaSettings(
        OllamaAddress address, Duration connectTimeout, Duration idleTimeout, Duration probeTimeout) {
    public static final String DEFAULT_URL = "http://localhost:11434";

    public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(30);
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofMinutes(5);
    public static final Duration DEFAULT_PROBE_TIMEOUT = Duration.ofMillis(500);

    public static OllamaSettings of(String url) {
        return new OllamaSettings(
                OllamaAddress.parse(url, "the URL"),
                DEFAULT_CONNECT_TIMEOUT,
                DEFAULT_IDLE_TIMEOUT,
                DEFAULT_PROBE_TIMEOUT);
    }
}
