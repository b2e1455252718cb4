package org.llmspell.local.download;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The proxy that {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY} name, in either case, the
 * lower-case one first, as curl reads them (but {@code HTTP_PROXY} too, since no web server hands us its environment).
 * Only HTTP proxies; loopback is never proxied. Immutable.
 */
final class EnvironmentProxy extends ProxySelector {
    private static final int DEFAULT_PORT = 8080;

    private final @Nullable URI https;
    private final @Nullable URI http;
    private final List<String> direct = new ArrayList<>();

    EnvironmentProxy(Map<String, String> environment) {
        https = proxy(environment, "https_proxy");
        http = proxy(environment, "http_proxy");
        for (String host : value(environment, "no_proxy").split("[,\\s]+", -1)) {
            if (!host.isEmpty()) {
                direct.add(host.toLowerCase(Locale.ROOT)
                        .replaceFirst("^\\*?\\.", "")
                        .replaceFirst(":\\d+$", ""));
            }
        }
    }

    @Override
    public List<Proxy> select(URI uri) {
        URI proxy = "https".equalsIgnoreCase(uri.getScheme()) ? https : http;
        if (proxy == null || isDirect(String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT))) {
            return List.of(Proxy.NO_PROXY);
        }
        int port = proxy.getPort() < 0 ? DEFAULT_PORT : proxy.getPort();
        return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port)));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress proxy, IOException failure) {
        // The request itself fails with the same exception, which is where it is told.
    }

    /** Answers the proxy's question for a login, where the environment gave one: {@code http://user:password@proxy}. */
    Optional<Authenticator> authenticator() {
        if ((https == null || https.getUserInfo() == null) && (http == null || http.getUserInfo() == null)) {
            return Optional.empty();
        }
        // The JDK refuses to send a Basic login through a tunnel unless told otherwise before the first connection.
        System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
        return Optional.of(new Authenticator() {
            @Override
            protected @Nullable PasswordAuthentication getPasswordAuthentication() {
                return getRequestorType() == RequestorType.PROXY ? login(getRequestingHost()) : null;
            }
        });
    }

    private @Nullable PasswordAuthentication login(@Nullable String host) {
        for (URI proxy : new URI[] {https, http}) {
            if (proxy != null
                    && proxy.getRawUserInfo() != null
                    && proxy.getHost().equalsIgnoreCase(host)) {
                String[] parts = proxy.getRawUserInfo().split(":", 2);
                String password = parts.length < 2 ? "" : decode(parts[1]);
                return new PasswordAuthentication(decode(parts[0]), password.toCharArray());
            }
        }
        return null;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private boolean isDirect(String host) {
        if (host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]") || direct.contains("*")) {
            return true;
        }
        return direct.stream().anyMatch(suffix -> host.equals(suffix) || host.endsWith("." + suffix));
    }

    private static @Nullable URI proxy(Map<String, String> environment, String name) {
        String text = value(environment, name);
        if (text.isEmpty()) {
            text = value(environment, "all_proxy");
        }
        if (text.isEmpty()) {
            return null;
        }
        try {
            URI uri = URI.create(text.contains("://") ? text : "http://" + text);
            return uri.getHost() == null || uri.getScheme().startsWith("socks") ? null : uri;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String value(Map<String, String> environment, String name) {
        String lower = environment.get(name);
        String value = lower == null ? environment.get(name.toUpperCase(Locale.ROOT)) : lower;
        return value == null ? "" : value.strip();
    }
}
