package org.llmspell.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.EngineException;

@Timeout(60)
class ConstraintTest {
    private static final ListTokenizer WORDS = ListTokenizer.of(
            List.of("a", "ab", "abc", "b", "bc", "ac", "é", "日", "日本", "a日", " ", "\n", "\"", "\",", "aé日"));

    private static BoundGrammar bound(String grammar, ListTokenizer tokenizer) {
        return BoundGrammar.of(Grammar.gbnf(grammar), tokenizer, TokenTrie.of(tokenizer));
    }

    private static Constraint constraint(String grammar) {
        return bound(grammar, WORDS).constraint();
    }

    private static TreeSet<Integer> allowed(Constraint constraint, int vocabulary) {
        float[] logits = new float[vocabulary];
        boolean any = constraint.mask(logits);
        TreeSet<Integer> ids = new TreeSet<>();
        for (int id = 0; id < vocabulary; id++) {
            if (logits[id] == 0) {
                ids.add(id);
            }
        }
        assertThat(any).isEqualTo(!ids.isEmpty());
        return ids;
    }

    private static TreeSet<Integer> allowed(Constraint constraint) {
        return allowed(constraint, WORDS.vocabularySize());
    }

    private static int token(String text) {
        for (int id = 256; id < WORDS.vocabularySize(); id++) {
            if (new String(WORDS.bytes(id), StandardCharsets.UTF_8).equals(text)) {
                return id;
            }
        }
        throw new IllegalArgumentException(text);
    }

    @Test
    void onlyTokensThatGoOnInTheGrammarAreAllowed() {
        Constraint constraint = constraint("root ::= \"ab\" (\"c\" | \"é\")");
        assertThat(allowed(constraint)).containsExactlyInAnyOrder((int) 'a', token("a"), token("ab"), token("abc"));
        constraint.accept(token("ab"));
        assertThat(allowed(constraint)).containsExactlyInAnyOrder((int) 'c', 0xC3, token("é"));
    }

    @Test
    void aCharacterMayComeInSeveralTokens() {
        Constraint constraint = constraint("root ::= [日月] \"a\"");
        assertThat(allowed(constraint)).containsExactlyInAnyOrder(0xE6, token("日"));
        constraint.accept(0xE6);
        assertThat(allowed(constraint)).containsExactly(0x97, 0x9C);
        constraint.accept(0x97);
        assertThat(constraint.mayEnd()).isFalse();
        assertThat(allowed(constraint)).containsExactly(0xA5);
        constraint.accept(0xA5);
        assertThat(allowed(constraint)).containsExactlyInAnyOrder((int) 'a', token("a"));
    }

    @Test
    void theEndIsAllowedWhereTheGrammarMayEnd() {
        Constraint constraint = constraint("root ::= \"a\" \"b\"?");
        assertThat(constraint.allows(WORDS.end())).isFalse();
        constraint.accept(token("a"));
        assertThat(constraint.allows(WORDS.end())).isTrue();
        assertThat(allowed(constraint)).contains(WORDS.end());
        assertThat(constraint.mustEnd()).isFalse();
        constraint.accept(token("b"));
        assertThat(constraint.mustEnd()).isTrue();
        assertThat(allowed(constraint)).containsExactly(WORDS.end());
    }

    @Test
    void controlTokensAreNoTextAndComeOnlyByName() {
        Constraint text = constraint("root ::= .*");
        assertThat(text.allows(WORDS.think())).isFalse();
        assertThat(allowed(text)).doesNotContain(WORDS.think()).contains(token("日本"), 0xE6);

        Constraint thinking = constraint("root ::= <think> !<[97]>* \"b\"");
        assertThat(allowed(thinking)).containsExactly(WORDS.think());
        thinking.accept(WORDS.think());
        assertThat(thinking.allows('a')).as("token 97").isFalse();
        assertThat(thinking.allows(token("a"))).isTrue();
        assertThat(thinking.allows(WORDS.think())).isFalse();
        thinking.accept(token("日"));
        thinking.accept(token("b"));
        assertThat(thinking.mayEnd()).isTrue();
        assertThat(allowed(thinking)).contains(WORDS.end(), token("b"));
    }

    @Test
    void aTokenThatTheVocabularyDoesNotHaveIsRefused() {
        assertThatThrownBy(() -> constraint("root ::= <nothing>"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("\"<nothing>\", which is no single token");
        assertThatThrownBy(() -> constraint("root ::= <[5000]>"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("<[5000]>; the vocabulary runs from 0 to 272");
        assertThatThrownBy(() -> constraint("root ::= \"a\" </s>"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("ends the reply");
    }

    @Test
    void aDeadEndAllowsNothing() {
        ListTokenizer letters = ListTokenizer.ofBytes(List.of(new byte[] {'a'}, new byte[] {'b'}));
        Constraint constraint = bound("root ::= \"ax\"", letters).constraint();
        constraint.accept(0);
        assertThat(allowed(constraint, letters.vocabularySize())).isEmpty();
    }

    @Test
    void theMaskIsWhatEachTokenAloneSays() {
        RandomGrammars random = new RandomGrammars(3);
        Random choice = new Random(5);
        ListTokenizer tokenizer = ListTokenizer.ofBytes(pieces(choice));
        TokenTrie trie = TokenTrie.of(tokenizer);
        int masks = 0;
        for (int i = 0; i < 400; i++) {
            Grammar grammar;
            String source = random.next();
            try {
                grammar = Grammar.gbnf(source);
            } catch (EngineException e) {
                continue;
            }
            BoundGrammar bound = BoundGrammar.of(grammar, tokenizer, trie);
            Texts texts = new Texts(grammar);
            Constraint constraint = bound.constraint();
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            for (int step = 0; step < 6; step++) {
                TreeSet<Integer> expected = new TreeSet<>();
                for (int id = 0; id < tokenizer.vocabularySize(); id++) {
                    byte[] piece = tokenizer.bytes(id);
                    ByteArrayOutputStream longer = new ByteArrayOutputStream();
                    longer.writeBytes(text.toByteArray());
                    longer.writeBytes(piece);
                    boolean fits = id == tokenizer.end()
                            ? texts.after(text.toByteArray()).accepting
                            : piece.length > 0 && texts.begins(longer.toByteArray());
                    if (fits) {
                        expected.add(id);
                    }
                    assertThat(constraint.allows(id))
                            .as("%s after %s: %d", source, text, id)
                            .isEqualTo(fits);
                }
                assertThat(allowed(constraint, tokenizer.vocabularySize()))
                        .as(source)
                        .isEqualTo(expected);
                masks++;
                expected.remove(tokenizer.end());
                if (expected.isEmpty()) {
                    break;
                }
                int next = List.copyOf(expected).get(choice.nextInt(expected.size()));
                constraint.accept(next);
                text.writeBytes(tokenizer.bytes(next));
            }
        }
        assertThat(masks).isGreaterThan(500);
    }

    /** Bytes, characters, parts of characters and mixtures; some twice. */
    private static List<byte[]> pieces(Random random) {
        byte[] alphabet = "abcé日😀aab".getBytes(StandardCharsets.UTF_8);
        List<byte[]> pieces = new ArrayList<>();
        for (byte b : alphabet) {
            pieces.add(new byte[] {b});
        }
        for (int i = 0; i < 250; i++) {
            int from = random.nextInt(alphabet.length);
            int length = 1 + random.nextInt(Math.min(7, alphabet.length - from));
            pieces.add(java.util.Arrays.copyOfRange(alphabet, from, from + length));
        }
        return pieces;
    }
}
