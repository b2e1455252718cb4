package org.llmspell.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.llmspell.engine.tokenizer.split.CharacterClasses;
import org.llmspell.engine.tokenizer.split.PreTokenizer;

/**
 * BPE over characters instead of bytes, as SentencePiece vocabularies in Hugging Face's format have it (Gemma 4): symbols, at
 * first single characters, merge in the order of the merge list, and what is no token is written in byte tokens such as
 * {@code <0x0A>}. Follows {@code llm_tokenizer_bpe} of llama.cpp for its pre-tokenizers without byte encoding; time is n·log n
 * in the longest piece.
 */
final class CharacterPairEncoder implements TextEncoder {
    private static final char SPACE = '▁';

    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final PreTokenizer preTokenizer;
    private final Style style;
    private final int[] byteTokens = new int[256];

    /** What becomes of white space and capital letters. */
    enum Style {
        /** The text stays as it is. */
        PLAIN,
        /** Spaces are written {@code ▁}. */
        ESCAPED,
        /** Spaces are written {@code ▁}, and a run of newlines that is a token is not merged. */
        GEMMA,
        /** White space only separates. */
        SEPARATED,
        /** White space only separates, and letters become small. */
        SEPARATED_LOWERCASE
    }

    CharacterPairEncoder(Vocabulary vocabulary, List<String> mergeLines, PreTokenizer preTokenizer, Style style) {
        this.vocabulary = vocabulary;
        this.merges = new MergeTable(vocabulary, mergeLines);
        this.preTokenizer = preTokenizer;
        this.style = style;
        Arrays.fill(byteTokens, -1);
        for (int value = 0; value < 256; value++) {
            byteTokens[value] = vocabulary.find(String.format("<0x%02X>", value));
        }
    }

    @Override
    public void encode(String text, boolean afterSpecial, IdList ids) {
        Merge merge = new Merge(ids);
        switch (style) {
            case PLAIN -> merge.all(text.codePoints().toArray());
            case ESCAPED, GEMMA ->
                merge.all(text.replace(' ', SPACE).codePoints().toArray());
            case SEPARATED, SEPARATED_LOWERCASE -> words(text, merge);
        }
    }

    private void words(String text, Merge merge) {
        int from = 0;
        for (int at = 0; at <= text.length(); at++) {
            // All white space is in the basic plane.
            if (at == text.length() || CharacterClasses.isWhitespace(text.charAt(at))) {
                int[] points = text.substring(from, at).codePoints().toArray();
                for (int i = 0; style == Style.SEPARATED_LOWERCASE && i < points.length; i++) {
                    points[i] = Character.toLowerCase(points[i]);
                }
                merge.all(points);
                from = at + 1;
            }
        }
    }

    @Override
    public byte[] bytes(String piece) {
        boolean escaped = style == Style.ESCAPED || style == Style.GEMMA;
        return (escaped ? piece.replace(SPACE, ' ') : piece).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean addsSpacePrefix() {
        return false;
    }

    private final class Merge {
        private final IdList ids;
        private final PairMerger merger = new PairMerger(merges);

        Merge(IdList ids) {
            this.ids = ids;
        }

        void all(int[] points) {
            preTokenizer.split(points, points.length, (from, to) -> piece(points, from, to));
        }

        private void piece(int[] points, int from, int to) {
            if (style == Style.GEMMA && points[from] == '\n') {
                int newlines = vocabulary.find("\n".repeat(to - from));
                if (newlines >= 0) {
                    ids.add(newlines);
                    return;
                }
            }
            merger.begin(to - from);
            for (int i = from; i < to; i++) {
                int symbol = merges.find(Character.toString(points[i]));
                // A character that is no symbol merges with none, and is remembered as its complement.
                merger.add(symbol >= 0 ? symbol : ~points[i]);
            }
            merger.merge();
            for (int i = 0; i < merger.count(); i = merger.next(i)) {
                append(merger.symbol(i));
            }
        }

        private void append(int symbol) {
            if (symbol >= 0 && symbol < vocabulary.size()) {
                ids.add(symbol);
                return;
            }
            String text = symbol < 0 ? Character.toString(~symbol) : merges.piece(symbol);
            for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
                if (byteTokens[value & 0xFF] >= 0) {
                    ids.add(byteTokens[value & 0xFF]);
                }
            }
        }
    }
}
