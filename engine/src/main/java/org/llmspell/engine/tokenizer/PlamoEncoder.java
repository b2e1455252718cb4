package org.llmspell.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * PLaMo 2's tokenizer: of all ways to write a text in pieces the one with the highest sum of scores is taken, each score
 * rounded to a ten-thousandth, a longer piece before a shorter one; a character that no piece covers is written in byte
 * tokens, at the cost of 1000. Follows llama.cpp's {@code llm_tokenizer_plamo2}; time is linear in the text.
 */
final class PlamoEncoder implements TextEncoder {
    private static final double SCALE = 1e4;
    private static final int UNKNOWN_COST = 10_000_000;
    /** Pieces of this score or less are never taken. */
    private static final int NEVER = -20_000_000;

    private static final int BYTE_ORDER_MARK = 0xFEFF;

    private final ByteTrie pieces;
    /** By token: its score in ten-thousandths. */
    private final int[] scores;

    private final int[] byteTokens = new int[256];

    PlamoEncoder(Vocabulary vocabulary) {
        List<byte[]> keys = new ArrayList<>();
        int[] ids = new int[vocabulary.size()];
        scores = new int[vocabulary.size()];
        Arrays.fill(byteTokens, -1);
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.type(id) == TokenType.BYTE) {
                byteTokens[Vocabulary.byteOf(vocabulary.piece(id))] = id;
                continue;
            }
            double score = vocabulary.score(id) * SCALE;
            if (vocabulary.isText(id) && Double.isFinite(score) && Math.round(score) > NEVER) {
                scores[id] = Math.toIntExact(Math.min(Integer.MAX_VALUE, roundHalfAway(score)));
                ids[keys.size()] = id;
                keys.add(vocabulary.piece(id).getBytes(StandardCharsets.UTF_8));
            }
        }
        for (int value = 0; value < 256; value++) {
            if (byteTokens[value] < 0) {
                throw BrokenVocabulary.because(String.format("it has no token <0x%02X>, which PLaMo 2 needs", value));
            }
        }
        pieces = new ByteTrie(keys, ids);
    }

    private static long roundHalfAway(double value) {
        return value < 0 ? -Math.round(-value) : Math.round(value);
    }

    @Override
    public void encode(String text, boolean afterSpecial, IdList ids) {
        int skipped = !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? 1 : 0;
        byte[] utf8 = text.substring(skipped).getBytes(StandardCharsets.UTF_8);
        int size = utf8.length;
        // By place: the least cost of the rest from there, the first piece of it, −1 for bytes, and where that ends.
        long[] cost = new long[size + 1];
        int[] first = new int[size + 1];
        int[] end = new int[size + 1];
        for (int at = size - 1; at >= 0; at--) {
            int length = Utf8.length(utf8[at]);
            if (length == 0) {
                continue;
            }
            end[at] = at + length;
            first[at] = -1;
            cost[at] = cost[end[at]] + UNKNOWN_COST;
            int node = ByteTrie.ROOT;
            for (int to = at; to < size; ) {
                node = pieces.child(node, utf8[to++]);
                if (node < 0) {
                    break;
                }
                int id = pieces.value(node);
                if (id >= 0 && cost[to] - scores[id] <= cost[at]) {
                    cost[at] = cost[to] - scores[id];
                    first[at] = id;
                    end[at] = to;
                }
            }
        }
        for (int at = 0; at < size; at = end[at]) {
            if (first[at] >= 0) {
                ids.add(first[at]);
            } else {
                for (int i = at; i < end[at]; i++) {
                    ids.add(byteTokens[utf8[i] & 0xFF]);
                }
            }
        }
    }

    @Override
    public byte[] bytes(String piece) {
        return piece.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean addsSpacePrefix() {
        return false;
    }
}
