package org.llmspell.local.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/**
 * Reads the address of an Ollama server as Ollama reads {@code OLLAMA_HOST}: no scheme means http and port 11434,
 * {@code http://h} port 80, {@code https://h} port 443; {@code :1234}, {@code [::1]}, a path, quotes and spaces are accepted; a
 * port that is none is ignored; and a server that listens on all addresses (0.0.0.0, ::) is reached on loopback.
 */
public final class OllamaUrl {
    static final int DEFAULT_PORT = 11434;

    private OllamaUrl() {}

    /** Scheme, host, port and path, without a slash at its end; empty if {@code text} is no such address. */
    public static Optional<URI> parse(String text) {
        String rest = unquote(text);
        String scheme = "http";
        int defaultPort = DEFAULT_PORT;
        int mark = rest.indexOf("://");
        if (mark >= 0) {
            scheme = rest.substring(0, mark).toLowerCase(Locale.ROOT);
            rest = rest.substring(mark + 3);
            if (!scheme.equals("http") && !scheme.equals("https")) {
                return Optional.empty();
            }
            defaultPort = scheme.equals("http") ? 80 : 443;
        }
        int slash = rest.indexOf('/');
        String path = slash < 0 ? "" : rest.substring(slash).replaceAll("/+$", "");
        String authority = slash < 0 ? rest : rest.substring(0, slash);
        if (authority.matches(".*[@?#\\s].*") || path.matches(".*[?#].*")) {
            return Optional.empty();
        }
        int colon = portColon(authority);
        String host = colon < 0 ? authority : authority.substring(0, colon);
        int port = colon < 0 ? defaultPort : port(authority.substring(colon + 1), defaultPort);
        try {
            URI uri = new URI(scheme, null, connectable(host), port, path, null, null);
            return uri.parseServerAuthority().getHost() == null ? Optional.empty() : Optional.of(uri);
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private static String unquote(String text) {
        String trimmed = text.strip();
        while (trimmed.length() >= 2
                && "\"'".indexOf(trimmed.charAt(0)) >= 0
                && trimmed.charAt(0) == trimmed.charAt(trimmed.length() - 1)) {
            trimmed = trimmed.substring(1, trimmed.length() - 1).strip();
        }
        return trimmed;
    }

    /** Where the port's colon is; −1 for none, as in a bare IPv6 address. */
    private static int portColon(String authority) {
        int colon = authority.lastIndexOf(':');
        if (colon < 0 || colon < authority.lastIndexOf(']')) {
            return -1;
        }
        boolean bareIpv6 = !authority.startsWith("[") && authority.indexOf(':') != colon;
        return bareIpv6 ? -1 : colon;
    }

    /** Like Ollama: a port that is none is ignored rather than refused. */
    private static int port(String text, int defaultPort) {
        try {
            int port = Integer.parseInt(text);
            return port >= 0 && port <= 65535 ? port : defaultPort;
        } catch (NumberFormatException e) {
            return defaultPort;
        }
    }

    private static String connectable(String host) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return switch (bare) {
            case "", "0.0.0.0" -> "127.0.0.1";
            case "::" -> "[::1]";
            default -> bare.contains(":") ? "[" + bare + "]" : bare;
        };
    }
}
