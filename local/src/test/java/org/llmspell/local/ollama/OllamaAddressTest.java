package org.llmspell.local.ollama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.local.LocalModelException;

class OllamaAddressTest {
    // Each row as Ollama's own reading of OLLAMA_HOST gives it, 0.0.0.0 and :: being reached on loopback.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "localhost | http://localhost:11434",
                "example.com:1234 | http://example.com:1234",
                "http://example.com | http://example.com:80",
                "https://example.com | https://example.com:443",
                "https://example.com:8443/ollama/ | https://example.com:8443/ollama",
                ":1234 | http://127.0.0.1:1234",
                "`` | http://127.0.0.1:11434",
                "0.0.0.0 | http://127.0.0.1:11434",
                "0.0.0.0:8080 | http://127.0.0.1:8080",
                "[::1] | http://[::1]:11434",
                "[::1]:5 | http://[::1]:5",
                "::1 | http://[::1]:11434",
                "[::]:11434 | http://[::1]:11434",
                "`  \"localhost:9\" ` | http://localhost:9",
                "'1.2.3.4' | http://1.2.3.4:11434",
                "example.com:99999 | http://example.com:11434",
                "example.com:port | http://example.com:11434",
                "HTTP://example.com | http://example.com:80",
            })
    void readsWhatOllamaReads(String text, String url) {
        assertThat(OllamaAddress.parse(text == null ? "" : text, "OLLAMA_HOST").toString())
                .isEqualTo(url);
    }

    @Test
    void refusesOtherSchemesNamingTheSetting() {
        assertThatThrownBy(() -> OllamaAddress.parse("ftp://example.com", "OLLAMA_HOST"))
                .isInstanceOf(LocalModelException.class)
                .hasMessageContaining("OLLAMA_HOST")
                .hasMessageContaining("ftp://example.com");
    }

    @Test
    void refusesWhatIsNoHost() {
        assertThatThrownBy(() -> OllamaAddress.parse("http://exa mple:80", "url"))
                .isInstanceOf(LocalModelException.class)
                .hasMessageContaining("exa mple");
    }
}
