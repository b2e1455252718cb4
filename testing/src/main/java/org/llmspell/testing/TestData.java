package org.llmspell.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * The shared reference data (real vocabularies, templates, models and hostile files with independent answers), which is
 * not part of the repository. Every accessor skips the calling test, saying why, where the data is absent; under
 * continuous integration ({@code CI} set) absence is a failure instead.
 */
public final class TestData {
    private static final ObjectMapper JSON = new ObjectMapper();

    private TestData() {}

    /** The folder or file at {@code relative} under the test data; skips the test if it is not there. */
    public static Path path(String relative) {
        Path path = root().resolve(relative);
        require(path);
        return path;
    }

    /** The specification document at {@code relative} (beside the test data); skips the test if it is not there. */
    public static Path spec(String relative) {
        Path path = root().resolveSibling("spec").resolve(relative);
        require(path);
        return path;
    }

    /** The JSON file at {@code relative}, parsed. */
    public static JsonNode json(String relative) {
        return JSON.readTree(path(relative).toFile());
    }

    /** The little-endian float32 values of the file at {@code relative}. */
    public static float[] floats(String relative) {
        ByteBuffer bytes = ByteBuffer.wrap(bytes(relative)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    /** The bytes of the file at {@code relative}. */
    public static byte[] bytes(String relative) {
        try {
            return Files.readAllBytes(path(relative));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path root() {
        return Path.of(System.getProperty("llmspell.testdata", "../../shared/testdata"))
                .toAbsolutePath()
                .normalize();
    }

    private static void require(Path path) {
        if (Files.exists(path)) {
            return;
        }
        String reason = "reference data is absent: " + path;
        if (System.getenv("CI") != null) {
            throw new AssertionError(reason);
        }
        Assumptions.abort(reason);
    }
}
