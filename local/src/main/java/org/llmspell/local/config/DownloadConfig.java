package org.llmspell.local.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the embedded backend's models come from.
 *
 * @param hub the Hugging Face Hub or a mirror of it; no slash at its end
 * @param registry the Ollama registry or a mirror of it; no slash at its end
 * @param offline nothing is ever downloaded
 * @param hfApiKey Hugging Face token, if any
 * @param ollamaModels where an Ollama on this machine may keep its models, which are used in place
 * @param environment for the proxy variables
 */
public record DownloadConfig(
        URI hub,
        URI registry,
        boolean offline,
        @Nullable String hfApiKey,
        List<Path> ollamaModels,
        Map<String, String> environment) {
    /** Without the token and the environment, which must not reach a log. */
    @Override
    public String toString() {
        return "DownloadConfig[hub=" + hub + ", registry=" + registry + ", offline=" + offline + "]";
    }
}
