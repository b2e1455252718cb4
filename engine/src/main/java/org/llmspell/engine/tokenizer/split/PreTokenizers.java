package org.llmspell.engine.tokenizer.split;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The pre-tokenizers by the names that {@code tokenizer.ggml.pre} gives them: a new one is one more line.
 *
 * <p>The expressions are those of the models' own {@code tokenizer.json}. The names, and which tokenizers take a whole word
 * before merging or begin with BOS unless told otherwise, are llama.cpp's (src/llama-vocab.cpp, August 2026).
 */
public final class PreTokenizers {
    private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String WORD = "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    private static final String SYMBOLS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
    private static final String SYMBOLS_OR_SLASH = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*";
    private static final String SPACES = "|\\s+(?!\\S)|\\s+";
    private static final String LINES_AND_SPACES = "|\\s*[\\r\\n]+" + SPACES;
    private static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+" + SPACES;
    private static final String LLAMA3 = CONTRACTIONS + WORD + "|\\p{N}{1,3}" + SYMBOLS + LINES_AND_SPACES;
    private static final String QWEN2 = CONTRACTIONS + WORD + "|\\p{N}" + SYMBOLS + LINES_AND_SPACES;
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String TEKKEN = cased(UPPER, LOWER, "") + "|\\p{N}" + SYMBOLS_OR_SLASH + LINES_AND_SPACES;
    private static final String GPT4O =
            cased(UPPER, LOWER, CONTRACTIONS + "?") + "|\\p{N}{1,3}" + SYMBOLS_OR_SLASH + LINES_AND_SPACES;
    private static final String KIMI = "[\\p{Han}]+|"
            + cased(withoutHan(UPPER), withoutHan(LOWER), CONTRACTIONS + "?")
            + "|\\p{N}{1,3}" + SYMBOLS + LINES_AND_SPACES;
    private static final String HAN_AND_KANA = "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";
    private static final String HAN_AND_HANGUL = "[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+";
    private static final String LINES = "[^\\n]+|[\\n]+";
    private static final String AFMOE_SCRIPTS =
            "[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF\u3040-\u309F\u30A0-\u30FF\uFF65-\uFF9F\u2F00-\u2FDF"
                    + "\u0E40-\u0E7F\u0E80-\u0EFF\u1780-\u17FF\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF"
                    + "\uAC00-\uD7AF\u1100-\u11FF]+";
    private static final String DEEPSEEK_WORDS =
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+" + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+";
    private static final String DEEPSEEK_V3 = DEEPSEEK_WORDS + "| ?[\\p{P}\\p{S}]+[\\r\\n]*" + LINES_AND_SPACES;
    private static final String YOUTU = "[\uAC00-\uD7A3\u3131-\u318E]+"
            + "|[\uFF01\u2026\u201C\u201D\u2018\u2019\u2014\uFF1A\uFF1B\uFF0C\u3001-\u303F\uFE30-\uFE4F]+"
            + "|[\u3105-\u312F]+|" + HAN_AND_KANA;
    private static final String BLOOM = " ?[^(\\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+";

    /** The cased letters of the scripts that DeepSeek's first tokenizer lists one by one. */
    private static final String DEEPSEEK_LETTERS =
            "A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293"
                    + "\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C"
                    + "\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5"
                    + "\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77"
                    + "\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59"
                    + "\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC"
                    + "\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107"
                    + "\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139"
                    + "\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE"
                    + "\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E"
                    + "\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A"
                    + "\uD801\uDC00-\uD801\uDC4F\uD801\uDCB0-\uD801\uDCD3\uD801\uDCD8-\uD801\uDCFB"
                    + "\uD803\uDC80-\uD803\uDCB2\uD803\uDCC0-\uD803\uDCF2\uD806\uDCA0-\uD806\uDCDF"
                    + "\uD83A\uDD00-\uD83A\uDD43";

    /** The model's own class begins at U+3000, which llama.cpp takes for the white space that it is; so does this. */
    private static final String DEEPSEEK_PUNCTUATION = "[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3001-\u3002]";

