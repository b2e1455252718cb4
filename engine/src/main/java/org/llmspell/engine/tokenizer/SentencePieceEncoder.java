package org.llmspell.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * SentencePiece's BPE: characters merge into the vocabulary's best-scored pieces, and what is no piece is written as byte
 * tokens, or as the unknown token where there are none. Spaces are written {@code ▁}. Follows llama.cpp's {@code
 * llm_tokenizer_spm} and SentencePiece's {@code bpe_model.cc}; time is n·log n in the text.
 */
final class SentencePieceEncoder implements TextEncoder {
    private static final char SPACE = '▁';

    private final Vocabulary vocabulary;
    private final int unknown;
    private final boolean spacePrefix;
    private final int[] byteTokens = new int[256];
    /** Whether no piece has a {@code ▁} after another character, so that words can merge one by one. */
    private final boolean wordsApart;

    /** @param unknown the token for text that cannot be written, −1 if byte tokens cover everything */
    SentencePieceEncoder(Vocabulary vocabulary, int unknown, boolean spacePrefix) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        this.spacePrefix = spacePrefix;
        Arrays.fill(byteTokens, -1);
        boolean apart = true;
        for (int id = vocabulary.size() - 1; id >= 0; id--) {
            if (vocabulary.type(id) == TokenType.BYTE) {
                byteTokens[Vocabulary.byteOf(vocabulary.piece(id))] = id;
            } else if (vocabulary.isText(id)) {
                String piece = vocabulary.piece(id);
                apart &= wordEnd(piece, 0) == piece.length();
            }
        }
        wordsApart = apart;
        long missing = Arrays.stream(byteTokens).filter(id -> id < 0).count();
        if (unknown < 0 && missing > 0) {
            throw BrokenVocabulary.because(
                    "it has no unknown token, and no token for " + missing + " of the 256 bytes");
        }
    }

    /** Where the word at {@code from} ends: before the next {@code ▁} that follows another character. */
    private static int wordEnd(String text, int from) {
        int to = from + 1;
        while (to < text.length() && (text.charAt(to) != SPACE || text.charAt(to - 1) == SPACE)) {
            to++;
        }
        return Math.min(to, text.length());
    }

    @Override
    public void encode(String text, boolean afterSpecial, IdList ids) {
        String escaped = text.replace(' ', SPACE);
        Merge merge = new Merge(spacePrefix && afterSpecial ? SPACE + escaped : escaped, ids);
        merge.run(wordsApart);
    }

    @Override
    public byte[] bytes(String piece) {
        return piece.replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean addsSpacePrefix() {
        return spacePrefix;
    }

    /** The symbols of one text while they merge: a linked list, each symbol named by the number of its first character. */
    private final class Merge {
        private final String text;
        private final IdList ids;
        private final MergeQueue queue = new MergeQueue();
        private int count;
        private int[] from = new int[64];
        private int[] next = new int[64];
        private int[] previous = new int[64];
        /** By symbol: the priority of its merge with the next one as last queued; older entries are stale. */
        private int[] queued = new int[64];

        Merge(String text, IdList ids) {
            this.text = text;
            this.ids = ids;
        }

        void run(boolean wordByWord) {
            int start = 0;
            while (start < text.length()) {
                int end = wordByWord ? wordEnd(text, start) : text.length();
                characters(start, end);
                merge();
                for (int i = 0; i < count; i = next[i]) {
                    append(from[i], from[next[i]]);
                }
                start = end;
            }
        }

        private void characters(int start, int end) {
            if (end - start >= from.length) {
                int capacity = Math.max(end - start + 1, 2 * from.length);
                from = new int[capacity];
                next = new int[capacity];
                previous = new int[capacity];
                queued = new int[capacity];
            }
            count = 0;
            for (int at = start; at < end; count++) {
                from[count] = at;
                next[count] = count + 1;
                previous[count] = count - 1;
                at += Character.charCount(text.codePointAt(at));
            }
            from[count] = end;
        }

        private void merge() {
            for (int i = 0; i < count; i++) {
                queue(i);
            }
            while (!queue.isEmpty()) {
                long entry = queue.pop();
                int left = MergeQueue.position(entry);
                if (queued[left] != MergeQueue.priority(entry)) {
                    continue;
                }
                int right = next[left];
                next[left] = next[right];
                queued[right] = Integer.MAX_VALUE;
                if (next[left] < count) {
                    previous[next[left]] = left;
                }
                queue(left);
                if (previous[left] >= 0) {
                    queue(previous[left]);
                }
            }
        }

        private void queue(int left) {
            queued[left] = Integer.MAX_VALUE;
            int right = next[left];
            if (right == count) {
                return;
            }
            int id = vocabulary.table().find(text, from[left], from[next[right]]);
            if (id >= 0 && vocabulary.isText(id)) {
                queued[left] = priority(vocabulary.score(id));
                queue.push(queued[left], left);
            }
        }

        private void append(int start, int end) {
            int id = vocabulary.table().find(text, start, end);
            if (id >= 0 && vocabulary.isText(id)) {
                ids.add(id);
                return;
            }
            byte[] utf8 = text.substring(start, end).getBytes(StandardCharsets.UTF_8);
            boolean writable = true;
            for (byte value : utf8) {
                writable &= byteTokens[value & 0xFF] >= 0;
            }
            if (writable) {
                for (byte value : utf8) {
                    ids.add(byteTokens[value & 0xFF]);
                }
            } else if (ids.size() == 0 || ids.last() != unknown) {
                ids.add(unknown);
            }
        }
    }

    /** A number that is lower the higher the score, in the order of floats; never {@code Integer.MAX_VALUE}. */
    private static int priority(float score) {
        // Adding zero makes −0 into 0. The bits of a float order like a signed integer once those of negatives are
        // flipped.
        int bits = Float.floatToIntBits(score + 0.0f);
        return ~(bits ^ ((bits >> 31) & Integer.MAX_VALUE));
    }
}
