package org.llmspell.engine.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.llmspell.engine.tokenizer.Fragment;
import org.llmspell.engine.tokenizer.SpecialTokens;
import org.llmspell.engine.tokenizer.StreamDecoder;
import org.llmspell.engine.tokenizer.Tokenizer;

/** A vocabulary of given bytes, whose last two tokens are the control token {@code <think>} and the end of the text. */
public final class ListTokenizer implements Tokenizer {
    private final List<byte[]> tokens;

    private ListTokenizer(List<byte[]> tokens) {
        this.tokens = tokens;
    }

    /** The 256 bytes, then these texts. */
    public static ListTokenizer of(List<String> texts) {
        List<byte[]> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(new byte[] {(byte) b});
        }
        texts.forEach(text -> tokens.add(text.getBytes(StandardCharsets.UTF_8)));
        return ofBytes(tokens);
    }

    static ListTokenizer ofBytes(List<byte[]> texts) {
        List<byte[]> tokens = new ArrayList<>(texts);
        tokens.add(new byte[0]);
        tokens.add(new byte[0]);
        return new ListTokenizer(tokens);
    }

    int think() {
        return tokens.size() - 2;
    }

    public int end() {
        return tokens.size() - 1;
    }

    @Override
    public int vocabularySize() {
        return tokens.size();
    }

    @Override
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        return text.equals("<think>")
                ? new int[] {think()}
                : text.equals("</s>") ? new int[] {end()} : new int[] {1, 2};
    }

    @Override
    public int[] encode(List<Fragment> fragments, boolean addSpecial) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String decode(int[] ids, boolean special) {
        throw new UnsupportedOperationException();
    }

    @Override
    public byte[] bytes(int id) {
        return tokens.get(id);
    }

    @Override
    public String piece(int id) {
        return id == think() ? "<think>" : "token " + id;
    }

    @Override
    public boolean isControl(int id) {
        return id >= think();
    }

    @Override
    public SpecialTokens specialTokens() {
        return new SpecialTokens(-1, end(), -1, -1, -1, false, false, Set.of(end()));
    }

    @Override
    public StreamDecoder streamDecoder() {
        throw new UnsupportedOperationException();
    }
}
