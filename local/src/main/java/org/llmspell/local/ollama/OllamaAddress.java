package org.llmspell.local.ollama;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;

/**
 * Where an Ollama server is, read as Ollama itself reads {@code OLLAMA_HOST}: no scheme means http and port 11434,
 * {@code http://h} port 80, {@code https://h} port 443; {@code :1234}, {@code [::1]}, a path, quotes and spaces are accepted; and a
 * server that listens on all addresses (0.0.0.0, ::) is reached on loopback.
 *
 * @param base scheme, host and port, with a path only if one was given and no slash at its end
 */
public record OllamaAddress(URI base) {
    static final int DEFAULT_PORT = 11434;

    /**
     * Reads an address.
     *
     * @param source what to call the setting in an error, such as {@code OLLAMA_HOST}
     * @throws LocalModelException of kind {@code CONFIGURATION} if no address can be read from {@code text}
     */
    public static OllamaAddress parse(String text, String source) {
        String rest = unquote(text);
        String scheme = "http";
        int defaultPort = DEFAULT_PORT;
        int mark = rest.indexOf("://");
        if (mark >= 0) {
            scheme = rest.substring(0, mark).toLowerCase(Locale.ROOT);
            rest = rest.substring(mark + 3);
            defaultPort = switch (scheme) {
                case "http" -> 80;
                case "https" -> 443;
                default -> throw invalid(text, source, "the scheme is neither http nor https");
            };
        }
        int slash = rest.indexOf('/');
        String path = slash < 0 ? "" : rest.substring(slash).replaceAll("/+$", "");
        String authority = slash < 0 ? rest : rest.substring(0, slash);
        int colon = portColon(authority);
        String host = colon < 0 ? authority : authority.substring(0, colon);
        int port = colon < 0 ? defaultPort : port(authority.substring(colon + 1), defaultPort);
        try {
            return new OllamaAddress(new URI(scheme, null, connectable(host), port, path, null, null));
        } catch (URISyntaxException e) {
            throw invalid(text, source, "the host is not a name or an address");
        }
    }

    /** The URL of an API path, such as {@code /api/tags}. */
    URI resolve(String path) {
        return URI.create(base + path);
    }

    @Override
    public String toString() {
        return base.toString();
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

    private static LocalModelException invalid(String text, String source, String why) {
        return new LocalModelException(
                Kind.CONFIGURATION,
                "Invalid Ollama address '" + text + "' in " + source + ": " + why,
                "Write it as http://localhost:11434");
    }
}