    private static final Map<String, Rule> RULES = table();

    private PreTokenizers() {}

    /**
     * What a name stands for.
     *
     * @param regexes the patterns, each splitting what the one before left
     * @param wholeWordFirst whether a piece that is a token as a whole is taken without merging ({@code ignore_merges})
     * @param addBos whether texts begin with BOS when the file does not say
     * @param symbols what merges at first
     */
    public record Rule(List<String> regexes, boolean wholeWordFirst, boolean addBos, Symbols symbols) {
        public Rule {
            regexes = List.copyOf(regexes);
        }

        /** Compiles the patterns. */
        public PreTokenizer preTokenizer() {
            return new PreTokenizer(regexes);
        }
    }

    /** What the symbols of a vocabulary are made of. */
    public enum Symbols {
        /** Bytes, each written as a character that can be seen. */
        BYTES,
        /** Characters. */
        CHARACTERS,
        /** Characters, spaces being written {@code ▁}. */
        ESCAPED,
        /** As {@link #ESCAPED}, but a run of newlines that is a token is taken whole, and texts begin with BOS in any case. */
        GEMMA
    }

    /** The rule called {@code name}, if there is one. */
    public static Optional<Rule> named(String name) {
        return Optional.ofNullable(RULES.get(name));
    }

    /** All names, sorted. */
    public static Collection<String> names() {
        return RULES.keySet();
    }

