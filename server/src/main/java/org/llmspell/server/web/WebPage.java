package org.llmspell.server.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.Guard;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.Routes;

/**
 * The files of the page, as they are in this package's resources: no build, nothing from elsewhere. They hold nothing secret, so that
 * they are given without a key; what the page then asks for is not. Immutable and thread-safe.
 */
public final class WebPage {
    /** What the page may load, and who may show it: this server alone. */
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    private static final String HTML = "text/html; charset=utf-8";
    private static final String SCRIPT = "text/javascript; charset=utf-8";

    /** The files under {@link Guard#PAGE_PATH}. */
    private static final Map<String, String> TYPES = Map.of(
            "main.js", SCRIPT,
            "server.js", SCRIPT,
            "running.js", SCRIPT,
            "text.js", SCRIPT,
            "style.css", "text/css; charset=utf-8",
            "icon.svg", "image/svg+xml");

    /** What clients of Ollama look for at the same place. */
    private static final String GREETING = "Ollama is running";

    private WebPage() {}

    /** Adds its routes. */
    public static void add(Routes routes) {
        routes.on("GET", "/", WebPage::root).on("GET", Guard.PAGE_PATH + "*", WebPage::file);
    }

    private static void root(Exchange exchange) {
        exchange.putHeader("Vary", "Accept, Origin");
        if (wantsPage(exchange.header("Accept"))) {
            send(exchange, HTML, "index.html");
        } else {
            exchange.text(200, "text/plain; charset=utf-8", GREETING);
        }
    }

    /** Browsers name HTML; clients of the interface name JSON, or take anything. */
    private static boolean wantsPage(@Nullable String accept) {
        return accept != null && accept.toLowerCase(Locale.ROOT).contains("text/html");
    }

    private static void file(Exchange exchange) {
        String name = exchange.path().substring(Guard.PAGE_PATH.length());
        String type = TYPES.get(name);
        if (type == null) {
            throw new HttpFailure(404, "the page has no such file");
        }
        send(exchange, type, name);
    }

    private static void send(Exchange exchange, String type, String name) {
        exchange.putHeader("Content-Security-Policy", POLICY);
        exchange.putHeader("X-Content-Type-Options", "nosniff");
        exchange.putHeader("Referrer-Policy", "no-referrer");
        exchange.putHeader("Cache-Control", "no-cache");
        exchange.text(200, type, read(name));
    }

    private static String read(String name) {
        try (InputStream in = WebPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks the page's " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
