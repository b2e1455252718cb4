package org.llmspell.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufWriter;

/** GGUF files of a few hundred bytes that look like language models from outside; none of them can run. */
public final class TinyGguf {
    private TinyGguf() {}

    /** A llama of two layers with 128 parameters, quantized as Q4_K_M says. */
    public static Path write(Path file) {
        return write(file, writer(15));
    }

    public static Path write(Path file, GgufWriter writer) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            writer.write(file);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What {@link #write(Path)} writes, to be changed.
     *
     * @param fileType number of the quantization; negative for none
     */
    public static GgufWriter writer(int fileType) {
        GgufWriter writer = new GgufWriter()
                .put("general.architecture", "llama")
                .put("general.name", "Tiny Llama")
                .put("general.license", "apache-2.0")
                .put("llama.context_length", 2048)
                .put("llama.block_count", 2)
                .put("tokenizer.ggml.model", "llama")
                .tensor("token_embd.weight", BlockFormat.Q8_0, List.of(32L, 3L), new byte[3 * 34])
                .tensor("output_norm.weight", BlockFormat.F32, List.of(32L), new byte[128]);
        return fileType < 0 ? writer : writer.put("general.file_type", fileType);
    }
}
