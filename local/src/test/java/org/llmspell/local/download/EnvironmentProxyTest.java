package org.llmspell.local.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentProxyTest {
    private static String chosen(Map<String, String> environment, String url) {
        return String.valueOf(new EnvironmentProxy(environment)
                .select(URI.create(url))
                .getFirst()
                .address());
    }

    @ParameterizedTest
    @CsvSource({
        "https://huggingface.co/x, proxy.example/<unresolved>:3128",
        "http://huggingface.co/x, other.example/<unresolved>:8080",
        "https://localhost/x, null",
        "https://127.0.0.1:1/x, null",
        "https://internal.example.org/x, null",
        "https://a.internal.example.org/x, null",
        "https://notinternal.example.org/x, proxy.example/<unresolved>:3128"
    })
    void takesTheSchemesProxyExceptWhereToldNotTo(String url, String address) {
        Map<String, String> environment = Map.of(
                "HTTPS_PROXY", "http://proxy.example:3128",
                "http_proxy", "other.example",
                "NO_PROXY", "foo.test, .internal.example.org:443");
        assertThat(chosen(environment, url)).isEqualTo(address);
    }

    @Test
    void theLowerCaseVariableComesFirstAndAllProxyLast() {
        assertThat(chosen(Map.of("HTTPS_PROXY", "http://a:1", "https_proxy", "http://b:2"), "https://x.org"))
                .startsWith("b");
        assertThat(chosen(Map.of("ALL_PROXY", "http://c:3"), "https://x.org")).startsWith("c");
        assertThat(chosen(Map.of("ALL_PROXY", "http://c:3", "NO_PROXY", "*"), "https://x.org"))
                .isEqualTo("null");
        assertThat(chosen(Map.of(), "https://x.org")).isEqualTo("null");
    }

    @Test
    void aLoginInTheProxysAddressIsKeptForTheProxy() {
        assertThat(new EnvironmentProxy(Map.of("HTTPS_PROXY", "http://me:p%40ss@proxy.example:3128")).authenticator())
                .isPresent();
        assertThat(new EnvironmentProxy(Map.of("HTTPS_PROXY", "http://proxy.example:3128")).authenticator())
                .isEmpty();
    }
}
