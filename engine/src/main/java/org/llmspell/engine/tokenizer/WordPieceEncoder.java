package org.llmspell.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llmspell.engine.tokenizer.split.CharacterClasses;

/**
 * WordPiece (BERT): the text is cleaned, lower-cased where the vocabulary is, and cut at white space and around punctuation
 * and Chinese characters; each word then becomes the longest pieces that it begins with, one after the other, or as a whole
 * the unknown token. Files mark a piece that begins a word by {@code ▁}, and leave out BERT's {@code ##} of one that goes on.
 * Follows llama.cpp's {@code llm_tokenizer_wpm}; time is linear in the text.
 */
final class WordPieceEncoder implements TextEncoder {
    private static final char WORD = '▁';

    private final ByteTrie pieces;
    /** The node that {@link #WORD} leads to, −1 if no piece begins a word. */
    private final int begin;

    private final int unknown;
    private final Normalization normalization;

    /**
     * What becomes of a text's characters first.
     *
     * @param lowercase letters become small
     * @param baseLetters letters lose their accents: each character is the first of its decomposition
     * @param dropMarks accents that are characters of their own are dropped
     */
    record Normalization(boolean lowercase, boolean baseLetters, boolean dropMarks) {}

    /** @param unknown the token for words that cannot be written */
    WordPieceEncoder(Vocabulary vocabulary, int unknown, Normalization normalization) {
        if (unknown < 0) {
            throw BrokenVocabulary.because("it has no unknown token, which WordPiece needs");
        }
        this.unknown = unknown;
        this.normalization = normalization;
        List<byte[]> keys = new ArrayList<>();
        int[] ids = new int[vocabulary.size()];
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.isText(id)) {
                ids[keys.size()] = id;
                keys.add(vocabulary.piece(id).getBytes(StandardCharsets.UTF_8));
            }
        }
        pieces = new ByteTrie(keys, ids);
        int node = ByteTrie.ROOT;
        for (byte label : String.valueOf(WORD).getBytes(StandardCharsets.UTF_8)) {
            node = node < 0 ? -1 : pieces.child(node, label);
        }
        begin = node;
    }

    @Override
    public void encode(String text, boolean afterSpecial, IdList ids) {
        Word word = new Word(ids);
        for (int at = 0; at < text.length(); ) {
            int point = text.codePointAt(at);
            at += Character.charCount(point);
            if (point > ' ' && point < 0x7F) {
                ascii(point, word);
            } else if (CharacterClasses.isWhitespace(point)) {
                word.end();
            } else {
                other(point, word);
            }
        }
        word.end();
    }

    private void ascii(int point, Word word) {
        if (point >= 'A' && point <= 'Z') {
            word.add(normalization.lowercase() ? point + 'a' - 'A' : point);
        } else if ((point >= 'a' && point <= 'z') || (point >= '0' && point <= '9')) {
            word.add(point);
        } else {
            word.alone(point);
        }
    }

    private void other(int written, Word word) {
        int point = normalization.baseLetters() ? base(written) : written;
        if (point == 0xFFFD || CharacterClasses.isControl(point)) {
            return;
        }
        if (normalization.dropMarks() && CharacterClasses.isMark(point)) {
            return;
        }
        int small = normalization.lowercase() ? Character.toLowerCase(point) : point;
        if (CharacterClasses.isPunctuation(point) || isChinese(point)) {
            word.alone(small);
        } else {
            word.add(small);
        }
    }

    /** The first character of the canonical decomposition. */
    private static int base(int point) {
        return point < 0xC0
                ? point
                : Normalizer.normalize(Character.toString(point), Normalizer.Form.NFD)
                        .codePointAt(0);
    }

    /** The ideographs that BERT takes for words; as in Hugging Face's tokenizers, not all of extension E. */
    private static boolean isChinese(int point) {
        return (point >= 0x4E00 && point <= 0x9FFF)
                || (point >= 0x3400 && point <= 0x4DBF)
                || (point >= 0x20000 && point <= 0x2A6DF)
                || (point >= 0x2A700 && point <= 0x2B73F)
                || (point >= 0x2B740 && point <= 0x2B81F)
                || (point >= 0x2B920 && point <= 0x2CEAF)
                || (point >= 0xF900 && point <= 0xFAFF)
                || (point >= 0x2F800 && point <= 0x2FA1F);
    }

    @Override
    public byte[] bytes(String piece) {
        return piece.replace(WORD, ' ').getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean addsSpacePrefix() {
        return true;
    }

    /** The word that is being read, in UTF-8. */
    private final class Word {
        private final IdList ids;
        private byte[] utf8 = new byte[64];
        private int size;

        Word(IdList ids) {
            this.ids = ids;
        }

        void add(int point) {
            if (size + 4 > utf8.length) {
                utf8 = Arrays.copyOf(utf8, 2 * utf8.length);
            }
            size = Utf8.put(point, utf8, size);
        }

        void alone(int point) {
            end();
            add(point);
            end();
        }

        void end() {
            if (size == 0) {
                return;
            }
            int before = ids.size();
            int at = begin < 0 ? -1 : longest(begin, 0);
            while (at >= 0 && at < size) {
                at = longest(ByteTrie.ROOT, at);
            }
            if (at < 0) {
                ids.truncate(before);
                ids.add(unknown);
            }
            size = 0;
        }

        /** Adds the longest piece from {@code at} on, {@code start} being what was read of it; returns its end, −1 if there is none. */
        private int longest(int start, int at) {
            int found = pieces.value(start);
            int end = found < 0 ? -1 : at;
            int to = at;
            for (int node = start; to < size; ) {
                node = pieces.child(node, utf8[to++]);
                if (node < 0) {
                    break;
                }
                if (pieces.value(node) >= 0) {
                    found = pieces.value(node);
                    end = to;
                }
            }
            if (end >= 0) {
                ids.add(found);
            }
            return end;
        }
    }
}
