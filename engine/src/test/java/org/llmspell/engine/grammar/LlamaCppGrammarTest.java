package org.llmspell.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.engine.tokenizer.Tokenizers;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.gguf.GgufFile;
import org.llmspell.testing.LlamaCpp;

/**
 * Grammars allow the tokens that llama.cpp allows, place by place. Left out are tokens of less than a character, about which
 * llama.cpp is not exact (it lets overlong forms in, and keeps the beginnings of characters out of negated classes that name one
 * like them), and control tokens, which it takes for their names.
 */
@Timeout(120)
class LlamaCppGrammarTest {
    private static final int VOCABULARY = 3000;

    @TempDir
    private static Path folder;

    private static LlamaCpp llamaCpp;
    private static Path model;
    private static Tokenizer tokenizer;
    private static TokenTrie trie;

    @BeforeAll
    static void start() throws Exception {
        llamaCpp = LlamaCpp.start();
        model = folder.resolve("vocabulary.gguf");
        writeModel();
        try (GgufFile file = GgufFile.open(model)) {
            tokenizer = Tokenizers.from(file.metadata());
        }
        trie = TokenTrie.of(tokenizer);
    }

    private static void writeModel() throws IOException {
        SyntheticModel.tiny()
                .withVocabulary(SyntheticVocabulary.sentencePiece(VOCABULARY))
                .write(model);
    }

    @AfterAll
    static void stop() {
        if (llamaCpp != null) {
            llamaCpp.close();
        }
    }

    private static boolean isCompared(int id) {
        byte[] bytes = tokenizer.bytes(id);
        return tokenizer.specialTokens().endOfGeneration().contains(id)
                || (bytes.length > 0 && !(bytes.length == 1 && bytes[0] <= 0) && !tokenizer.isControl(id));
    }

    /** Walks at random through both; how many places were compared, −1 if llama.cpp refuses the grammar. */
    private static int compare(String source, Random random, int steps) {
        BoundGrammar bound = BoundGrammar.of(Grammar.gbnf(source), tokenizer, trie);
        Constraint constraint = bound.constraint();
        List<int[]> masks = new ArrayList<>();
        int[] tokens = new int[steps];
        int taken = 0;
        while (true) {
            float[] logits = new float[VOCABULARY];
            constraint.mask(logits);
            int[] allowed = java.util.stream.IntStream.range(0, VOCABULARY)
                    .filter(id -> logits[id] == 0 && isCompared(id))
                    .toArray();
            masks.add(allowed);
            int[] text = Arrays.stream(allowed)
                    .filter(id -> tokenizer.bytes(id).length > 0)
                    .toArray();
            if (text.length == 0 || taken == steps) {
                break;
            }
            tokens[taken] = text[random.nextInt(text.length)];
            constraint.accept(tokens[taken++]);
        }
        int[][] theirs = llamaCpp.grammarMasks(model, source, Arrays.copyOf(tokens, taken));
        if (theirs.length == 0) {
            return -1;
        }
        for (int i = 0; i < theirs.length; i++) {
            assertThat(masks.get(i))
                    .as("%s after %s", source, tokenizer.decode(Arrays.copyOf(tokens, i), false))
                    .isEqualTo(Arrays.stream(theirs[i])
                            .filter(LlamaCppGrammarTest::isCompared)
                            .toArray());
        }
        assertThat(theirs.length).isEqualTo(masks.size());
        return theirs.length;
    }

    @Test
    void randomGrammarsAllowTheSameTokens() {
        // Repetitions of repetitions take llama.cpp exponentially long.
        RandomGrammars grammars = new RandomGrammars(11, false);
        Random random = new Random(12);
        int places = 0;
        int compared = 0;
        for (int i = 0; i < 40; i++) {
            String source = grammars.next();
            try {
                Grammar grammar = Grammar.gbnf(source);
                if (!RuleChecks.productive(grammar.rules())
                        .equals(grammar.rules().keySet())) {
                    continue; // llama.cpp lets begin what can never end
                }
            } catch (EngineException e) {
                continue;
            }
            int same = compare(source, random, 4);
            assertThat(same).as("llama.cpp takes %s", source).isPositive();
            places += same;
            compared++;
        }
        assertThat(compared).isGreaterThan(10);
        assertThat(places).isGreaterThan(40);
    }

    @Test
    void grammarsAsPeopleWriteThemAllowTheSameTokens() {
        List<String> grammars = List.of("""
                root ::= object
                value ::= object | array | string | number | ("true" | "false" | "null") ws
                object ::= "{" ws (string ":" ws value ("," ws string ":" ws value)*)? "}" ws
                array ::= "[" ws (value ("," ws value)*)? "]" ws
                string ::= "\\"" ([^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\\"" ws
                number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
                ws ::= | " " | "\\n" [ \\t]{0,20}
                """, """
                root ::= (expr "=" term "\\n")+
                expr ::= term ([-+*/] term)*
                term ::= ident | num | "(" expr ")"
                ident ::= [a-z] [a-z0-9_]*
                num ::= [0-9]+
                """, """
                # a list
                root ::= ("- " item)+
                item ::= [^\\n\\r\\x0b\\x0c\\x85\\u2028\\u2029]+ "\\n"
                """, """
                root ::= "yes" | "no" | "the " [a-z]{2,4} (" and " [^a-m ]+)? "!"
                """);
        Random random = new Random(1);
        for (String grammar : grammars) {
            for (int i = 0; i < 3; i++) {
                assertThat(compare(grammar, random, 16)).isPositive();
            }
        }
    }
}
