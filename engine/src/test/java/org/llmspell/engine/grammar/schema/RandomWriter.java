package org.llmspell.engine.grammar.schema;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.grammar.BoundGrammar;
import org.llmspell.engine.grammar.Constraint;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.grammar.ListTokenizer;
import org.llmspell.engine.grammar.TokenTrie;
import org.llmspell.engine.sampling.Sampler;

/** A model that knows nothing: random logits, and what a grammar makes of them. After a while it is in a hurry to close. */
final class RandomWriter {
    private static final int HURRY = 80;
    private static final int LONGEST = 20_000;
    private static final ListTokenizer TOKENIZER = ListTokenizer.of(List.of(
            "{\"", "\":", "\",", "\"}", "},", "],", "[{", "{}", "[]", "\\\"", "\\u", "\\n", ": ", ", ", ",\"", "true",
            "false", "null", "the", "name", " of", "é", "日本", "😀", "12", "0.5", "-1", "e+", "2024-", "\n  ", "\n\t",
            "ab", "\": \"", "\": [", "\": {"));
    private static final TokenTrie TRIE = TokenTrie.of(TOKENIZER);

    private final Random random;

    RandomWriter(long seed) {
        random = new Random(seed);
    }

    /** A text of {@code grammar}; null if it did not end. */
    String write(Grammar grammar) {
        Constraint constraint = BoundGrammar.of(grammar, TOKENIZER, TRIE).constraint();
        boolean cuts = random.nextBoolean();
        Sampler sampler = new Sampler(
                new SamplingOptions(
                        random.nextInt(4) == 0 ? 0 : 1,
                        cuts ? 20 : 0,
                        cuts ? 0.9 : 1,
                        0,
                        1,
                        cuts ? 1.1 : 1,
                        64,
                        0,
                        0,
                        OptionalLong.of(random.nextLong()),
                        List.of(),
                        -1,
                        -1,
                        Map.of()),
                TOKENIZER.vocabularySize());
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        MemorySegment logits = Arena.ofAuto().allocate(4L * TOKENIZER.vocabularySize());
        for (int step = 0; step < LONGEST && !constraint.mustEnd(); step++) {
            boolean hurry = step > HURRY && random.nextBoolean(); // not always: a pattern may have to be found first
            for (int id = 0; id < TOKENIZER.vocabularySize(); id++) {
                byte[] bytes = TOKENIZER.bytes(id);
                double logit = 2 * random.nextGaussian() - (bytes.length == 1 && bytes[0] < 0 ? 3 : 0);
                boolean closing = id == TOKENIZER.end() || (bytes.length == 1 && "\"}]".indexOf(bytes[0]) >= 0);
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, id, (float) (logit + (closing && hurry ? 30 : 0)));
            }
            int id = sampler.sample(logits, 0, constraint).id();
            if (id == TOKENIZER.end()) {
                return text.toString(StandardCharsets.UTF_8);
            }
            constraint.accept(id);
            sampler.accept(id);
            text.writeBytes(TOKENIZER.bytes(id));
        }
        return constraint.mustEnd() ? text.toString(StandardCharsets.UTF_8) : null;
    }
}
