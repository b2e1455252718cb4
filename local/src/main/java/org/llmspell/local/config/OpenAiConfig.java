package org.llmspell.local.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code [providers.NAME]} of type {@code openai}: servers that offer the same models.
 *
 * @param name after {@code @} in a model specification
 * @param enabled whether the backend is used
 * @param urls of the servers, at least one: scheme, host, port and path up to {@code /v1}; no slash at their ends
 * @param apiKey sent to every server; null for none
 * @param timeout for connecting, and for the answer to short questions
 * @param idleTimeout the longest silence within a reply before it counts as stalled
 * @param probeTimeout how long choosing a backend waits to learn whether a server is there
 * @param checkInterval how often a server that failed is asked whether it is back
 * @param extensions whether the servers take more than OpenAI's own options
 * @param models names to use in specifications, with the names that the servers know
 */
public record OpenAiConfig(
        String name,
        boolean enabled,
        List<URI> urls,
        @Nullable String apiKey,
        Duration timeout,
        Duration idleTimeout,
        Duration probeTimeout,
        Duration checkInterval,
        boolean extensions,
        Map<String, String> models) {
    public OpenAiConfig {
        urls = List.copyOf(urls);
        models = Map.copyOf(models);
    }
}
