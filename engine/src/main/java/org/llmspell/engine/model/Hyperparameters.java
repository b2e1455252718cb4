package org.llmspell.engine.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.gguf.GgufArray;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufMetadata;
import org.llmspell.gguf.GgufValue;

/**
 * A file's hyper-parameters, the metadata under its architecture's name, read with types and ranges checked: what is wrong
 * is an {@link EngineException} of kind {@code BROKEN_MODEL} naming the key.
 */
public final class Hyperparameters {
    /** More than any model has by far: keeps sizes computed from hostile files within range. */
    private static final int MOST = 1 << 24;

    private static final int MOST_LAYERS = 4096;

    private final GgufMetadata metadata;
    private final String architecture;

    public Hyperparameters(GgufMetadata metadata, String architecture) {
        this.metadata = metadata;
        this.architecture = architecture;
    }

    public String architecture() {
        return architecture;
    }

    /** Layers, from {@code block_count}. */
    public int layers() {
        return positive("block_count", MOST_LAYERS);
    }

    /** An integer from 1 that must be there. */
    public int positive(String key) {
        return positive(key, MOST);
    }

    /** An integer from 1; {@code absent} where the file does not say. */
    public int positive(String key, int most, int absent) {
        OptionalInt value = integer(key);
        return value.isEmpty() ? absent : inRange(key, value.getAsInt(), 1, most);
    }

    /** An integer from 1; {@code absent} where the file does not say. */
    public int positiveOr(String key, int absent) {
        return positive(key, MOST, absent);
    }

    private int positive(String key, int most) {
        OptionalInt value = integer(key);
        if (value.isEmpty()) {
            throw broken("metadata key " + full(key) + " is missing");
        }
        return inRange(key, value.getAsInt(), 1, most);
    }

    /** An integer from 0; {@code absent} where the file does not say. */
    public int countOr(String key, int absent) {
        OptionalInt value = integer(key);
        return value.isEmpty() ? absent : inRange(key, value.getAsInt(), 0, MOST);
    }

    /** One integer from 1 per layer, from a single value for all or an array. */
    public int[] perLayer(String key, int layers, int absent) {
        return perLayer(key, layers, 1, absent);
    }

    /** One integer from {@code least} per layer, from a single value from 1 for all or an array. */
    int[] perLayer(String key, int layers, int least, int absent) {
        boolean array =
                metadata.get(full(key)).map(value -> value instanceof GgufArray).orElse(false);
        if (!array) {
            int[] values = new int[layers];
            Arrays.fill(values, positiveOr(key, absent));
            return values;
        }
        int[] values = read(() -> metadata.ints(full(key)).orElseThrow());
        if (values.length < layers) {
            throw broken("metadata key %s has %d values for %d layers".formatted(full(key), values.length, layers));
        }
        for (int layer = 0; layer < layers; layer++) {
            inRange(key, values[layer], least, MOST);
        }
        return Arrays.copyOf(values, layers);
    }

    private static boolean isTrue(GgufValue value) {
        return switch (value) {
            case GgufValue.BoolValue(boolean truth) -> truth;
            case GgufValue.IntegerValue integer -> integer.bits() != 0;
            default -> false;
        };
    }

    /** A finite number that must be there, at least {@code least}. */
    public float number(String key, double least) {
        OptionalDouble value = read(() -> metadata.floatValue(full(key)));
        if (value.isEmpty()) {
            throw broken("metadata key " + full(key) + " is missing");
        }
        return finite(key, value.getAsDouble(), least);
    }

    /** A finite number of at least 0; {@code absent} where the file does not say. */
    public float numberOr(String key, double absent) {
        OptionalDouble value = read(() -> metadata.floatValue(full(key)));
        return finite(key, value.orElse(absent), 0);
    }

    /**
     * Which layers have a window, from {@code attention.sliding_window_pattern}: a flag for each layer, or a number n, every
     * n-th layer being without (0: none is).
     *
     * @param every n where the file does not say
     */
    public boolean[] windowed(int layers, int every) {
        String key = "attention.sliding_window_pattern";
        return flags(key, layers).orElseGet(() -> allButEvery(countOr(key, every), layers));
    }

    /** Flags that are set but for every n-th layer's; with n = 0 all are. */
    static boolean[] allButEvery(int n, int layers) {
        boolean[] set = new boolean[layers];
        for (int layer = 0; layer < layers; layer++) {
            set[layer] = n == 0 || layer % n < n - 1;
        }
        return set;
    }

    /** A flag for each layer, if there is such an array. */
    Optional<boolean[]> flags(String key, int layers) {
        if (!(metadata.get(full(key)).orElse(null) instanceof GgufArray array)) {
            return Optional.empty();
        }
        if (array.size() < layers) {
            throw broken("metadata key %s has %d values for %d layers".formatted(full(key), array.size(), layers));
        }
        boolean[] flags = new boolean[layers];
        for (int layer = 0; layer < layers; layer++) {
            flags[layer] = isTrue(array.get(layer));
        }
        return Optional.of(flags);
    }

    /**
     * A finite number per layer, from a single value for all or an array, under a key without the architecture's name.
     */
    float[] learned(String key, int layers) {
        float[] values = new float[layers];
        if (metadata.get(key).orElse(null) instanceof GgufArray) {
            float[] all = read(() -> metadata.floats(key)).orElseThrow();
            if (all.length < layers) {
                throw broken("metadata key %s has %d values for %d layers".formatted(key, all.length, layers));
            }
            System.arraycopy(all, 0, values, 0, layers);
        } else {
            OptionalDouble value = read(() -> metadata.floatValue(key));
            if (value.isEmpty()) {
                throw broken("metadata key " + key + " is missing");
            }
            Arrays.fill(values, (float) value.getAsDouble());
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw broken("metadata key %s holds %s, expected numbers".formatted(key, value));
            }
        }
        return values;
    }

    /** Whether the file has the key. */
    public boolean has(String key) {
        return metadata.get(full(key)).isPresent();
    }

    /** A flag; {@code absent} where the file does not say. */
    public boolean flag(String key, boolean absent) {
        return read(() -> metadata.bool(full(key))).orElse(absent);
    }

    /** A string, if it is there. */
    public Optional<String> string(String key) {
        return read(() -> metadata.string(full(key)));
    }

    /** What to throw when hyper-parameters contradict each other. */
    public EngineException broken(String problem) {
        return new EngineException(
                Problem.BROKEN_MODEL,
                "The model file is damaged or was converted wrongly: " + problem,
                List.of("Fetch the model again"));
    }

    /** The whole key, such as {@code llama.block_count}. */
    public String full(String key) {
        return architecture + "." + key;
    }

    private int inRange(String key, int value, int least, int most) {
        if (value < least || value > most) {
            throw broken("metadata key %s is %d, expected %d to %d".formatted(full(key), value, least, most));
        }
        return value;
    }

    private float finite(String key, double value, double least) {
        if (!(value >= least && value <= Float.MAX_VALUE)) {
            throw broken("metadata key %s is %s, expected a number of at least %s".formatted(full(key), value, least));
        }
        return (float) value;
    }

    private OptionalInt integer(String key) {
        return read(() -> metadata.intValue(full(key)));
    }

    private interface Reading<T> {
        T get() throws GgufException;
    }

    private <T> T read(Reading<T> reading) {
        try {
            return reading.get();
        } catch (GgufException e) {
            throw new EngineException(
                    Problem.BROKEN_MODEL, String.valueOf(e.getMessage()), List.of("Fetch the model again"));
        }
    }
}
