package org.llmspell.engine.tokenizer;

import java.util.List;
import org.llmspell.engine.tokenizer.split.PreTokenizer;
import org.llmspell.engine.tokenizer.split.PreTokenizers;

/**
 * Byte-level BPE: the text is cut into pieces by the vocabulary's pre-tokenizer, and within each piece neighbouring
 * symbols, at first single bytes, merge in the order of the merge list. Source: Sennrich et al. 2016 and GPT-2; time is
 * n·log n in the longest piece.
 */
final class BytePairEncoder implements TextEncoder {
    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final PreTokenizer preTokenizer;
    private final boolean wholeWordFirst;
    private final int unknown;
    /** By byte: its symbol, −1 if neither the vocabulary nor a merge has it. */
    private final int[] byteSymbols = new int[256];

    /**
     * By token: whether merging its own bytes yields it, 1 yes, −1 no, 0 not known yet. Most words of a text are tokens, and
     * this saves merging them again. Threads may write the same answer twice, which does no harm.
     */
    private final byte[] mergesToItself;

    BytePairEncoder(Vocabulary vocabulary, List<String> mergeLines, PreTokenizers.Rule rule, int unknown) {
        this.vocabulary = vocabulary;
        this.merges = new MergeTable(vocabulary, mergeLines);
        this.preTokenizer = rule.preTokenizer();
        this.wholeWordFirst = rule.wholeWordFirst();
        this.unknown = unknown;
        this.mergesToItself = new byte[vocabulary.size()];
        for (int value = 0; value < 256; value++) {
            byteSymbols[value] = merges.find(String.valueOf(ByteAlphabet.toChar(value)));
        }
        if (unknown < 0) {
            requireAlphabet();
        }
    }

    /**
     * Control characters other than tab and newline, and bytes that only begin characters from U+40000 on or do not occur in
     * UTF-8, are missing from real vocabularies; without the rest, ordinary text would be dropped in silence.
     */
    private void requireAlphabet() {
        int missing = 0;
        int first = -1;
        for (int value = 0; value < 256; value++) {
            boolean ascii = value == '\t' || value == '\n' || (value >= ' ' && value < 0x7F);
            boolean multibyte = value >= 0x80 && value <= 0xF0 && value != 0xC0 && value != 0xC1;
            if ((ascii || multibyte) && byteSymbols[value] < 0) {
                missing++;
                first = first < 0 ? value : first;
            }
        }
        if (missing > 0) {
            throw BrokenVocabulary.because("it has no unknown token, and no token for " + missing
                    + " of the bytes that text is made of, the first of them " + String.format("0x%02X", first));
        }
    }

    @Override
    public void encode(String text, boolean afterSpecial, IdList ids) {
        int[] points = text.codePoints().toArray();
        Merge merge = new Merge(points, ids);
        preTokenizer.split(points, points.length, merge::piece);
    }

    @Override
    public byte[] bytes(String piece) {
        return ByteAlphabet.decode(piece);
    }

    @Override
    public boolean addsSpacePrefix() {
        return false;
    }

    /** Merges one piece of a text after the other, with memory that is reused from piece to piece. */
    private final class Merge {
        private final int[] points;
        private final IdList ids;
        private final PairMerger merger = new PairMerger(merges);
        private byte[] utf8 = new byte[64];
        private char[] letters = new char[64];

        Merge(int[] points, IdList ids) {
            this.points = points;
            this.ids = ids;
        }

        void piece(int from, int to) {
            int size = writeBytes(from, to);
            int id = vocabulary.table().find(letters, size);
            if (id < 0 || !vocabulary.isText(id)) {
                merge(size);
            } else if (wholeWordFirst || mergesToItself[id] > 0) {
                ids.add(id);
            } else {
                int before = ids.size();
                merge(size);
                mergesToItself[id] = (byte) (ids.size() == before + 1 && ids.last() == id ? 1 : -1);
            }
        }

        private int writeBytes(int from, int to) {
            int most = 4 * (to - from);
            if (utf8.length < most) {
                int capacity = Math.max(most, 2 * utf8.length);
                utf8 = new byte[capacity];
                letters = new char[capacity];
            }
            int size = 0;
            for (int i = from; i < to; i++) {
                size = Utf8.put(points[i], utf8, size);
            }
            for (int i = 0; i < size; i++) {
                letters[i] = ByteAlphabet.toChar(utf8[i] & 0xFF);
            }
            return size;
        }

        private void merge(int size) {
            merger.begin(size);
            for (int i = 0; i < size; i++) {
                int symbol = byteSymbols[utf8[i] & 0xFF];
                if (symbol >= 0) {
                    merger.add(symbol);
                } else if (unknown >= 0) {
                    merger.add(unknown);
                }
            }
            merger.merge();
            for (int i = 0; i < merger.count(); i = merger.next(i)) {
                append(merger.symbol(i));
            }
        }

        private void append(int symbol) {
            if (symbol < vocabulary.size()) {
                ids.add(symbol);
                return;
            }
            String piece = merges.piece(symbol);
            for (int i = 0; i < piece.length(); i++) {
                int id = vocabulary.find(piece.substring(i, i + 1));
                if (id >= 0) {
                    ids.add(id);
                } else if (unknown >= 0) {
                    ids.add(unknown);
                }
            }
        }
    }
}
