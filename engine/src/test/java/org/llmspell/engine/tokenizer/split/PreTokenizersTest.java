package org.llmspell.engine.tokenizer.split;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PreTokenizersTest {
    /**
     * For one name of each rule, how it splits a text in which no two rules agree, as Hugging Face tokenizers 0.23.2 (whose
     * regular expressions are Oniguruma's) splits it by the same expressions.
     */
    private static final Map<String, String> REFERENCE = Map.ofEntries(
            entry(
                    "afmoe",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ ¦中文¦abc¦ ¦かな¦12¦345¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe¦ ¦한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ fooBar¦ a¦'sx¦  ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "tiny_aya",
                    "I'LL¦ it's¦ HTTPServerété¦ 中文abc¦ かな¦12¦345¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ foo¦Bar¦ a's¦x¦  ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "superbpe",
                    "I'LL it's HTTPServerété 中文abc かな¦12¦345¦ ¦½¦x!!\n\n  foo\t \r\n//b... ca\u0301fe 한글 $¦5¦+¦3¦=¦8¦<|`_… #tag。\u00A0 ह\u093F 'sa ¦٣٤¦  \n x  fooBar a'sx  ¦1¦ y \n\n z       w  "),
            entry(
                    "spark2_5",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ ¦中文¦abc¦ ¦かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!¦\n¦\n¦ ¦ foo¦\t \r¦\n¦//¦b¦...¦ ca\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ fooBar¦ a¦'sx¦  ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "chameleon",
                    "I¦'¦LL¦ it¦'¦s¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!¦!¦\n¦\n¦  ¦foo¦\t¦ \r¦\n¦/¦/¦b¦.¦.¦.¦ ca¦\u0301¦fe¦ 한글¦ ¦$¦5¦+¦3¦=¦8¦<¦|¦`¦_¦…¦ ¦#¦tag¦。¦\u00A0¦ ह¦\u093F¦ ¦'¦sa¦ ¦٣¦٤¦  ¦\n¦ x¦  ¦fooBar¦ a¦'¦sx¦  ¦1¦ y¦ ¦\n¦\n¦ z¦    ¦  ¦ w¦  "),
            entry(
                    "gemma4",
                    "I'LL it's HTTPServerété 中文abc かな12345 ½x!!¦\n\n¦  foo\t \r¦\n¦//b... ca\u0301fe 한글 $5+3=8<|`_… #tag。\u00A0 ह\u093F 'sa ٣٤  ¦\n¦ x  fooBar a'sx  1 y ¦\n\n¦ z       w  "),
            entry(
                    "whitespace",
                    "I'LL¦ ¦it's¦ ¦HTTPServerété¦ ¦中文abc¦ ¦かな12345¦ ¦½x!!¦\n\n  ¦foo¦\t \r\n¦//b...¦ ¦ca\u0301fe¦ ¦한글¦ ¦$5+3=8<|`_…¦ ¦#tag。¦\u00A0 ¦ह\u093F¦ ¦'sa¦ ¦٣٤¦  \n ¦x¦  ¦fooBar¦ ¦a'sx¦  ¦1¦ ¦y¦ \n\n ¦z¦       ¦w¦  "),
            entry(
                    "a.x-4.0",
                    "I¦'¦LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦12345¦ ½¦x¦!!¦\n\n ¦ foo¦\t \r¦\n¦//¦b¦...¦ ca¦\u0301¦fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ٣٤¦  \n¦ x¦ ¦ fooBar¦ a¦'s¦x¦ ¦ 1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "bloom",
                    "I'LL¦ it's¦ HTTPServerété¦ 中文abc¦ かな12345¦ ½x¦!!\n\n ¦ foo¦\t \r\n¦//b¦...¦ ca\u0301fe¦ 한글¦ $5+3=8<¦|¦`_¦…¦ #tag¦。\u00A0¦ ह\u093F¦ 'sa¦ ٣٤¦  \n¦ x¦ ¦ fooBar¦ a'sx¦ ¦ 1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "chatglm-bpe",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦123¦45¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca¦\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ fooBar¦ a¦'s¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "codeshell",
                    "I¦'¦LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!¦\n\n ¦ foo¦\t \r¦\n¦//¦b¦...¦ ca¦\u0301¦fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ fooBar¦ a¦'s¦x¦  ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "deepseek-coder",
                    "I¦'¦LL¦ it¦'¦s¦ HTTPServerété¦ ¦中文¦abc¦ ¦かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!¦\n¦\n¦ ¦ foo¦\t ¦\r¦\n¦//¦b¦...¦ ca¦\u0301¦fe¦ ¦한글¦ $¦5¦+¦3¦=¦8¦<|`¦_¦…¦ #¦tag¦。¦\u00A0¦ ¦ह¦\u093F¦ '¦sa¦ ¦٣¦٤¦  ¦\n¦ x¦ ¦ fooBar¦ a¦'¦sx¦  ¦1¦ y¦ ¦\n¦\n¦ z¦      ¦ w¦  "),
            entry(
                    "deepseek-llm",
                    "I¦'¦LL¦ it¦'¦s¦ HTTPServer¦é¦t¦é¦ ¦中文¦abc¦ ¦かな¦12345¦ ¦½¦x¦!!¦\n¦\n¦ ¦ foo¦\t ¦\r¦\n¦//¦b¦...¦ ca¦\u0301¦fe¦ ¦한글¦ $¦5¦+¦3¦=¦8¦<|`_¦…¦ #¦tag¦。¦\u00A0 ¦ह\u093F¦ '¦sa¦ ¦٣٤¦  ¦\n¦ x¦ ¦ fooBar¦ a¦'¦sx¦  ¦1¦ y¦ ¦\n¦\n¦ z¦      ¦ w¦  "),
            entry(
                    "deepseek-r1-qwen",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca¦\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ fooBar¦ a¦'s¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "deepseek-v3",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ ¦中文¦abc¦ ¦かな¦123¦45¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ fooBar¦ a¦'sx¦  ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "default",
                    "I¦'¦LL¦ it¦'¦s¦ HTTPServerété¦ 中文abc¦ かな¦123¦45¦ ¦½¦x¦!!¦\n\n ¦ foo¦\t \r\n¦//¦b¦...¦ ca¦\u0301¦fe¦ 한글¦ ¦$¦5¦+¦3¦=¦8¦<|¦`¦_…¦ ¦#¦tag¦。¦\u00A0¦ ह¦\u093F¦ ¦'¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ fooBar¦ a¦'¦sx¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "exaone-moe",
                    "I¦'LL¦ it¦'s¦ HTTPServerété 中文abc かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!\n¦\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ fooBar a¦'s¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "falcon",
                    "I¦'¦LL¦ it¦'¦s¦ HTTPServerété¦ 中文abc¦ かな¦123¦45¦ ½¦x¦!!¦\n\n ¦ foo¦\t \r\n¦//¦b¦...¦ ca¦\u0301¦fe¦ 한글¦ ¦$¦5¦+¦3¦=¦8¦<|`_…¦ ¦#¦tag¦。¦\u00A0¦ ह¦\u093F¦ ¦'¦sa¦ ٣٤¦  \n¦ x¦ ¦ fooBar¦ a¦'¦sx¦ ¦ 1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "gpt-4o",
                    "I'LL¦ it's¦ HTTPServerété¦ 中文abc¦ かな¦123¦45¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ foo¦Bar¦ a's¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "jais-2",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦123¦45¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca¦\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ fooBar¦ a¦'s¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦    ¦  ¦ w¦  "),
            entry(
                    "kimi-k2",
                    "I'LL¦ it's¦ HTTPServerété¦ ¦中文¦abc¦ かな¦123¦45¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ foo¦Bar¦ a's¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "laguna",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!¦\n\n¦ ¦ foo¦\t \r¦\n¦//¦b¦...¦ ca¦\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ¦٣¦٤¦  ¦\n¦ x¦ ¦ fooBar¦ a¦'s¦x¦ ¦ ¦1¦ y¦ ¦\n\n¦ z¦      ¦ w¦  "),
            entry(
                    "minicpm5",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦123¦45¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca¦\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ¦٣٤¦  \n¦ x¦ ¦ fooBar¦ a¦'s¦x¦  ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "qwen35",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ fooBar¦ a¦'s¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "seed-coder",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!¦\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca¦\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ fooBar¦ a¦'s¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "tekken",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ foo¦Bar¦ a¦'sx¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "ufakzeka",
                    "I¦'LL¦ it¦'s¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca¦\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<|`_…¦ #¦tag¦。¦\u00A0¦ ह¦\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ fooBar¦ a¦'sx¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "viking",
                    "I'LL¦ it's¦ HTTPServerété¦ 中文abc¦ かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!\n\n ¦ foo¦\t \r\n¦//b¦...¦ ca\u0301fe¦ 한글¦ $¦5¦+¦3¦=¦8¦<¦|¦`_¦…¦ #tag¦。\u00A0¦ ह\u093F¦ 'sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ fooBar¦ a'sx¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "),
            entry(
                    "youtu",
                    "I'LL¦ it's¦ HTTPServerété¦ ¦中文¦abc¦ ¦かな¦1¦2¦3¦4¦5¦ ¦½¦x¦!!\n\n¦ ¦ foo¦\t \r\n¦//¦b¦...¦ ca\u0301fe¦ ¦한글¦ $¦5¦+¦3¦=¦8¦<|`_¦…¦ #¦tag¦。¦\u00A0¦ ह\u093F¦ '¦sa¦ ¦٣¦٤¦  \n¦ x¦ ¦ foo¦Bar¦ a's¦x¦ ¦ ¦1¦ y¦ \n\n¦ z¦      ¦ w¦  "));

    private static List<String> split(String name, String text) {
        int[] points = text.codePoints().toArray();
        List<String> pieces = new ArrayList<>();
        PreTokenizers.named(name)
                .orElseThrow()
                .preTokenizer()
                .split(points, points.length, (from, to) -> pieces.add(new String(points, from, to - from)));
        return pieces;
    }

    @TestFactory
    Stream<DynamicTest> splitsAsTheReference() {
        return REFERENCE.entrySet().stream()
                .map(reference -> DynamicTest.dynamicTest(reference.getKey(), () -> {
                    String text = reference.getValue().replace("¦", "");
                    assertThat(String.join("¦", split(reference.getKey(), text)))
                            .isEqualTo(reference.getValue());
                }));
    }

    @Test
    void everyRuleHasAReferenceOfItsOwn() {
        Set<List<String>> covered = new HashSet<>();
        REFERENCE
                .keySet()
                .forEach(name ->
                        covered.add(PreTokenizers.named(name).orElseThrow().regexes()));
        assertThat(PreTokenizers.names())
                .allSatisfy(name -> assertThat(covered)
                        .contains(PreTokenizers.named(name).orElseThrow().regexes()));
        assertThat(new HashSet<>(REFERENCE.values())).hasSameSizeAs(REFERENCE.values());
    }

    @Test
    void knowsWhichNamesTakeWholeWordsAndWhichBeginWithBos() {
        assertThat(PreTokenizers.named("llama-bpe").orElseThrow())
                .matches(rule -> rule.wholeWordFirst() && rule.addBos());
        assertThat(PreTokenizers.named("qwen2").orElseThrow())
                .matches(rule -> !rule.wholeWordFirst() && !rule.addBos());
        assertThat(PreTokenizers.named("frob")).isEmpty();
        assertThat(PreTokenizers.names()).startsWith("a.x-4.0").contains("default", "gpt-2", "deepseek-llm");
    }

    @Test
    void knowsEveryNameOfLlamaCpp() {
        // Those that llama.cpp v0.5.0, src/llama-vocab.cpp, compares tokenizer.ggml.pre with.
        assertThat(PreTokenizers.names())
                .containsExactlyInAnyOrder(
                        "a.x-4.0",
                        "afmoe",
                        "bailingmoe",
                        "bailingmoe2",
                        "bloom",
                        "chameleon",
                        "chatglm-bpe",
                        "codeshell",
                        "cohere2moe",
                        "command-r",
                        "dbrx",
                        "deepseek-coder",
                        "deepseek-llm",
                        "deepseek-r1-qwen",
                        "deepseek-v3",
                        "default",
                        "exaone",
                        "exaone-moe",
                        "exaone4",
                        "f2llmv2",
                        "falcon",
                        "falcon-h1",
                        "falcon3",
                        "gemma4",
                        "gigachat",
                        "glm4",
                        "gpt-2",
                        "gpt-4o",
                        "gpt3-finnish",
                        "granite-docling",
                        "granite-embed-multi-311m",
                        "granite-embed-multi-97m",
                        "grok-2",
                        "hunyuan",
                        "hunyuan-dense",
                        "hy_v4",
                        "jais",
                        "jais-2",
                        "jina-de",
                        "jina-es",
                        "jina-v1-en",
                        "jina-v2-code",
                        "jina-v2-de",
                        "jina-v2-es",
                        "jina-v5-nano",
                        "joyai-llm",
                        "kanana2",
                        "kimi-k2",
                        "kormo",
                        "laguna",
                        "lfm2",
                        "llada-moe",
                        "llama-bpe",
                        "llama-v3",
                        "llama3",
                        "llama4",
                        "megrez",
                        "mellum",
                        "mellum2",
                        "midm-2.0",
                        "minerva-7b",
                        "minicpm5",
                        "minimax-m2",
                        "modern-bert",
                        "mpt",
                        "olmo",
                        "phi-2",
                        "pixtral",
                        "poro-chat",
                        "qwen2",
                        "qwen35",
                        "refact",
                        "roberta-bpe",
                        "sarvam-moe",
                        "seed-coder",
                        "smaug-bpe",
                        "smollm",
                        "solar-open",
                        "spark2_5",
                        "stablelm2",
                        "starcoder",
                        "superbpe",
                        "talkie",
                        "tekken",
                        "tiny_aya",
                        "trillion",
                        "ufakzeka",
                        "viking",
                        "whitespace",
                        "youtu");
    }

    /** As Hugging Face tokenizers 0.23.2 splits it by the same expressions. */
    @Test
    void cutsNumbersFromTheRight() {
        String text = "a1234567 12345abc 1234_ 12½3456 345½78 1234.";
        assertThat(split("tiny_aya", text))
                .containsExactly(
                        "a", "1", "234", "567", " ", "123", "45", "abc", " ", "123", "4", "_", " ", "12½", "3", "456",
                        " ", "345", "½", "78", " ", "1", "234", ".");
        assertThat(split("superbpe", text))
                .containsExactly(
                        "a", "1", "234", "567", " ", "12", "345", "abc ", "1", "234", "_ ", "12½3", "456", " ",
                        "345½78", " ", "1", "234", ".");
        assertThat(split("afmoe", text))
                .containsExactly(
                        "a", "1", "234", "567", " ", "12", "345", "abc", " ", "1", "234", "_", " ", "1", "2½3", "456",
                        " ", "345", "½78", " ", "1", "234", ".");
    }

    @Test
    void keepsTheMarksOfImagesTogether() {
        assertThat(split("chameleon", "bIMGIMGABCZc    d\te<sentinel:12>"))
                .startsWith("b", "IMGIMGABCZ", "c", "    ", "d", "\t", "e");
    }

    @Test
    void lettersFoldAsInUnicode() {
        assertThat(split("qwen2", "x'ſx'K")).containsExactly("x", "'ſ", "x", "'K");
        assertThat(split("gpt-2", "x'S")).containsExactly("x", "'", "S");
    }

    @TestFactory
    Stream<DynamicTest> longRunsOfAnythingAreSplitWithoutGapsInLinearTime() {
        return PreTokenizers.names().stream()
                .map(PreTokenizers::named)
                .map(rule -> rule.orElseThrow().regexes())
                .distinct()
                .map(regexes -> DynamicTest.dynamicTest(
                        String.join(" then ", regexes),
                        () -> assertTimeoutPreemptively(Duration.ofSeconds(60), () -> splitsLongRuns(regexes))));
    }

    private static void splitsLongRuns(List<String> regexes) {
        PreTokenizer preTokenizer = new PreTokenizer(regexes);
        for (String unit : List.of("a", "A", " ", "\n", "1", "'", "\u0301", "中", " 中", "\t1", "aB", "['x", "\u0000")) {
            // What comes last makes every look-ahead of the run before it fail.
            int[] points =
                    (unit.repeat((1 << 18) / unit.length()) + "中").codePoints().toArray();
            int[] end = {0};
            preTokenizer.split(points, points.length, (from, to) -> {
                if (from == end[0] && to > from) {
                    end[0] = to;
                }
            });
            assertThat(end[0]).isEqualTo(points.length);
        }
    }
}
