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

    /** @param unknown the token for text that cannot be written, −1 if byte tokens cover everything */
    SentencePieceEncoder(Vocabulary vocabulary, int unknown, boolean spacePrefix) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        this.spacePrefix = spacePrefix;
        Arrays.fill(byteTokens, -1);
        for (int id = vocabulary.size() - 1; id >= 0; id--) {
            if (vocabulary.type(id) == TokenType.BYTE) {
                byteTokens[Vocabulary.byteOf(vocabulary.piece(id))] = id;
            }
        }
        long missing = Arrays.stream(byteTokens).filter(id -> id < 0).count();
        if (unknown < 0 && missing > 0) {
            throw BrokenVocabulary.because("it has no unknown token, and no token for " + missing + " of the 256 bytes");
        }
    }

    @Override
    public void encode(String text, boolean afterSpecial, IdList ids) {
        String escaped = text.replace(' ', SPACE);
        new Merge(spacePrefix && afterSpecial ? SPACE + escaped : escaped).encode(ids);
    }

    @Override
    public byte[] bytes(String piece) {
        return piece.replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean addsSpacePrefix() {
        return spacePrefix;
    }

    /** The symbols of one text while they merge: a linked list, each symbol named by the place where it began. */
    private final class Merge {
        private final String text;
        private final int[] from;
        private final int[] next;
        private final int[] previous;
        /** By symbol: the priority of its merge with the next one as last queued; older entries are stale. */
        private final int[] queued;

        private final MergeQueue queue = new MergeQueue();

        Merge(String text) {
            this.text = text;
            int count = text.codePointCount(0, text.length());
            from = new int[count + 1];
            next = new int[count];
            previous = new int[count];
            queued = new int[count];
            int at = 0;
            for (int i = 0; i < count; i++) {
                from[i] = at;
                at += Character.charCount(text.codePointAt(at));
                next[i] = i + 1;
                previous[i] = i - 1;
            }
            from[count] = at;
        }

        void encode(IdList ids) {
            int count = next.length;
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
            for (int i = 0; i < count; i = next[i]) {
                append(from[i], from[next[i]], ids);
            }
        }

        private void queue(int left) {
            queued[left] = Integer.MAX_VALUE;
            int right = next[left];
            if (right == next.length) {
                return;
            }
            int id = vocabulary.table().find(text, from[left], from[next[right]]);
            if (id >= 0 && vocabulary.isText(id)) {
                queued[left] = priority(vocabulary.score(id));
                queue.push(queued[left], left);
            }
        }

        private void append(int start, int end, IdList ids) {
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
        // Adding zero makes −0 into 0. The bits of a float order like a signed integer once those of negatives are flipped.
        int bits = Float.floatToIntBits(score + 0.0f);
        return ~(bits ^ bits >> 31 & Integer.MAX_VALUE);
    }
}
