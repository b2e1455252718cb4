package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.tokenizer.MixedText.Feature;
import org.llmspell.engine.tokenizer.split.PreTokenizers;
import org.llmspell.gguf.GgufType;
import org.llmspell.gguf.GgufValue;
import org.llmspell.testing.LlamaCpp;

/** Generated vocabularies of every kind: random text becomes the tokens that llama.cpp makes of it. */
class LlamaCppTokenizersTest {
    private static LlamaCpp llamaCpp;

    @TempDir
    static Path folder;

    @BeforeAll
    static void start() {
        llamaCpp = LlamaCpp.start();
    }

    @AfterAll
    static void stop() {
        if (llamaCpp != null) {
            llamaCpp.close();
        }
    }

    private static void agree(Path file, List<String> texts, boolean addSpecial) throws IOException {
        Tokenizer tokenizer = VocabularyFile.open(file);
        int[][] expected = llamaCpp.tokenize(file, texts, addSpecial, false);
        for (int i = 0; i < expected.length; i++) {
            assertThat(tokenizer.encode(texts.get(i), addSpecial, false))
                    .as("%s", texts.get(i))
                    .isEqualTo(expected[i]);
        }
    }

    /** What llama.cpp leaves out of the rules that the models' own tokenizers have, so that the answers must differ there. */
    private static Set<Feature> approximated(String name) {
        return switch (name) {
            // It takes letters outside ASCII for both capital and small, and accents for neither.
            case "tekken", "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2" ->
                EnumSet.of(Feature.FOREIGN_CASE, Feature.MARKS);
            case "granite-embed-multi-97m" -> EnumSet.of(Feature.FOREIGN_CASE);
            // It takes all letters for both capital and small.
            case "youtu" -> EnumSet.of(Feature.CAPITALS, Feature.FOREIGN_CASE);
            case "kimi-k2" -> EnumSet.of(Feature.CAPITALS, Feature.FOREIGN_CASE, Feature.MARKS);
            // It leaves the text before a number with the number, which shows where white space ends there.
            case "afmoe" -> EnumSet.of(Feature.WIDE_SPACES);
            case "tiny_aya", "cohere2moe" ->
                EnumSet.of(Feature.CAPITALS, Feature.FOREIGN_CASE, Feature.WIDE_SPACES, Feature.FOREIGN_DIGITS);
            // Its numbers are ASCII's.
            case "superbpe" -> EnumSet.of(Feature.FOREIGN_DIGITS);
            default -> EnumSet.noneOf(Feature.class);
        };
    }

    /** What {@code name} needs besides: white space other than a space ends where a number begins. */
    private static UnaryOperator<String> prepared(String name) {
        return switch (name) {
            case "afmoe" -> text -> text.replaceAll("\\s+(?=\\p{N})", " ").replaceAll("\\s+", " ");
            case "tiny_aya", "cohere2moe" ->
                text -> text.replaceAll("\\s+", " ").replaceAll("(?<=\\d)(?=[\\p{L}\\p{M}_])", " ");
            default -> text -> text;
        };
    }

