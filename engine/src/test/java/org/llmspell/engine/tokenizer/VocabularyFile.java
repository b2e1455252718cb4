package org.llmspell.engine.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufType;
import org.llmspell.gguf.GgufValue;
import org.llmspell.gguf.GgufWriter;

/** A generated vocabulary and a GGUF file of it without weights, for this tokenizer and for llama.cpp. */
final class VocabularyFile {
    private final GgufWriter writer = new GgufWriter();
    private final List<String> pieces = new ArrayList<>();
    private final List<Integer> types = new ArrayList<>();
    private final List<Float> scores = new ArrayList<>();

    VocabularyFile(String model) {
        writer.put("general.architecture", "llama");
        writer.put("tokenizer.ggml.model", model);
    }

    VocabularyFile add(String piece, int type, float score) {
        if (!pieces.contains(piece)) {
            pieces.add(piece);
            types.add(type);
            scores.add(score);
        }
        return this;
    }

    VocabularyFile put(String key, String value) {
        writer.put("tokenizer.ggml." + key, value);
        return this;
    }

    VocabularyFile put(String key, boolean value) {
        writer.put("tokenizer.ggml." + key, value);
        return this;
    }

    VocabularyFile put(String key, int value) {
        writer.put("tokenizer.ggml." + key, GgufValue.uint32(value));
        return this;
    }

    VocabularyFile put(String key, GgufValue value) {
        writer.put("tokenizer.ggml." + key, value);
        return this;
    }

    VocabularyFile byteTokens() {
        for (int value = 0; value < 256; value++) {
            add(String.format("<0x%02X>", value), TinyVocabulary.BYTE, -1000);
        }
        return this;
    }

    /**
     * Adds single characters of {@code text} and what {@code count} merges of the commonest neighbours make of them, and the
     * merges themselves.
     *
     * @param text one symbol a character, so that a byte-level vocabulary passes the letters of the bytes
     */
    VocabularyFile merges(String text, int count) {
        List<String> symbols =
                new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
        new LinkedHashSet<>(symbols).forEach(symbol -> add(symbol, TinyVocabulary.NORMAL, 0));
        List<GgufValue> merges = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Map<String, Integer> counts = new HashMap<>();
            String best = "";
            for (int at = 0; at + 1 < symbols.size(); at++) {
                // The merge list separates by a space, and llama.cpp refuses tokens that hold one or a newline.
                if (symbols.get(at).isBlank() || symbols.get(at + 1).isBlank()) {
                    continue;
                }
                String pair = symbols.get(at) + " " + symbols.get(at + 1);
                int seen = counts.merge(pair, 1, Integer::sum);
                best = best.isEmpty() || seen > counts.get(best) ? pair : best;
            }
            merges.add(GgufValue.string(best));
            String left = best.substring(0, best.indexOf(' '));
            String right = best.substring(best.indexOf(' ') + 1);
            add(left + right, TinyVocabulary.NORMAL, 0);
            List<String> merged = new ArrayList<>();
            for (int at = 0; at < symbols.size(); at++) {
                if (at + 1 < symbols.size()
                        && symbols.get(at).equals(left)
                        && symbols.get(at + 1).equals(right)) {
                    merged.add(left + right);
                    at++;
                } else {
                    merged.add(symbols.get(at));
                }
            }
            symbols = merged;
        }
        writer.put("tokenizer.ggml.merges", GgufValue.array(GgufType.STRING, merges));
        return this;
    }

    Path write(Path path) throws IOException {
        writer.put("tokenizer.ggml.tokens", GgufValue.strings(pieces));
        int[] typeNumbers = types.stream().mapToInt(Integer::intValue).toArray();
        float[] values = new float[scores.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = scores.get(i);
        }
        writer.put("tokenizer.ggml.token_type", GgufValue.ints(typeNumbers));
        writer.put("tokenizer.ggml.scores", GgufValue.floats(values));
        writer.write(path);
        return path;
    }

    static Tokenizer open(Path path) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            return Tokenizers.from(file.metadata());
        }
    }
}