    private static Map<String, Rule> table() {
        Map<String, Rule> rules = new TreeMap<>();
        Rule gpt2 = rule(GPT2);
        Rule digitsApart = rule("\\p{N}", GPT2);
        Rule qwen2 = rule(QWEN2);
        Rule deepseekV3 = rule("\\p{N}{1,3}", HAN_AND_KANA, DEEPSEEK_V3);
        add(rules, rule("[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"), "default");
        add(rules, gpt2, "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "gigachat");
        add(rules, gpt2, "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en", "jina-v2-code", "roberta-bpe");
        add(rules, gpt2, "a.x-4.0", "mellum", "modern-bert");
        add(
                rules,
                digitsApart,
                "starcoder",
                "refact",
                "command-r",
                "smollm",
                "codeshell",
                "exaone",
                "minerva-7b",
                "mellum2");
        add(rules, llama3(), "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral");
        add(rules, llama3(), "midm-2.0", "lfm2", "jina-v5-nano");
        add(rules, rule(LLAMA3), "dbrx", "smaug-bpe", "glm4", "chatglm-bpe");
        add(
                rules,
                rule(CONTRACTIONS + WORD + "|\\p{N}{1,3}" + SYMBOLS + "|\\s*[\\r\\n]+" + spacesInPowersOfTwo()),
                "jais-2");
        add(
                rules,
                qwen2,
                "qwen2",
                "deepseek-r1-qwen",
                "kormo",
                "f2llmv2",
                "megrez",
                "stablelm2",
                "hunyuan",
                "solar-open");
        add(rules, qwen2, "grok-2", "bailingmoe", "bailingmoe2", "llada-moe");
        add(rules, rule(LINES, QWEN2), "laguna");
        add(
                rules,
                rule(CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
                        + LINES_AND_SPACES),
                "qwen35");
        add(rules, rule(CONTRACTIONS + WORD + "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" + LINES_AND_SPACES), "seed-coder");
        add(rules, rule("[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + SYMBOLS + LINES_AND_SPACES), "ufakzeka");
        add(rules, wholeWord("\\p{N}{1,3}", CONTRACTIONS + WORD + "|\\p{N}+" + SYMBOLS + LINES_AND_SPACES), "minicpm5");
        add(
                rules,
                rule(
                        "[\\r\\n]",
                        "\\s?[" + DEEPSEEK_LETTERS + "]+",
                        "\\s?" + DEEPSEEK_PUNCTUATION + "+",
                        "\\s+$",
                        HAN_AND_HANGUL,
                        "\\p{N}+"),
                "deepseek-llm");
        add(rules, rule("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", HAN_AND_HANGUL, "\\p{N}"), "deepseek-coder");
        add(rules, deepseekV3, "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4");
        add(rules, rule("[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]"), "falcon");
        add(rules, rule(BLOOM), "bloom", "poro-chat", "gpt3-finnish");
        add(rules, rule(BLOOM, "\\p{N}"), "viking");
        add(rules, new Rule(List.of(TEKKEN), true, true, Symbols.BYTES), "tekken");
        add(rules, rule(GPT4O), "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2");
        add(rules, wholeWord(GPT4O), "granite-embed-multi-97m");
        add(
                rules,
                wholeWord(
                        YOUTU,
                        cased(UPPER, LOWER, CONTRACTIONS + "?") + "|\\p{N}" + SYMBOLS_OR_SLASH + LINES_AND_SPACES),
                "youtu");
        add(rules, rule(KIMI), "kimi-k2");
        add(
                rules,
                rule(CONTRACTIONS
                        + "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]"
                        + SPACES),
                "exaone-moe");
        add(rules, rule(DigitGroups.OF_WHOLE_NUMBERS, GPT4O), "tiny_aya", "cohere2moe");
        add(rules, rule("\\p{N}+", DigitGroups.PLACES), "superbpe");
        add(rules, rule(DigitGroups.FROM_THE_RIGHT, AFMOE_SCRIPTS, DEEPSEEK_V3), "afmoe");
        add(
                rules,
                rule("\\p{N}{1,3}", HAN_AND_KANA, DEEPSEEK_WORDS + "| ?[\\p{P}\\p{S}]+|[\\r\\n]" + SPACES, "\\p{N}"),
                "spark2_5");
        add(
                rules,
                new Rule(
                        List.of(
                                "<sentinel:[0-9]+>",
                                "IMGIMG[A-I]{1,4}Z",
                                "[\\t\\n]|    |  ",
                                "\\p{N}",
                                "[\\p{P}!-/:-@\\[-`{-~]",
                                GPT2),
                        false,
                        true,
                        Symbols.BYTES),
                "chameleon");
        add(rules, characters(Symbols.GEMMA, LINES), "gemma4", "granite-embed-multi-311m");
        add(rules, characters(Symbols.ESCAPED, LINES), "sarvam-moe");
        add(rules, characters(Symbols.CHARACTERS, "\\S+"), "whitespace");
        return Collections.unmodifiableMap(rules);
    }

    private static void add(Map<String, Rule> rules, Rule rule, String... names) {
        for (String name : names) {
            rules.put(name, rule);
        }
    }

    private static Rule rule(String... regexes) {
        return new Rule(List.of(regexes), false, false, Symbols.BYTES);
    }

    private static Rule characters(Symbols symbols, String regex) {
        return new Rule(List.of(regex), false, false, symbols);
    }

    private static Rule llama3() {
        return new Rule(List.of(LLAMA3), true, true, Symbols.BYTES);
    }

    private static Rule wholeWord(String... regexes) {
        return new Rule(List.of(regexes), true, false, Symbols.BYTES);
    }

    /** Words that end before a capital letter, with what may follow them. */
    private static String cased(String upper, String lower, String end) {
        String before = "[^\\r\\n\\p{L}\\p{N}]?";
        return before + upper + "*" + lower + "+" + end + "|" + before + upper + "+" + lower + "*" + end;
    }

    private static String withoutHan(String set) {
        return set.substring(0, set.length() - 1) + "&&[^\\p{Han}]]";
    }

    private static String spacesInPowersOfTwo() {
        StringBuilder spaces = new StringBuilder();
        for (int length = 512; length >= 4; length /= 2) {
            spaces.append("|\\s{").append(length).append("}(?!\\S)");
        }
        return spaces.append("|\\s{1,2}(?!\\S)|\\s{1}").toString();
    }
}
