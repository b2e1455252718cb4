package org.llmspell.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufType;
import org.llmspell.gguf.GgufValue;
import org.llmspell.gguf.GgufWriter;

/**
 * Writes a llama model of random float32 weights, a few 100 kB, whose replies are gibberish but always the same: 2 layers,
 * 4 heads over 2 key-value heads, 259 byte and special tokens and the letters.
 */
final class TinyModel {
    static final int BOS = 1;
    static final int EOS = 2;
    static final int VOCABULARY = 3 + 256 + 27;
    private static final int N = 32;
    private static final int FEED_FORWARD = 48;

    private final Random random;
    private final GgufWriter writer = new GgufWriter();
    private int contextLength = 256;
    private int poisoned = -1;

    TinyModel(long seed) {
        random = new Random(seed);
    }

    TinyModel contextLength(int tokens) {
        contextLength = tokens;
        return this;
    }

    TinyModel template(String template) {
        writer.put("tokenizer.chat_template", template);
        return this;
    }

    /** Adds {@code kibibytes} of weights that nothing reads. */
    TinyModel ballast(int kibibytes) {
        write("ballast.weight", new float[kibibytes * 1024 / Float.BYTES], List.of(32L, kibibytes * 8L));
        return this;
    }

    /** The id of a letter from a to z. */
    static int letter(char c) {
        return 3 + 256 + 1 + c - 'a';
    }

    /** Makes the embedding of a token NaN, so that every sequence that holds it fails. */
    TinyModel poison(int token) {
        poisoned = token;
        return this;
    }

    Path write(Path file) {
        writer.put("general.architecture", "llama")
                .put("llama.context_length", contextLength)
                .put("llama.embedding_length", N)
                .put("llama.feed_forward_length", FEED_FORWARD)
                .put("llama.block_count", 2)
                .put("llama.attention.head_count", 4)
                .put("llama.attention.head_count_kv", 2)
                .put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        vocabulary();
        tensor("token_embd.weight", 1, N, VOCABULARY);
        for (int layer = 0; layer < 2; layer++) {
            String block = "blk." + layer + ".";
            ones(block + "attn_norm.weight");
            ones(block + "ffn_norm.weight");
            tensor(block + "attn_q.weight", 0.3, N, N);
            tensor(block + "attn_k.weight", 0.3, N, N / 2);
            tensor(block + "attn_v.weight", 0.3, N, N / 2);
            tensor(block + "attn_output.weight", 0.3, N, N);
            tensor(block + "ffn_gate.weight", 0.3, N, FEED_FORWARD);
            tensor(block + "ffn_up.weight", 0.3, N, FEED_FORWARD);
            tensor(block + "ffn_down.weight", 0.3, FEED_FORWARD, N);
        }
        ones("output_norm.weight");
        tensor("output.weight", 0.5, N, VOCABULARY);
        try {
            writer.write(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    private void vocabulary() {
        List<String> pieces = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        List<GgufValue> types = new ArrayList<>();
        for (int type : new int[] {2, 3, 3}) {
            types.add(GgufValue.integer(GgufType.INT32, type));
        }
        for (int b = 0; b < 256; b++) {
            pieces.add("<0x%02X>".formatted(b));
            types.add(GgufValue.integer(GgufType.INT32, 6));
        }
        pieces.add("▁");
        types.add(GgufValue.integer(GgufType.INT32, 1));
        for (char letter = 'a'; letter <= 'z'; letter++) {
            pieces.add(String.valueOf(letter));
            types.add(GgufValue.integer(GgufType.INT32, 1));
        }
        writer.put("tokenizer.ggml.model", "llama")
                .put("tokenizer.ggml.tokens", GgufValue.strings(pieces))
                .put("tokenizer.ggml.scores", GgufValue.floats(new float[VOCABULARY]))
                .put("tokenizer.ggml.token_type", GgufValue.array(GgufType.INT32, types))
                .put("tokenizer.ggml.bos_token_id", BOS)
                .put("tokenizer.ggml.eos_token_id", EOS)
                .put("tokenizer.ggml.unknown_token_id", 0);
    }

    private void ones(String name) {
        float[] values = new float[N];
        java.util.Arrays.fill(values, 1);
        write(name, values, List.of((long) N));
    }

    private void tensor(String name, double deviation, long columns, long rows) {
        float[] values = new float[(int) (columns * rows)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        if (name.equals("token_embd.weight") && poisoned >= 0) {
            values[(int) (poisoned * columns)] = Float.NaN;
        }
        write(name, values, List.of(columns, rows));
    }

    private void write(String name, float[] values, List<Long> shape) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        writer.tensor(name, BlockFormat.F32, shape, bytes.array());
    }
}
