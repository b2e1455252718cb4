package org.llmspell.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * RWKV's "World" tokenizer: again and again the longest token that the rest of the text begins with. Tokens are byte strings,
 * which files write with escapes: {@code \n}, {@code \t}, {@code \r}, {@code \xE2}, and any other character after a backslash
 * for itself. Follows llama.cpp's {@code llm_tokenizer_rwkv}; time is linear in the text.
 */
final class RwkvEncoder implements TextEncoder {
    private final ByteTrie pieces;
    private final int unknown;

    /** @param unknown the token for bytes that begin none; −1 to leave them out */
    RwkvEncoder(Vocabulary vocabulary, int unknown) {
        this.unknown = unknown;
        List<byte[]> keys = new ArrayList<>();
        int[] ids = new int[vocabulary.size()];
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.isText(id)) {
                ids[keys.size()] = id;
                keys.add(unescape(vocabulary.piece(id)));
            }
        }
        pieces = new ByteTrie(keys, ids);
    }

    @Override
    public void encode(String text, boolean afterSpecial, IdList ids) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at < utf8.length; ) {
            int found = -1;
            int end = at + 1;
            int node = ByteTrie.ROOT;
            for (int to = at; to < utf8.length; ) {
                node = pieces.child(node, utf8[to++]);
                if (node < 0) {
                    break;
                }
                if (pieces.value(node) >= 0) {
                    found = pieces.value(node);
                    end = to;
                }
            }
            if (found >= 0 || unknown >= 0) {
                ids.add(found >= 0 ? found : unknown);
            }
            at = end;
        }
    }

    @Override
    public byte[] bytes(String piece) {
        return unescape(piece);
    }

    @Override
    public boolean addsSpacePrefix() {
        return false;
    }

    private static byte[] unescape(String piece) {
        byte[] written = piece.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(written.length);
        for (int at = 0; at < written.length; at++) {
            if (written[at] != '\\') {
                bytes.write(written[at]);
            } else if (++at < written.length) {
                switch (written[at]) {
                    case 'n' -> bytes.write('\n');
                    case 't' -> bytes.write('\t');
                    case 'r' -> bytes.write('\r');
                    case 'x' -> {
                        bytes.write(hexByte(piece, written, at));
                        at += 2;
                    }
                    default -> bytes.write(written[at]);
                }
            }
        }
        return bytes.toByteArray();
    }

    private static int hexByte(String piece, byte[] written, int x) {
        int high = x + 2 < written.length ? Character.digit(written[x + 1], 16) : -1;
        int low = x + 2 < written.length ? Character.digit(written[x + 2], 16) : -1;
        if (high < 0 || low < 0) {
            throw BrokenVocabulary.because(
                    "token " + BrokenVocabulary.quote(piece) + " has \\x without two hexadecimal digits after it");
        }
        return high << 4 | low;
    }
}
