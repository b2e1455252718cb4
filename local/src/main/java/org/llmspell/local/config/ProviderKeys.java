package org.llmspell.local.config;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.ValueType;

/** The keys of a provider that the user names: {@code [providers.NAME]} with a {@code type}. */
final class ProviderKeys {
    static final String PROVIDERS = "providers.";
    static final String OPENAI = "openai";

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,39}");

    private ProviderKeys() {}

    /** Whether a provider may be called that; the names of the backends that are always there are taken. */
    static boolean isName(String name) {
        return NAME.matcher(name).matches() && !ModelSpec.BACKENDS.contains(name);
    }

    /** The keys of the provider {@code name}, in the order to show. */
    static List<ConfigKey> of(String name) {
        String variable = "LLMSPELL_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
        String options = PROVIDERS + name + ".options.";
        return List.of(
                new ConfigKey(
                        PROVIDERS + name + ".type",
                        new ValueType.Choice(List.of(OPENAI)),
                        null,
                        List.of(),
                        false,
                        "What the servers speak: openai is the interface of vLLM, SGLang, llama-server, TGI and others"),
                new ConfigKey(
                        PROVIDERS + name + ".enabled",
                        new ValueType.Flag(),
                        true,
                        List.of(),
                        false,
                        "Whether the backend is used"),
                new ConfigKey(
                        options + "urls",
                        new ValueType.WebAddresses(64),
                        null,
                        List.of(variable + "_URLS"),
                        false,
                        "Addresses of servers that offer the same models, up to /v1"),
                new ConfigKey(
                        options + "api_key",
                        new ValueType.Text(
                                "a token without white space",
                                text -> !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7f)),
                        null,
                        List.of(variable + "_API_KEY"),
                        true,
                        "Sent to every server"),
                new ConfigKey(
                        options + "timeout",
                        new ValueType.Decimal(0, false, 86400),
                        30.0,
                        List.of(),
                        false,
                        "Seconds to wait for a connection, and for the answer to a short question"),
                new ConfigKey(
                        options + "idle_timeout",
                        new ValueType.Decimal(0, false, 86400),
                        300.0,
                        List.of(),
                        false,
                        "Seconds of silence after which a reply counts as stalled"),
                new ConfigKey(
                        options + "probe_timeout",
                        new ValueType.Decimal(0, false, 86400),
                        0.5,
                        List.of(),
                        false,
                        "Seconds to wait for a server when a model names no backend, before the next backend is tried"),
                new ConfigKey(
                        options + "check_interval",
                        new ValueType.Decimal(0, false, 86400),
                        5.0,
                        List.of(),
                        false,
                        "Seconds between two questions whether a server that failed is back"),
                new ConfigKey(
                        options + "extensions",
                        new ValueType.Flag(),
                        true,
                        List.of(),
                        false,
                        "Whether to send options that OpenAI itself does not have: top_k, min_p, typical_p, repeat_penalty, think"),
                new ConfigKey(
                        options + "models",
                        new ValueType.Names(),
                        null,
                        List.of(),
                        false,
                        "A table from names for scripts to the names that the servers know"));
    }
}
