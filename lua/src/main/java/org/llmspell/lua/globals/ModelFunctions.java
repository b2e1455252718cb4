package org.llmspell.lua.globals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.Pooling;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.json.Fields;
import org.llmspell.lua.vm.JavaFunction;
import org.llmspell.lua.vm.LuaFault;
import org.llmspell.lua.vm.LuaStack;

/** What {@code LocalLLM} does. */
public final class ModelFunctions implements AutoCloseable {
    private final LocalModels models;
    private final Waiting waiting;
    private final Console console;
    private final Access access;
    private @Nullable Download download;

    public ModelFunctions(LocalModels models, Waiting waiting, Console console, Access access) {
        this.models = models;
        this.waiting = waiting;
        this.console = console;
        this.access = access;
    }

    /** The functions that {@code models.lua} builds on. */
    public Map<String, JavaFunction> functions() {
        return Map.of(
                "models_list",
                        stack -> {
                            String backend = backend(stack);
                            return wait(
                                    stack,
                                    () -> models.list(backend).stream()
                                            .map(Fields::of)
                                            .toList());
                        },
                "models_status",
                        stack -> {
                            String backend = backend(stack);
                            return wait(stack, () -> status(backend));
                        },
                "models_info",
                        stack -> {
                            ModelSpec model = model(stack, "info");
                            return wait(stack, () -> Fields.of(models.info(model)));
                        },
                "models_remove",
                        stack -> {
                            access.checkChange("LocalLLM.remove");
                            ModelSpec model = model(stack, "remove");
                            return wait(stack, () -> {
                                models.remove(model);
                                return true;
                            });
                        },
                "models_embed",
                        stack -> {
                            ModelSpec model = model(stack, "embed");
                            boolean list = stack.isTable(2);
                            List<String> texts = EmbeddingArguments.texts(stack);
                            EmbeddingOptions options = EmbeddingArguments.options(stack);
                            return wait(stack, () -> {
                                List<Object> vectors = vectors(models.embed(model, texts, options), options);
                                return list ? vectors : vectors.getFirst();
                            });
                        },
                "pull_start", this::startPull,
                "pull_next", this::nextPull,
                "pull_stop",
                        stack -> {
                            close();
                            return 0;
                        });
    }

    /** By text its vector as a list of numbers; a list of those with a vector for each token. */
    private static List<Object> vectors(Embeddings embeddings, EmbeddingOptions options) {
        List<Object> all = new ArrayList<>();
        for (float[][] text : embeddings.texts()) {
            List<List<Double>> vectors =
                    Arrays.stream(text).map(ModelFunctions::numbers).toList();
            all.add(options.pooling() == Pooling.NONE ? vectors : vectors.getFirst());
        }
        return all;
    }

    private static List<Double> numbers(float[] vector) {
        List<Double> numbers = new ArrayList<>(vector.length);
        for (float value : vector) {
            numbers.add((double) value);
        }
        return numbers;
    }

    private Map<String, Object> status(@Nullable String backend) {
        Map<String, Object> statuses = new LinkedHashMap<>();
        models.status(backend).forEach((name, status) -> statuses.put(name, Fields.of(status)));
        if (backend == null) {
            for (String name : ModelSpec.BACKENDS) { // a script may ask for any, whatever the configuration enables
                statuses.computeIfAbsent(
                        name,
                        disabled -> Map.of(
                                disabled.equals("candle") ? "ready" : "running",
                                false,
                                "models",
                                0,
                                "error",
                                "disabled in the configuration"));
            }
        }
        return statuses;
    }

    private int startPull(LuaStack stack) {
        access.checkChange("LocalLLM.pull");
        if (download != null) {
            throw new LuaFault("LocalLLM.pull: another download is still running");
        }
        ModelSpec model = model(stack, "pull");
        console.flush();
        download = new Download(report -> models.pull(model, new PullOptions(false), report));
        return 0;
    }

    /** {@code pull_next()}: false and how far it is, or true and the result. */
    private int nextPull(LuaStack stack) throws Exception {
        console.flush();
        Download current = download;
        if (current == null) {
            throw new LuaFault("LocalLLM.pull: the download has been stopped");
        }
        boolean running = false;
        try {
            Download.Event event = waiting.during(current::close, current::next);
            running = event.progress() != null;
            stack.push(!running);
            stack.pushCopy(
                    event.progress() != null
                            ? Fields.of(event.progress())
                            : event.result() == null ? null : Fields.of(event.result()));
            return 2;
        } finally {
            if (!running) {
                close();
            }
        }
    }

    private interface Work {
        Object run() throws Exception;
    }

    private int wait(LuaStack stack, Work work) throws Exception {
        console.flush();
        Object result = waiting.during(() -> {}, work::run);
        stack.pushCopy(result);
        return 1;
    }

    private static @Nullable String backend(LuaStack stack) {
        if (stack.isNil(1)) {
            return null;
        }
        if (!stack.isString(1)) {
            throw new LuaFault("the backend must be a string, got " + stack.typeName(1));
        }
        return stack.toText(1);
    }

    private ModelSpec model(LuaStack stack, String function) {
        if (!stack.isString(1)) {
            throw new LuaFault("LocalLLM." + function + " takes a model such as \"tinyllama:Q4_K_M@candle\", got "
                    + stack.typeName(1));
        }
        ModelSpec model = ModelSpec.parse(stack.toText(1));
        access.checkModel(model);
        return model;
    }

    /** Stops the download that runs, if there is one. */
    @Override
    public void close() {
        if (download != null) {
            download.close();
            download = null;
        }
    }
}
