package org.llmspell.local.config;

import java.net.URI;
import java.time.Duration;

/**
 * {@code [providers.ollama]}.
 *
 * @param enabled whether the backend is used
 * @param url of the server: scheme, host, port, perhaps a path; no slash at its end
 * @param timeout for connecting
 */
public record OllamaConfig(boolean enabled, URI url, Duration timeout) {}
