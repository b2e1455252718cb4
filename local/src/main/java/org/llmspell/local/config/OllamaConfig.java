package org.llmspell.local.config;

import java.net.URI;
import java.time.Duration;

/**
 * {@code [providers.ollama]}.
 *
 * @param enabled whether the backend is used
 * @param url of the server: scheme, host, port, perhaps a path; no slash at its end
 * @param timeout for connecting, and for the answer to short questions (version, list, show)
 * @param idleTimeout the longest silence within a reply or a pull before it counts as stalled; loading a big model is
 *     silent, so this is minutes
 * @param probeTimeout how long choosing a backend waits to learn whether the server is there
 */
public record OllamaConfig(boolean enabled, URI url, Duration timeout, Duration idleTimeout, Duration probeTimeout) {}
