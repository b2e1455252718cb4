package org.llmspell.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.grammar.BoundGrammar;
import org.llmspell.engine.grammar.Constraint;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.grammar.TokenTrie;
import org.llmspell.engine.grammar.schema.JsonSchema;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.fixtures.Preset;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.WeightMix;

/**
 * What a grammar costs: tokens per second of a synthetic model in the shape of TinyLlama 1.1B with a vocabulary of 128,256
 * tokens, without a grammar and with some, in turns within one run; then the time of the mask alone. Random weights are the
 * worst case, since nearly every token first chosen is refused and the whole mask is needed. Not a test; run it by hand from the
 * project's root, with a place for the model (about 750 MB, kept):
 *
 * <pre>
 * mvn -q -Dquick -pl engine -am test-compile
 * java --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
 *     -cp engine/target/test-classes:engine/target/classes:kernels/target/classes:gguf/target/classes:fixtures/target/classes \
 *     org.llmspell.engine.GrammarBench MODEL.gguf [tokens [rounds]]
 * </pre>
 */
final class GrammarBench {
    private GrammarBench() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Path file = Path.of(args[0]);
        int tokens = args.length > 1 ? Integer.parseInt(args[1]) : 64;
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 4;
        if (!Files.exists(file)) {
            SyntheticModel vocabulary = Preset.LLAMA_3_2_1B.model(WeightMix.named("Q4_K_M"));
            Preset.TINYLLAMA_1_1B
                    .model(WeightMix.named("Q4_K_M"))
                    .withVocabulary(vocabulary.vocabulary().orElseThrow())
                    .write(file);
        }
        Map<String, Grammar> grammars = new LinkedHashMap<>();
        grammars.put("any JSON object", JsonSchema.anyObject());
        grammars.put("schema of a list of people", JsonSchema.of(people()));
        grammars.put("lower-case words (GBNF)", Grammar.gbnf("root ::= ([a-z]+ \" \")* [a-z]+ \".\""));
        try (Engine engine = new Engine(new EngineOptions(
                        Runtime.getRuntime().availableProcessors(), Duration.ofSeconds(-1), 1, null));
                ModelLease model = engine.open(file, null)) {
            speed(model, grammars, tokens, rounds);
            grammars.forEach((name, grammar) -> masks(name, grammar, model.tokenizer(), tokens));
        }
    }

    private static Map<String, Object> people() {
        Map<String, Object> person = new LinkedHashMap<>();
        person.put("name", Map.of("type", "string", "maxLength", 40));
        person.put("age", Map.of("type", "integer", "minimum", 0, "maximum", 150));
        person.put("notes", Map.of("type", "array", "items", Map.of("type", "string")));
        return Map.of(
                "type",
                "array",
                "minItems",
                100,
                "items",
                Map.of("type", "object", "properties", person, "required", List.of("name", "age", "notes")));
    }

    private static void speed(ModelLease model, Map<String, Grammar> grammars, int tokens, int rounds)
            throws InterruptedException {
        int[] prompt = model.tokenizer().encode("The people in the house are", true, false);
        decode(model, prompt, tokens, null, 0); // warm up
        Map<String, double[]> speeds = new LinkedHashMap<>();
        speeds.put("without a grammar", new double[rounds]);
        grammars.keySet().forEach(name -> speeds.put(name, new double[rounds]));
        for (int round = 0; round < rounds; round++) {
            for (Map.Entry<String, double[]> entry : speeds.entrySet()) {
                entry.getValue()[round] = decode(model, prompt, tokens, grammars.get(entry.getKey()), round);
            }
        }
        double[] plain = speeds.get("without a grammar");
        speeds.forEach((name, figures) -> System.out.printf(
                Locale.ROOT,
                "%-30s %6.2f tokens/s (best of %d), %5.1f%% of the time without%n",
                name,
                best(figures),
                rounds,
                100 * best(plain) / best(figures)));
    }

    private static double best(double[] figures) {
        return Arrays.stream(figures).max().orElseThrow();
    }

    private static double decode(ModelLease model, int[] prompt, int tokens, @Nullable Grammar grammar, int seed)
            throws InterruptedException {
        Map<Integer, Double> endless = new LinkedHashMap<>();
        model.tokenizer().specialTokens().endOfGeneration().forEach(id -> endless.put(id, -1000.0));
        SamplingOptions options = new SamplingOptions(
                0.7, 40, 0.9, 0, 1, 1.1, 64, 0, 0, OptionalLong.of(seed), List.of(), tokens, -1, endless);
        try (Generation generation = model.generate(prompt, options, null, grammar)) {
            while (generation.next() != null) {
                // to the end
            }
            Generation.Summary summary = generation.summary();
            if (summary.generatedTokens() < tokens) {
                System.out.println("only " + summary.generatedTokens() + " tokens: the text was whole");
            }
            double seconds =
                    summary.totalTime().minus(summary.timeToFirstToken()).toNanos() / 1e9;
            return (summary.generatedTokens() - 1) / seconds;
        }
    }

    /** Random tokens that fit, one after the other: every mask at the first visit of its place, and again. */
    private static void masks(String name, Grammar grammar, Tokenizer tokenizer, int tokens) {
        TokenTrie trie = TokenTrie.of(tokenizer);
        for (String pass : List.of("cold", "warm")) {
            BoundGrammar bound = BoundGrammar.of(grammar, tokenizer, trie);
            double first = walk(bound, tokenizer, tokens, 1);
            double again = walk(bound, tokenizer, tokens, 1);
            System.out.printf(
                    Locale.ROOT,
                    "%-30s mask %8.1f µs per token at new places, %6.1f µs at known ones (%s code)%n",
                    name,
                    first,
                    again,
                    pass);
        }
    }

    private static double walk(BoundGrammar bound, Tokenizer tokenizer, int tokens, long seed) {
        Random random = new Random(seed);
        Constraint constraint = bound.constraint();
        float[] logits = new float[tokenizer.vocabularySize()];
        long time = 0;
        for (int i = 0; i < tokens; i++) {
            Arrays.fill(logits, 0);
            long start = System.nanoTime();
            constraint.mask(logits);
            time += System.nanoTime() - start;
            int id;
            do {
                id = random.nextInt(logits.length);
            } while (logits[id] != 0
                    || tokenizer.specialTokens().endOfGeneration().contains(id));
            start = System.nanoTime();
            constraint.accept(id);
            time += System.nanoTime() - start;
            if (constraint.mustEnd()) {
                constraint = bound.constraint();
            }
        }
        return time / 1e3 / tokens;
    }
}
