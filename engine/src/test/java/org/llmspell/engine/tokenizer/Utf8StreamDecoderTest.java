package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class Utf8StreamDecoderTest {
    /** Token b is byte b; tokens from 256 are some text. */
    private final Tokenizer tokenizer = Tokenizers.bytePair(
            TinyVocabulary.bytePair()
                    .add(alphabet(new byte[] {(byte) 0x9F, (byte) 0xA6}), 0)
                    .add("<|end|>", TinyVocabulary.CONTROL, 0)
                    .add("é", TinyVocabulary.USER_DEFINED, 0)
                    .build(),
            List.of(),
            "gpt-2",
            TinyVocabulary.NO_SPECIALS);

    private static String alphabet(byte[] bytes) {
        StringBuilder piece = new StringBuilder();
        for (byte value : bytes) {
            piece.append(ByteAlphabet.toChar(value & 0xFF));
        }
        return piece.toString();
    }

    @Test
    void holdsACharacterBackUntilItIsWhole() {
        StreamDecoder stream = tokenizer.streamDecoder();
        assertThat(stream.next('a')).isEqualTo("a");
        assertThat(stream.next(0xF0)).isEmpty();
        assertThat(stream.next(256)).isEmpty();
        assertThat(stream.next(0x99)).isEqualTo("🦙");
        assertThat(stream.finish()).isEmpty();
    }

    @Test
    void showsAnUnfinishedCharacterAsOneReplacementAtTheEnd() {
        StreamDecoder stream = tokenizer.streamDecoder();
        assertThat(stream.next(0xF0) + stream.next(256)).isEmpty();
        assertThat(stream.finish()).isEqualTo("\uFFFD");
        assertThat(stream.finish()).isEmpty();
    }

    @Test
    void doesNotHoldBackWhatCanNoLongerBecomeACharacter() {
        StreamDecoder stream = tokenizer.streamDecoder();
        assertThat(stream.next(0xC0)).as("never valid").isEqualTo("\uFFFD");
        assertThat(stream.next(0xE0)).isEmpty();
        assertThat(stream.next(0x80)).as("overlong").isEqualTo("\uFFFD\uFFFD");
        assertThat(stream.next(0xED)).isEmpty();
        assertThat(stream.next(0xA0)).as("surrogate").isEqualTo("\uFFFD\uFFFD");
        assertThat(stream.next(0xC3)).isEmpty();
        assertThat(stream.next('x')).as("cut short").isEqualTo("\uFFFDx");
    }

    @Test
    void replacesAsUnicodeRecommends() {
        // Table 3-8 of the Unicode Standard 16.0, and the same for a surrogate and an overlong form.
        int[] truncated = {0xE1, 0x80, 0xE2, 0xF0, 0x91, 0x92, 0xF1, 0xBF, 0x41};
        assertThat(tokenizer.decode(truncated, false)).isEqualTo("\uFFFD\uFFFD\uFFFD\uFFFDA");
        assertThat(tokenizer.decode(new int[] {0xED, 0xA0, 0x80, 'x'}, false)).isEqualTo("\uFFFD\uFFFD\uFFFDx");
        assertThat(tokenizer.decode(new int[] {0xF0, 0x80, 0x80, 0xAF}, false)).isEqualTo("\uFFFD\uFFFD\uFFFD\uFFFD");
    }

    @Test
    void controlTokensThatAreToBeShownAddTheirText() {
        StreamDecoder stream = tokenizer.streamDecoder(Set.of(257));
        assertThat(stream.next('a') + stream.next(257) + stream.next('b')).isEqualTo("a" + tokenizer.piece(257) + "b");
        assertThat(tokenizer.isControl(257)).isTrue();
        assertThat(tokenizer.piece(257)).isNotEmpty();
    }

    @Test
    void controlTokensAddNothingAndUserDefinedTokensTheirText() {
        StreamDecoder stream = tokenizer.streamDecoder();
        assertThat(stream.next(257)).isEmpty();
        assertThat(stream.next(258)).isEqualTo("é");
    }

    @Test
    void streamsWhatTheWholeDecodesTo() {
        Random random = new Random(5);
        int[] likely = {0xF0, 0x9F, 0xE2, 0x82, 0xAC, 0xC3, 0xA9, 0xED, 0xF4, 0xE0, 'a'};
        for (int i = 0; i < 5000; i++) {
            int[] ids = new int[random.nextInt(12)];
            for (int k = 0; k < ids.length; k++) {
                ids[k] = random.nextBoolean() ? likely[random.nextInt(likely.length)] : random.nextInt(259);
            }
            StreamDecoder stream = tokenizer.streamDecoder();
            StringBuilder streamed = new StringBuilder();
            for (int id : ids) {
                streamed.append(stream.next(id));
            }
            streamed.append(stream.finish());
            assertThat(streamed).hasToString(tokenizer.decode(ids, false));
        }
    }

    @Test
    void everyCharacterSurvivesByteByByte() {
        StreamDecoder stream = tokenizer.streamDecoder();
        for (int point = 0; point <= Character.MAX_CODE_POINT; point += point < 0x3000 ? 1 : 251) {
            if (point >= 0xD800 && point <= 0xDFFF) {
                continue;
            }
            String character = Character.toString(point);
            StringBuilder streamed = new StringBuilder();
            byte[] bytes = character.getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < bytes.length; i++) {
                String next = stream.next(bytes[i] & 0xFF);
                assertThat(next.isEmpty()).isEqualTo(i < bytes.length - 1);
                streamed.append(next);
            }
            assertThat(streamed).hasToString(character);
        }
    }
}
