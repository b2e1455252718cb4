package org.llmspell.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tokenizer of one vocabulary: special tokens around and inside a text here, the text itself in a {@link TextEncoder}. */
final class VocabularyTokenizer implements Tokenizer {
    private static final byte[] NOTHING = {};

    private final Vocabulary vocabulary;
    private final SpecialTokens specials;
    private final SpecialTokenMatcher matcher;
    private final TextEncoder encoder;

    VocabularyTokenizer(
            Vocabulary vocabulary, SpecialTokens specials, SpecialTokenMatcher matcher, TextEncoder encoder) {
        this.vocabulary = vocabulary;
        this.specials = specials;
        this.matcher = matcher;
        this.encoder = encoder;
    }

    @Override
    public int vocabularySize() {
        return vocabulary.size();
    }

    @Override
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        return encode(List.of(new Fragment(text, parseSpecial)), addSpecial);
    }

    @Override
    public int[] encode(List<Fragment> fragments, boolean addSpecial) {
        StringBuilder joined = new StringBuilder();
        BitSet parsed = new BitSet();
        for (Fragment fragment : fragments) {
            int from = joined.length();
            joined.append(fragment.text());
            parsed.set(from, joined.length(), fragment.parseSpecial());
        }
        String text = Utf8.wellFormed(joined.toString());
        List<SpecialTokenMatcher.Segment> segments = matcher.split(text, parsed);
        IdList ids = new IdList();
        boolean beginsWithBos = !segments.isEmpty() && segments.getFirst().id() == specials.bos();
        if (addSpecial && specials.addBos() && !beginsWithBos) {
            ids.add(specials.bos());
        }
        boolean afterSpecial = true;
        for (SpecialTokenMatcher.Segment segment : segments) {
            if (segment.isText()) {
                encoder.encode(text.substring(segment.from(), segment.to()), afterSpecial, ids);
            } else {
                ids.add(segment.id());
            }
            afterSpecial = !segment.isText();
        }
        boolean endsWithEos = !segments.isEmpty() && segments.getLast().id() == specials.eos();
        if (addSpecial && specials.addEos() && !endsWithEos) {
            ids.add(specials.eos());
        }
        return ids.toArray();
    }

    @Override
    public String decode(int[] ids, boolean special) {
        ByteArrayOutputStream text = new ByteArrayOutputStream(4 * ids.length);
        boolean prefixed = encoder.addsSpacePrefix();
        for (int id : ids) {
            byte[] bytes = special && !vocabulary.isText(id)
                    ? vocabulary.piece(id).getBytes(StandardCharsets.UTF_8)
                    : bytes(id);
            // The space that encoding put before the text is its first character, after tokens that show nothing.
            int skip = prefixed && bytes.length > 0 && vocabulary.isText(id) && bytes[0] == ' ' ? 1 : 0;
            prefixed &= bytes.length == 0;
            text.write(bytes, skip, bytes.length - skip);
        }
        return Utf8.decode(text.toByteArray(), text.size());
    }

    @Override
    public byte[] bytes(int id) {
        return switch (vocabulary.type(id)) {
            case NORMAL -> encoder.bytes(vocabulary.piece(id));
            case USER_DEFINED -> vocabulary.piece(id).getBytes(StandardCharsets.UTF_8);
            case BYTE -> new byte[] {(byte) Vocabulary.byteOf(vocabulary.piece(id))};
            case UNKNOWN, CONTROL, UNUSED -> NOTHING;
        };
    }

    @Override
    public String piece(int id) {
        return vocabulary.piece(id);
    }

    @Override
    public boolean isControl(int id) {
        return vocabulary.type(id) == TokenType.CONTROL;
    }

    @Override
    public SpecialTokens specialTokens() {
        return specials;
    }

    @Override
    public StreamDecoder streamDecoder(Set<Integer> shown) {
        if (shown.isEmpty()) {
            return new Utf8StreamDecoder(this::bytes);
        }
        Map<Integer, byte[]> pieces = new HashMap<>();
        shown.forEach(id -> pieces.put(id, vocabulary.piece(id).getBytes(StandardCharsets.UTF_8)));
        return new Utf8StreamDecoder(id -> {
            byte[] piece = pieces.get(id);
            return piece == null ? bytes(id) : piece;
        });
    }
}
