package org.llmspell.engine.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Builds vocabularies of a few tokens, so that each rule can be tested by hand. */
final class TinyVocabulary {
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int BYTE = 6;
    static final SpecialTokens NO_SPECIALS = new SpecialTokens(-1, -1, -1, -1, -1, false, false, Set.of());

    private final List<String> pieces = new ArrayList<>();
    private final List<Integer> types = new ArrayList<>();
    private final List<Float> scores = new ArrayList<>();

    /** The 256 bytes as byte-level BPE writes them, so that byte b is token b. */
    static TinyVocabulary bytePair() {
        TinyVocabulary vocabulary = new TinyVocabulary();
        for (int value = 0; value < 256; value++) {
            vocabulary.add(String.valueOf(ByteAlphabet.toChar(value)), NORMAL, 0);
        }
        return vocabulary;
    }

    /** {@code <unk>}, {@code <s>}, {@code </s>} and the 256 byte tokens from id 3. */
    static TinyVocabulary sentencePiece() {
        TinyVocabulary vocabulary = new TinyVocabulary()
                .add("<unk>", UNKNOWN, 0)
                .add("<s>", CONTROL, 0)
                .add("</s>", CONTROL, 0);
        for (int value = 0; value < 256; value++) {
            vocabulary.add(String.format("<0x%02X>", value), BYTE, 0);
        }
        return vocabulary;
    }

    TinyVocabulary add(String piece, int type, float score) {
        pieces.add(piece);
        types.add(type);
        scores.add(score);
        return this;
    }

    TinyVocabulary add(String piece, float score) {
        return add(piece, NORMAL, score);
    }

    List<String> pieces() {
        return pieces;
    }

    int[] types() {
        return types.stream().mapToInt(Integer::intValue).toArray();
    }

    float[] scores() {
        float[] values = new float[scores.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = scores.get(i);
        }
        return values;
    }

    Vocabulary build() {
        return Vocabulary.of(pieces, types(), scores());
    }

    /** The pieces of {@code ids}. */
    static List<String> pieces(Tokenizer tokenizer, int... ids) {
        List<String> found = new ArrayList<>();
        for (int id : ids) {
            found.add(tokenizer.piece(id));
        }
        return found;
    }

    /** Well-formed text of up to {@code length} code points, half of them ASCII, from all of Unicode. */
    static String randomText(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(length + 1); i > 0; i--) {
            int point = random.nextBoolean() ? random.nextInt(0x80) : random.nextInt(Character.MAX_CODE_POINT + 1);
            text.appendCodePoint(point >= 0xD800 && point <= 0xDFFF ? 'x' : point);
        }
        return text.toString();
    }
}