    @TestFactory
    Stream<DynamicTest> splitsByEveryNamedRule() throws IOException {
        VocabularyFile vocabulary = new VocabularyFile("gpt2");
        for (int value = 0; value < 256; value++) {
            vocabulary.add(String.valueOf(ByteAlphabet.toChar(value)), TinyVocabulary.NORMAL, 0);
        }
        StringBuilder letters = new StringBuilder();
        String sample = new MixedText(Set.of()).next(new Random(1), 1500);
        for (byte value : sample.getBytes(StandardCharsets.UTF_8)) {
            letters.append(ByteAlphabet.toChar(value & 0xFF));
        }
        vocabulary.merges(letters.toString(), 400);
        return PreTokenizers.names().stream()
                .filter(name -> PreTokenizers.named(name).orElseThrow().symbols() == PreTokenizers.Symbols.BYTES)
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Path file = vocabulary.put("pre", name).write(folder.resolve(name + ".gguf"));
                    List<String> texts = new MixedText(approximated(name))
                            .texts(new Random(name.hashCode()), 60, 30).stream()
                                    .map(prepared(name))
                                    .toList();
                    agree(file, texts, false);
                }));
    }

    @ParameterizedTest
    @CsvSource({
        "gpt2, gemma4",
        "gpt2, granite-embed-multi-311m",
        "gpt2, sarvam-moe",
        "gemma4, default",
        "whitespace, whitespace",
        "whitespace lowercase, whitespace"
    })
    void mergesCharacters(String models, String pre) throws IOException {
        String model = models.split(" ", 2)[0];
        VocabularyFile vocabulary = new VocabularyFile(model).put("pre", pre);
        if (models.endsWith("lowercase")) {
            vocabulary.put("normalizer.lowercase", true);
        }
        vocabulary.add("<s>", TinyVocabulary.CONTROL, 0).byteTokens();
        vocabulary.add("\n\n", TinyVocabulary.NORMAL, 0);
        vocabulary.put("bos_token_id", 0);
        MixedText mixed = new MixedText(Set.of());
        String sample = mixed.next(new Random(2), 800)
                .replace(' ', '▁')
                .replace("\n", "")
                // left to the byte tokens
                .replace("🦙", "");
        vocabulary.merges(sample, 200);
        Path file = vocabulary.write(folder.resolve(models + "-" + pre + ".gguf"));
        agree(file, mixed.texts(new Random(3), 80, 30), true);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cutsWordsIntoPieces(boolean lowercase) throws IOException {
        VocabularyFile vocabulary = new VocabularyFile("bert")
                .put("normalizer.lowercase", lowercase)
                .add("[PAD]", TinyVocabulary.CONTROL, 0)
                .add("[UNK]", TinyVocabulary.CONTROL, 0)
                .add("[CLS]", TinyVocabulary.CONTROL, 0)
                .add("[SEP]", TinyVocabulary.CONTROL, 0)
                .put("padding_token_id", 0)
                .put("unknown_token_id", 1)
                .put("bos_token_id", 2)
                .put("seperator_token_id", 3);
        Random random = new Random(4);
        MixedText mixed = new MixedText(Set.of());
        for (int i = 0; i < 3000; i++) {
            String word = mixed.next(random, 1).strip();
            word = lowercase ? word.toLowerCase(Locale.ROOT) : word;
            if (!word.isEmpty()) {
                int from = word.offsetByCodePoints(0, random.nextInt(word.codePointCount(0, word.length())));
                int end = word.offsetByCodePoints(from, 1 + random.nextInt(word.codePointCount(from, word.length())));
                vocabulary.add((random.nextBoolean() ? "▁" : "") + word.substring(from, end), TinyVocabulary.NORMAL, 0);
            }
        }
        Path file = vocabulary.write(folder.resolve("bert-" + lowercase + ".gguf"));

        agree(file, mixed.texts(new Random(5), 200, 30), true);
    }

    @ParameterizedTest
    @CsvSource({
        "false, false, false",
        "true, false, false",
        "false, true, false",
        "true, true, false",
        "true, true, true",
        "false, false, true"
    })
    void findsTheLikeliestPieces(boolean prefix, boolean merge, boolean charsmap) throws IOException {
        VocabularyFile vocabulary = new VocabularyFile("t5")
                .put("add_space_prefix", prefix)
                .put("remove_extra_whitespaces", merge)
                .add("<pad>", TinyVocabulary.CONTROL, 0)
                .add("</s>", TinyVocabulary.CONTROL, 0)
                .add("<unk>", TinyVocabulary.UNKNOWN, 0);
        if (charsmap) {
            CharsmapWriter map = new CharsmapWriter()
                    .replace("\u00A0", " ")
                    .replace("\u3000", " ")
                    .replace("\t", " ")
                    .replace("\n", " ")
                    .replace("…", "...")
                    .replace("½", "1/2")
                    .replace("e\u0301", "é")
                    .replace("Å", "A")
                    .replace("\u0001", "")
                    .replace("１", "1")
                    .replace("１２", "onetwo");
            vocabulary.put("precompiled_charsmap", map.value());
        }
        Random random = new Random(6);
        MixedText mixed = new MixedText(Set.of());
        String sample =
                mixed.next(random, 3000).replace(' ', '▁').replace("🦙", "").replace("漢", "");
        int[] points = sample.codePoints().toArray();
        for (int i = 0; i < 3000; i++) {
            int from = random.nextInt(points.length - 6);
            vocabulary.add(
                    new String(points, from, 1 + random.nextInt(6)),
                    TinyVocabulary.NORMAL,
                    -1 - 12 * random.nextFloat());
        }
        Path file = vocabulary.write(folder.resolve("t5-" + prefix + merge + charsmap + ".gguf"));

        agree(file, mixed.texts(new Random(7), 200, 30), true);
    }

    @Test
    void takesTheLongestTokenOfRwkv() throws IOException {
        VocabularyFile vocabulary = new VocabularyFile("rwkv").add("<s>", TinyVocabulary.CONTROL, 0);
        for (int value = 1; value < 256; value++) {
            vocabulary.add(String.format("\\x%02x", value), TinyVocabulary.NORMAL, 0);
        }
        Random random = new Random(8);
        MixedText mixed = new MixedText(Set.of());
        int[] points = mixed.next(random, 3000).codePoints().toArray();
        for (int i = 0; i < 2000; i++) {
            int from = random.nextInt(points.length - 6);
            String piece = new String(points, from, 2 + random.nextInt(4));
            vocabulary.add(
                    piece.replace("\\", "\\\\")
                            .replace("\n", "\\n")
                            .replace("\t", "\\t")
                            .replace("\r", "\\r")
                            .replace("'", "\\'"),
                    TinyVocabulary.NORMAL,
                    0);
        }
        Path file = vocabulary.write(folder.resolve("rwkv.gguf"));

        agree(file, mixed.texts(new Random(9), 200, 30), true);
        Tokenizer tokenizer = VocabularyFile.open(file);
        for (String text : mixed.texts(new Random(10), 50, 30)) {
            assertThat(tokenizer.decode(tokenizer.encode(text, true, false), false))
                    .isEqualTo(text);
        }
    }

    @Test
    void weighsPiecesOfPlamo() throws IOException {
        VocabularyFile vocabulary = new VocabularyFile("plamo2")
                .add("<unk>", TinyVocabulary.UNKNOWN, 0)
                .add("<s>", TinyVocabulary.CONTROL, 0)
                .add("</s>", TinyVocabulary.CONTROL, 0)
                .add("<pad>", TinyVocabulary.CONTROL, 0)
                .byteTokens();
        Random random = new Random(11);
        MixedText mixed = new MixedText(Set.of());
        int[] points = mixed.next(random, 3000).codePoints().toArray();
        for (int i = 0; i < 3000; i++) {
            int from = random.nextInt(points.length - 6);
            // Few different scores, so that ways of the same sum are common.
            vocabulary.add(
                    new String(points, from, 1 + random.nextInt(6)),
                    TinyVocabulary.NORMAL,
                    -1 - random.nextInt(4) / 2f);
        }
        Path file = vocabulary.write(folder.resolve("plamo2.gguf"));

        agree(file, mixed.texts(new Random(12), 200, 30), true);
    }

    /** Builds a double array, giving every node's children a block of 256 units of their own. */
    private static final class CharsmapWriter {
        private final TreeMap<String, String> replacements = new TreeMap<>();

        CharsmapWriter replace(String from, String to) {
            replacements.put(from, to);
            return this;
        }

        GgufValue value() {
            ArrayList<Integer> units = new ArrayList<>(List.of(256 << 10));
            ByteArrayOutputStream texts = new ByteArrayOutputStream();
            Map<String, Integer> blocks = new HashMap<>();
            block(units);
            block(units);
            blocks.put("", 256);
            for (var entry : replacements.entrySet()) {
                byte[] key = entry.getKey().getBytes(StandardCharsets.UTF_8);
                String prefix = "";
                for (byte value : key) {
                    int place = blocks.get(prefix) ^ (value & 0xFF);
                    prefix += (char) (value & 0xFF);
                    if (!blocks.containsKey(prefix)) {
                        blocks.put(prefix, block(units));
                        units.set(place, (place ^ blocks.get(prefix)) << 10 | (value & 0xFF));
                    }
                }
                int block = blocks.get(prefix);
                int end = blocks.get(prefix.substring(0, prefix.length() - 1)) ^ prefix.charAt(prefix.length() - 1);
                units.set(end, units.get(end) | 1 << 8);
                units.set(block, Integer.MIN_VALUE | texts.size());
                texts.writeBytes(entry.getValue().getBytes(StandardCharsets.UTF_8));
                texts.write(0);
            }
            ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * units.size() + texts.size())
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(4 * units.size());
            units.forEach(bytes::putInt);
            bytes.put(texts.toByteArray());
            List<GgufValue> values = new ArrayList<>();
            for (byte value : bytes.array()) {
                values.add(GgufValue.integer(GgufType.INT8, value));
            }
            return GgufValue.array(GgufType.INT8, values);
        }

        private static int block(List<Integer> units) {
            int at = (units.size() + 255) / 256 * 256;
            while (units.size() < at + 256) {
                // A label that no child has.
                units.add(Integer.MIN_VALUE);
            }
            return at;
        }
    }
}
