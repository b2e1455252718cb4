package org.llmspell.local;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.OpenAiConfig;
import org.llmspell.local.ollama.OllamaBackend;
import org.llmspell.local.openai.OpenAiBackend;

/**
 * The backends that a configuration enables. A model without a backend goes to the first of the configuration's own providers that
 * offers it, else in the guide's order: Ollama if it answers, then candle. A model that only candle has goes to candle also
 * while Ollama answers, and a file always does.
 */
final class ConfiguredModels implements LocalModels {
    private static final Logger LOG = System.getLogger(ConfiguredModels.class.getName());

    private final List<Backend> backends;
    private final List<Backend> providers;
    private final List<String> names;

    // A choice holds for the process: a server that comes or goes must not move a conversation to another model.
    private final Map<String, Backend> chosen = new ConcurrentHashMap<>();

    ConfiguredModels(List<Backend> backends) {
        this(backends, List.of(), List.of());
    }

    /**
     * @param backends of those that are always there, in the order in which they are tried
     * @param providers asked before them, and only for models that they offer
     * @param disabled names of providers that the configuration has and does not use
     */
    ConfiguredModels(List<Backend> backends, List<Backend> providers, List<String> disabled) {
        this.backends = Stream.concat(backends.stream(), providers.stream()).toList();
        this.providers = List.copyOf(providers);
        this.names = Stream.of(ModelSpec.BACKENDS.stream(), providers.stream().map(Backend::name), disabled.stream())
                .flatMap(each -> each)
                .toList();
    }

    static ConfiguredModels of(Config config) {
        List<Backend> enabled = new ArrayList<>();
        if (config.ollama().enabled()) {
            enabled.add(new OllamaBackend(config.ollama()));
        }
        if (config.candle().enabled()) {
            enabled.add(new CandleBackend(config.candle(), config.download()));
        }
        List<Backend> providers = new ArrayList<>();
        List<String> disabled = new ArrayList<>();
        for (OpenAiConfig provider : config.providers()) {
            if (provider.enabled()) {
                providers.add(new OpenAiBackend(provider));
            } else {
                disabled.add(provider.name());
            }
        }
        return new ConfiguredModels(enabled, providers, disabled);
    }

    @Override
    public List<Backend> backends() {
        return backends;
    }

    @Override
    public Backend backend(String name) {
        for (Backend backend : backends) {
            if (backend.name().equalsIgnoreCase(name)) {
                return backend;
            }
        }
        if (names.stream().anyMatch(known -> known.equalsIgnoreCase(name))) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "The backend " + name + " is disabled in the configuration",
                    "Set enabled = true under [providers." + name.toLowerCase(Locale.ROOT) + "]");
        }
        throw unknown(name);
    }

    private LocalModelException unknown(String name) {
        String hint = Nearest.hint(name, names);
        return new LocalModelException(
                LocalModelException.Kind.INVALID_REQUEST,
                "Unknown backend " + Quoted.of(name)
                        + (hint.isEmpty() ? "; there are " + String.join(" and ", names) : hint),
                "For servers of the OpenAI interface: [providers." + name.toLowerCase(Locale.ROOT)
                        + "] with type = \"openai\" in the configuration");
    }

    @Override
    public Backend resolve(ModelSpec model) {
        if (model.backend() != null) {
            return backend(model.backend());
        }
        if (model.isPath()) {
            return backend("candle");
        }
        if (backends.isEmpty()) {
            throw new LocalModelException(
                    LocalModelException.Kind.CONFIGURATION,
                    "Every backend is disabled in the configuration",
                    "Set enabled = true under [providers.ollama] or [providers.candle]");
        }
        return chosen.computeIfAbsent(model.id(), id -> choose(model));
    }

    private Backend choose(ModelSpec model) {
        for (Backend provider : providers) {
            if (provider.has(model)) {
                LOG.log(Level.DEBUG, "{0}: {1} offers it", model.id(), provider.name());
                return provider;
            }
        }
        List<Backend> always = backends.subList(0, backends.size() - providers.size());
        if (always.isEmpty()) {
            return providers.getFirst();
        }
        Backend last = always.getLast();
        for (Backend backend : always.subList(0, always.size() - 1)) {
            if (!backend.isReachable()) {
                LOG.log(Level.DEBUG, "{0}: {1} does not answer", model.id(), backend.name());
            } else if (backend.has(model)) {
                LOG.log(Level.DEBUG, "{0}: {1} answers and has it", model.id(), backend.name());
                return backend;
            } else if (!last.has(model)) {
                LOG.log(
                        Level.DEBUG,
                        "{0}: {1} answers, and {2} has it no more than {1}",
                        model.id(),
                        backend.name(),
                        last.name());
                return backend;
            } else {
                LOG.log(Level.DEBUG, "{0}: {1} answers and does not have it", model.id(), backend.name());
            }
        }
        LOG.log(Level.DEBUG, "{0}: taking {1}", model.id(), last.name());
        return last;
    }

    @Override
    public List<ModelEntry> list(@Nullable String backend) {
        if (backend != null) {
            return backend(backend).list();
        }
        List<ModelEntry> models = new ArrayList<>();
        for (Backend each : backends) {
            try {
                models.addAll(each.list());
            } catch (LocalModelException e) {
                boolean down = e.kind() == LocalModelException.Kind.BACKEND_UNAVAILABLE
                        || e.kind() == LocalModelException.Kind.UNSUPPORTED;
                if (!down) {
                    throw e;
                }
            }
        }
        return models;
    }

    @Override
    public Map<String, BackendStatus> status(@Nullable String backend) {
        Map<String, BackendStatus> statuses = new LinkedHashMap<>();
        for (String name : names) {
            if (backend == null || backend.equalsIgnoreCase(name)) {
                statuses.put(name, statusOf(name));
            }
        }
        if (statuses.isEmpty()) {
            throw unknown(String.valueOf(backend));
        }
        return statuses;
    }

    /** Scripts index the status of every backend, so that a disabled one has one too. */
    private BackendStatus statusOf(String name) {
        for (Backend each : backends) {
            if (each.name().equals(name)) {
                return each.status();
            }
        }
        return new BackendStatus(name, false, 0, null, "disabled in the configuration", Map.of());
    }

    @Override
    public void close() {
        backends.forEach(Backend::close);
    }
}
