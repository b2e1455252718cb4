package org.llmspell.bench;

import java.io.IOException;
import java.nio.file.Path;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.TensorInfo;

/** How many bytes of a file every new token makes an engine read. */
final class TokenBytes {
    private static final String EMBEDDING = "token_embd.weight";

    private TokenBytes() {}

    /**
     * All weights, but of the embedding only one row unless it is the output too, and of experts only those that a token uses.
     *
     * @throws BenchException if the file is none that can be read
     */
    static long of(Path path) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            String architecture = file.metadata().string("general.architecture").orElse("");
            int experts =
                    file.metadata().intValue(architecture + ".expert_count").orElse(1);
            int used = file.metadata()
                    .intValue(architecture + ".expert_used_count")
                    .orElse(1);
            boolean tied = file.tensor("output.weight").isEmpty();
            long bytes = 0;
            for (TensorInfo tensor : file.tensors()) {
                if (tensor.name().equals(EMBEDDING) && !tied) {
                    bytes += tensor.byteSize() / tensor.rows();
                } else if (tensor.name().contains("_exps.")) {
                    bytes += tensor.byteSize() / experts * used;
                } else {
                    bytes += tensor.byteSize();
                }
            }
            return bytes;
        } catch (GgufException e) {
            throw new BenchException(path + ": " + e.getMessage());
        }
    }
}
