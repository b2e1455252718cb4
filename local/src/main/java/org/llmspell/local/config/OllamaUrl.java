package org.llmspell.local.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/**
 * Reads the address of an Ollama server as Ollama reads {@code OLLAMA_HOST}: without a scheme {@code http} and port 11434,
 * with one the scheme's own port; {@code :1234}, {@code [::1]}, quotes and spaces around are accepted; the wildcard
 * address, which a server listens on, means the loopback to a client.
 */
public final class OllamaUrl {
    private static final int DEFAULT_PORT = 11434;

    private OllamaUrl() {}

    /** Scheme, host, port and path, without a slash at its end; empty if {@code text} is no such address. */
    public static Optional<URI> parse(String text) {
        String address = unquote(text.strip());
        if (address.isEmpty()) {
            return Optional.empty();
        }
        int scheme = address.indexOf("://");
        String protocol = scheme < 0 ? "http" : address.substring(0, scheme).toLowerCase(Locale.ROOT);
        int port = scheme < 0 ? DEFAULT_PORT : protocol.equals("https") ? 443 : 80;
        String rest = scheme < 0 ? address : address.substring(scheme + 3);
        if (rest.isEmpty() || !(protocol.equals("http") || protocol.equals("https"))) {
            return Optional.empty();
        }
        if (rest.indexOf(':') != rest.lastIndexOf(':') && !rest.startsWith("[")) {
            rest = "[" + rest + "]"; // a bare IPv6 address
        } else if (rest.startsWith(":")) {
            rest = "127.0.0.1" + rest;
        }
        try {
            URI uri = new URI(protocol + "://" + rest).parseServerAuthority();
            String host = uri.getHost();
            if (host == null || uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null) {
                return Optional.empty();
            }
            int named = uri.getPort();
            if (named > 65535 || named == 0 || rest.endsWith(":")) {
                return Optional.empty();
            }
            String path = uri.getRawPath().replaceAll("/+$", "");
            return Optional.of(new URI(protocol + "://" + reachable(host) + ":" + (named < 0 ? port : named) + path));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private static String reachable(String host) {
        return switch (host) {
            case "0.0.0.0" -> "127.0.0.1";
            case "[::]" -> "[::1]";
            default -> host;
        };
    }

    private static String unquote(String text) {
        boolean quoted = text.length() > 1
                && ((text.startsWith("\"") && text.endsWith("\"")) || (text.startsWith("'") && text.endsWith("'")));
        return quoted ? text.substring(1, text.length() - 1).strip() : text;
    }
}
