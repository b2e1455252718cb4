package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufWriter;

/** Bytes that a token makes an engine read, of files whose tensors are counted by hand. */
class TokenBytesTest {
    @TempDir
    Path folder;

    private static GgufWriter writer() {
        return new GgufWriter()
                .put("general.architecture", "x")
                .tensor("token_embd.weight", BlockFormat.F32, List.of(32L, 10L), new byte[1280])
                .tensor("blk.0.attn_q.weight", BlockFormat.Q8_0, List.of(32L, 4L), new byte[136]);
    }

    private long bytes(GgufWriter writer) throws IOException {
        Path file = folder.resolve("x.gguf");
        writer.write(file);
        return TokenBytes.of(file);
    }

    @Test
    void anEmbeddingThatIsTheOutputTooIsReadWhole() throws IOException {
        assertThat(bytes(writer())).isEqualTo(1280 + 136);
    }

    @Test
    void ofAnEmbeddingBesideAnOutputOneRowIsRead() throws IOException {
        assertThat(bytes(writer().tensor("output.weight", BlockFormat.F16, List.of(32L, 10L), new byte[640])))
                .isEqualTo(128 + 136 + 640);
    }

    @Test
    void ofExpertsThoseInUseAreRead() throws IOException {
        assertThat(bytes(writer().put("x.expert_count", 8)
                        .put("x.expert_used_count", 2)
                        .tensor("blk.0.ffn_up_exps.weight", BlockFormat.F32, List.of(4L, 2L, 8L), new byte[256])))
                .isEqualTo(1280 + 136 + 64);
    }
}
