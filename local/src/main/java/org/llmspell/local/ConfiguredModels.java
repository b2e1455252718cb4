package org.llmspell.local;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.config.Config;
import org.llmspell.local.ollama.OllamaBackend;

/**
 * The backends that a configuration enables, tried in the guide's order: Ollama if it answers, then candle. A model that
 * only candle has goes to candle also while Ollama answers, and a file always does.
 */
final class ConfiguredModels implements LocalModels {
    private static final Logger LOG = System.getLogger(ConfiguredModels.class.getName());

    private final List<Backend> backends;

    // A choice holds for the process: a server that comes or goes must not move a conversation to another model.
    private final Map<String, Backend> chosen = new ConcurrentHashMap<>();

    ConfiguredModels(List<Backend> backends) {
        this.backends = List.copyOf(backends);
    }

    static ConfiguredModels of(Config config) {
        List<Backend> enabled = new ArrayList<>();
        if (config.ollama().enabled()) {
            enabled.add(new OllamaBackend(config.ollama()));
        }
        if (config.candle().enabled()) {
            enabled.add(new CandleBackend(config.candle(), config.download()));
        }
        return new ConfiguredModels(enabled);
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
        if (ModelSpec.BACKENDS.stream().anyMatch(known -> known.equalsIgnoreCase(name))) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "The backend " + name + " is disabled in the configuration",
                    "Set enabled = true under [providers." + name.toLowerCase(Locale.ROOT) + "]");
        }
        throw unknown(name);
    }

    private static LocalModelException unknown(String name) {
        String hint = Nearest.hint(name, ModelSpec.BACKENDS);
        return new LocalModelException(
                LocalModelException.Kind.INVALID_REQUEST,
                "Unknown backend " + Quoted.of(name)
                        + (hint.isEmpty() ? "; there are " + String.join(" and ", ModelSpec.BACKENDS) : hint));
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
        Backend last = backends.getLast();
        for (Backend backend : backends.subList(0, backends.size() - 1)) {
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
        for (String name : ModelSpec.BACKENDS) {
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
