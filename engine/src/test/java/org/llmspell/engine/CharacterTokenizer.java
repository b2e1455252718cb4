package org.llmspell.engine;

import java.util.List;
import java.util.Set;
import org.llmspell.engine.tokenizer.Fragment;
import org.llmspell.engine.tokenizer.SpecialTokens;
import org.llmspell.engine.tokenizer.StreamDecoder;
import org.llmspell.engine.tokenizer.Tokenizer;

/** A token for each UTF-16 unit: a vocabulary without any special token, for tests that look at prompts as texts. */
final class CharacterTokenizer implements Tokenizer {
    @Override
    public int vocabularySize() {
        return 1 << 16;
    }

    @Override
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        return text.chars().toArray();
    }

    @Override
    public int[] encode(List<Fragment> fragments, boolean addSpecial) {
        StringBuilder text = new StringBuilder();
        fragments.forEach(fragment -> text.append(fragment.text()));
        return text.chars().toArray();
    }

    @Override
    public String decode(int[] ids, boolean special) {
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append((char) id);
        }
        return text.toString();
    }

    @Override
    public byte[] bytes(int id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String piece(int id) {
        return String.valueOf((char) id);
    }

    @Override
    public boolean isControl(int id) {
        return false;
    }

    @Override
    public SpecialTokens specialTokens() {
        return new SpecialTokens(-1, -1, -1, -1, -1, false, false, Set.of());
    }

    @Override
    public StreamDecoder streamDecoder(Set<Integer> shown) {
        throw new UnsupportedOperationException();
    }
}
