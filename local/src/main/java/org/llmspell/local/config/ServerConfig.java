package org.llmspell.local.config;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code [server]}.
 *
 * @param host address or name to listen on
 * @param port 0 for any free one
 * @param apiKey what clients must send; null for nothing, which only a loopback address allows
 * @param allowedOrigins origins of web pages that may use it, {@code *} for all
 * @param parallel replies made at once
 * @param maxQueue requests that may wait beyond those
 * @param maxBodyBytes the largest request but for files of models
 * @param stallTimeout how long a client may send or read nothing of what is under way
 * @param shutdownGrace how long replies may go on when the server is told to end
 */
public record ServerConfig(
        String host,
        int port,
        @Nullable String apiKey,
        List<String> allowedOrigins,
        int parallel,
        int maxQueue,
        int maxBodyBytes,
        Duration stallTimeout,
        Duration shutdownGrace) {
    public ServerConfig {
        allowedOrigins = List.copyOf(allowedOrigins);
    }

    /** Without the key, which must not reach a log. */
    @Override
    public String toString() {
        return "ServerConfig[host=" + host + ", port=" + port + ", allowedOrigins=" + allowedOrigins + ", parallel="
                + parallel + ", maxQueue=" + maxQueue + ", maxBodyBytes=" + maxBodyBytes + ", stallTimeout="
                + stallTimeout + ", shutdownGrace=" + shutdownGrace + "]";
    }
}
