package org.llmspell.engine.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The tokens of a model, each with its id (its place in the list), text, type and score, whatever file they came from.
 * Immutable and thread-safe.
 */
public final class Vocabulary {
    private final List<String> pieces;
    private final TokenType[] types;
    private final float[] scores;
    private final PieceTable table;

    private Vocabulary(List<String> pieces, TokenType[] types, float[] scores, PieceTable table) {
        this.pieces = pieces;
        this.types = types;
        this.scores = scores;
        this.table = table;
    }

    /**
     * Checks and indexes a vocabulary.
     *
     * @param pieces the texts, as the file writes them
     * @param types the numbers of the {@link TokenType}s, one per piece; empty if all are normal
     * @param scores merge priorities, higher first, one per piece; empty if all are 0
     * @throws org.llmspell.engine.EngineException {@code BROKEN_MODEL} if there are no pieces, a list is too short, a type is
     *     unknown, a score is not a number, or a byte token is not written {@code <0x00>} to {@code <0xFF>}
     */
    public static Vocabulary of(List<String> pieces, int[] types, float[] scores) {
        if (pieces.isEmpty()) {
            throw BrokenVocabulary.because("tokenizer.ggml.tokens is empty");
        }
        List<String> texts = List.copyOf(pieces);
        TokenType[] kinds = new TokenType[texts.size()];
        Arrays.fill(kinds, TokenType.NORMAL);
        if (types.length > 0) {
            requireLength("token_type", types.length, kinds.length);
            for (int id = 0; id < kinds.length; id++) {
                kinds[id] = TokenType.of(types[id]);
            }
        }
        float[] priorities = new float[texts.size()];
        if (scores.length > 0) {
            requireLength("scores", scores.length, kinds.length);
            System.arraycopy(scores, 0, priorities, 0, priorities.length);
        }
        for (int id = 0; id < kinds.length; id++) {
            if (Float.isNaN(priorities[id])) {
                throw BrokenVocabulary.because("tokenizer.ggml.scores[" + id + "] is not a number");
            }
            if (kinds[id] == TokenType.BYTE && byteOf(texts.get(id)) < 0) {
                throw BrokenVocabulary.because("token " + id + " is a byte, but written "
                        + BrokenVocabulary.quote(texts.get(id)) + " instead of <0x00> to <0xFF>");
            }
        }
        return new Vocabulary(texts, kinds, priorities, new PieceTable(texts));
    }

    private static void requireLength(String key, int length, int tokens) {
        if (length < tokens) {
            throw BrokenVocabulary.because(
                    "tokenizer.ggml." + key + " has " + length + " entries for " + tokens + " tokens");
        }
    }

    /** The same vocabulary with {@code ids} made control tokens. */
    Vocabulary withControl(Set<Integer> ids) {
        TokenType[] changed = types.clone();
        ids.forEach(id -> changed[id] = TokenType.CONTROL);
        return new Vocabulary(pieces, changed, scores, table);
    }

    public int size() {
        return types.length;
    }

    /** The text of token {@code id}, as the file writes it. */
    public String piece(int id) {
        return pieces.get(id);
    }

    public TokenType type(int id) {
        return types[id];
    }

    /** The merge priority of token {@code id}, higher first. */
    float score(int id) {
        return scores[id];
    }

    /** Whether ordinary text may become this token: user input must not be able to write control tokens. */
    boolean isText(int id) {
        TokenType type = types[id];
        return type != TokenType.CONTROL && type != TokenType.UNKNOWN;
    }

    /** The first id whose text is {@code piece}, or −1. */
    public int find(String piece) {
        return table.find(piece);
    }

    PieceTable table() {
        return table;
    }

    /** The byte that a piece such as {@code <0x0A>} stands for, or −1. */
    static int byteOf(String piece) {
        if (piece.length() != 6 || !piece.startsWith("<0x") || piece.charAt(5) != '>') {
            return -1;
        }
        int high = Character.digit(piece.charAt(3), 16);
        int low = Character.digit(piece.charAt(4), 16);
        return piece.charAt(3) > 0x7F || piece.charAt(4) > 0x7F || high < 0 || low < 0 ? -1 : high << 4 | low;
    }
}
